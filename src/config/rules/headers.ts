import { IsOptional } from 'class-validator';
import { keyHeaders } from '../engines.js';
import { combine, defineRule, transformText } from './define-rule.js';
import { isQuoted } from './mistakes.js';
import { OrInFile } from './secrets.js';
import type { SecretForm } from './secrets.js';

/** Names that HTTP itself needs; the headers that carry keys are reserved besides. */
const HTTP_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** A token, a colon, and visible text with spaces and tabs only inside of it (RFC 9110, section 5.5). */
const HEADER_LINE = /^([!#$%&'*+.^\w`|~-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)[ \t]*$/;

/** Names in lower case, and what they say. */
export type Headers = Readonly<Record<string, string>>;

/** Headers for requests to the provider. */
export const HEADERS_FORM: SecretForm<Headers> = {
  description:
    'lines "Name: value", or a JSON object or array of them, each name once and none that the gateway sets itself',
  parse: headersOf,
};

/** The rule that marks the variables of headers. */
export const HEADERS_RULE = 'isHeaders';

/** Headers for requests to the provider, in the variable itself or in the file that its `_FILE` variant names. */
export function IsHeaders(): PropertyDecorator {
  return combine(
    IsOptional(),
    transformText((text) => headersOf(text) ?? text),
    defineRule(HEADERS_RULE, `must be ${HEADERS_FORM.description}`, (value) => typeof value === 'object'),
    OrInFile(HEADERS_FORM),
  );
}

/** The headers of a text; undefined when any of them is malformed, reserved or there twice. */
function headersOf(text: string): Headers | undefined {
  // A name may begin with an apostrophe.
  if (isQuoted(text)) return undefined;
  const headers = new Map<string, string>();
  const reserved = keyHeaders();
  for (const line of headerLines(text)) {
    const [, name = '', value = ''] = HEADER_LINE.exec(line) ?? [];
    const key = name.toLowerCase();
    if (key === '' || HTTP_HEADERS.has(key) || reserved.has(key) || headers.has(key)) return undefined;
    headers.set(key, value);
  }
  return Object.fromEntries(headers);
}

function headerLines(text: string): string[] {
  if (!/^[[{]/.test(text)) return text.split(/\r?\n/).filter((line) => line.trim() !== '');
  try {
    const json = JSON.parse(text) as object;
    return Array.isArray(json)
      ? json.map(String)
      : Object.entries(json).map(([name, value]) => `${name}: ${typeof value === 'string' ? value : ''}`);
  } catch {
    return [text];
  }
}
