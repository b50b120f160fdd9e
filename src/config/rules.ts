import { Transform } from 'class-transformer';
import { IsOptional, ValidateBy } from 'class-validator';
import { KEY, readKeyFileSync } from './key-file.js';
import { readStaticModels } from './static-models.js';

/** Every rule is phrased to follow the variable's name: "PORT must be …". */
function rule(
  name: string,
  message: string,
  holds: (value: unknown, variables: Readonly<Record<string, unknown>>) => boolean,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value, context) => holds(value, (context?.object ?? {}) as Record<string, unknown>),
      defaultMessage: () => message,
    },
  });
}

function all(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    for (const decorate of decorators) decorate(target, key);
  };
}

function transformText(change: (text: string) => unknown): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? change(value) : value));
}

/** A whole number in decimal digits. */
export function IsWholeNumber(minimum: number, maximum: number): PropertyDecorator {
  return all(
    transformText((text) => (/^\d{1,15}$/.test(text) ? Number(text) : text)),
    rule(
      'isWholeNumber',
      `must be a whole number from ${String(minimum)} to ${String(maximum)}`,
      (value) => typeof value === 'number' && value >= minimum && value <= maximum,
    ),
  );
}

/** A port that another variable of the same class must not name too; 0 names none. */
export function IsOtherPortThan(other: string): PropertyDecorator {
  return rule(
    'isOtherPort',
    `must not be that of ${other}`,
    (value, variables) => typeof value !== 'number' || value === 0 || value !== variables[other],
  );
}

/** `true` or `false`. */
export function IsSwitch(): PropertyDecorator {
  return all(
    transformText((text) => ({ true: true, false: false })[text.toLowerCase()] ?? text),
    rule('isSwitch', 'must be true or false', (value) => typeof value === 'boolean'),
  );
}

/** One of a few words, in any case. */
export function IsOneOf(...choices: string[]): PropertyDecorator {
  return all(
    transformText((text) => text.toLowerCase()),
    rule('isOneOf', `must be one of ${choices.join(', ')}`, (value) => choices.includes(value as string)),
  );
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** An engine's name as other variables spell it: lower case, words joined by `_`. */
export function engineName(text: string): string {
  return text.toLowerCase().replaceAll('-', '_');
}

const MAX_ENGINES = 20;
const ENGINE_NAME = /^[a-z][a-z\d_]{0,49}$/;

/** The engines that a text names, separated by commas, as `engineName` spells them. */
export function engineNames(text: string): string[] {
  return words(text).map(engineName);
}

/** Names of engines, separated by commas; the value is an array of them as `engineName` spells them. */
export function IsEngineNames(): PropertyDecorator {
  return all(
    transformText(engineNames),
    rule(
      'isEngineNames',
      `must be at most ${String(MAX_ENGINES)} names of letters, digits, - and _, each once, separated by commas`,
      (value) =>
        Array.isArray(value) &&
        value.length <= MAX_ENGINES &&
        new Set(value).size === value.length &&
        value.every((each: string) => ENGINE_NAME.test(each)),
    ),
  );
}

/** The name of an engine that another variable of the same class lists. */
export function IsEngineOf(list: string): PropertyDecorator {
  return all(
    IsOptional(),
    transformText(engineName),
    rule('isEngineOf', `must be one of ${list}`, (value, variables) =>
      (variables[list] as unknown[]).includes(value),
    ),
  );
}

/** What concerns the one engine that is asked: with several nobody could tell whom it is meant for. */
export function IsForOneEngine(list: string, instead: string): PropertyDecorator {
  return rule(
    'isForOneEngine',
    `must not be set with several ${list}, which have ${instead} each`,
    (value, variables) => value === undefined || (variables[list] as unknown[]).length < 2,
  );
}

/** The words of a text; the text itself when it has none: a filter that lets all through is not meant. */
function wordsIfAny(text: string): string[] | string {
  const found = words(text);
  return found.length > 0 ? found : text;
}

/** Words separated by commas; the value becomes an array without empty words. */
export function IsCommaSeparated(): PropertyDecorator {
  return all(
    transformText(words),
    rule('isCommaSeparated', 'must be words separated by commas', Array.isArray),
  );
}

const MAX_GLOBS = 200;
const MAX_GLOB_LENGTH = 200;

/** Patterns of ids, separated by commas; the value is an array of them. */
export function IsGlobs(): PropertyDecorator {
  return all(
    transformText(wordsIfAny),
    rule(
      'isGlobs',
      `must be at most ${String(MAX_GLOBS)} patterns of at most ${String(MAX_GLOB_LENGTH)} characters, separated by commas`,
      (value) =>
        Array.isArray(value) &&
        value.length <= MAX_GLOBS &&
        value.every((each: string) => each.length <= MAX_GLOB_LENGTH),
    ),
  );
}

/** Words of a vocabulary, in any case, separated by commas; the value is an array of them. */
export function IsWordsOf(vocabulary: readonly string[]): PropertyDecorator {
  return all(
    transformText((text) => wordsIfAny(text.toLowerCase())),
    rule(
      'isWordsOf',
      `must be words of ${vocabulary.join(', ')}, separated by commas`,
      (value) => Array.isArray(value) && value.every((each: string) => vocabulary.includes(each)),
    ),
  );
}

/** The path of a file with models; which of it and a list in the other variable is meant nobody could tell. */
export function IsStaticModelsFile(other: string): PropertyDecorator {
  return all(
    IsOptional(),
    rule(
      'isStaticModelsFile',
      'must be the path of a readable JSON file of at most 10 MiB with a list of ids, or of objects with an id and, ' +
        'where known, created, owned_by, display_name, context_length, max_output_tokens, capabilities, lifecycle ' +
        'and deprecates_at',
      (value) => typeof value === 'string' && readStaticModels(value) !== undefined,
    ),
    rule('isInsteadOfList', `must not be set together with ${other}`, (_value, variables) => {
      const list = variables[other];
      return !Array.isArray(list) || list.length === 0;
    }),
  );
}

/** `*`, or origins separated by commas; the value is an array of them as browsers write them. */
export function IsOrigins(): PropertyDecorator {
  return all(
    transformText((text) => words(text).map((word) => originOf(word) ?? word)),
    rule(
      'isOrigins',
      'must be * or http:// or https:// origins without a path, separated by commas',
      (value) =>
        Array.isArray(value) && value.every((each: string) => each === '*' || originOf(each) !== undefined),
    ),
  );
}

/** The origin of a URL that is nothing more; undefined for any other text. */
function originOf(text: string): string | undefined {
  if (!/^https?:\/\/[^*]+$/i.test(text) || !URL.canParse(text)) return undefined;
  const { href, origin } = new URL(text);
  return href === `${origin}/` ? origin : undefined;
}

/** Text that matches a pattern; `description` completes the sentence "must be …". */
export function IsText(pattern: RegExp, description: string): PropertyDecorator {
  return all(
    IsOptional(),
    rule('isText', `must be ${description}`, (value) => typeof value === 'string' && pattern.test(value)),
  );
}

const A_KEY = 'one line of visible ASCII characters without spaces';
/** What a variable has to be that names a file with a secret. */
export const KEY_FILE_RULE = `must be the path of a readable file that holds ${A_KEY}`;

/**
 * A secret that can stand in an HTTP header, in the variable itself or in the file that its `_FILE` variant names.
 * This declares that variant too.
 */
export function IsSecret(): PropertyDecorator {
  return (target, key) => {
    const name = String(key);
    IsText(KEY, A_KEY)(target, key);
    all(
      IsOptional(),
      rule(
        'isKeyFile',
        KEY_FILE_RULE,
        (value) => typeof value === 'string' && readKeyFileSync(value) !== undefined,
      ),
      // Which of the two is out of date nobody could tell.
      rule('isInsteadOfKey', `must not be set together with ${name}`, (_value, variables) => {
        return variables[name] === undefined;
      }),
    )(target, `${name}_FILE`);
  };
}

/** Names that HTTP itself needs, and those in which credentials go upstream. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'api-key',
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
  'x-api-key',
  'x-goog-api-key',
]);
/** A token, a colon, and visible text with spaces and tabs only inside of it (RFC 9110, section 5.5). */
const HEADER_LINE = /^([!#$%&'*+.^\w`|~-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)[ \t]*$/;

/** Headers for requests to the provider; the value is an object, names in lower case. Their values are secrets. */
export function IsHeaders(): PropertyDecorator {
  return all(
    IsOptional(),
    transformText((text) => headersOf(text) ?? text),
    rule(
      'isHeaders',
      'must be lines "Name: value", or a JSON object or array of them, each name once and none that the gateway sets itself',
      (value) => typeof value === 'object',
    ),
  );
}

/** The headers of a text; undefined when any of them is malformed, reserved or there twice. */
function headersOf(text: string): Record<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of headerLines(text)) {
    const [, name = '', value = ''] = HEADER_LINE.exec(line) ?? [];
    const key = name.toLowerCase();
    if (key === '' || RESERVED_HEADERS.has(key) || headers.has(key)) return undefined;
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

/** An absolute http or https URL without credentials in it: those have variables of their own. */
export function IsBaseUrl(): PropertyDecorator {
  return all(
    IsOptional(),
    rule('isBaseUrl', 'must be an http:// or https:// URL without a user name or password in it', (value) => {
      if (typeof value !== 'string' || !/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
      const { username, password } = new URL(value);
      return username === '' && password === '';
    }),
  );
}

/** A redis or rediss URL; a user name and a password in it are the usual way to give them. */
export function IsRedisUrl(): PropertyDecorator {
  return all(
    IsOptional(),
    rule(
      'isRedisUrl',
      'must be a redis:// or rediss:// URL, with valid percent escapes and no path but the number of a database',
      (value) => {
        if (typeof value !== 'string' || !/^rediss?:\/\/./i.test(value) || !URL.canParse(value)) return false;
        const { username, password, pathname } = new URL(value);
        return /^\/?\d{0,9}$/.test(pathname) && [username, password].every(canDecode);
      },
    ),
  );
}

/** The client decodes what it finds in a URL, and fails on what it cannot decode. */
function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
