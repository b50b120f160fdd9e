import { asRow } from '../catalogue/row.js';
import type { Row } from '../catalogue/row.js';

/** The fields of a provider's error body; undefined where the body has none. */
export interface UpstreamErrorBody {
  readonly message?: string | undefined;
  readonly type?: string | undefined;
  readonly param?: string | undefined;
  readonly code?: string | undefined;
}

/** No provider writes an error of this size, and parsing it would hold up all callers. */
const MAX_BYTES = 65_536;
/** Errors lie in errors: `{detail:{error:{message}}}` is the deepest known one. */
const MAX_DEPTH = 4;
/** Fields that say what is wrong, as opposed to a bare word in `error`. */
const MESSAGE_FIELDS = [
  'message',
  'Message', // AWS
  'msg', // KoboldCpp
  'error_msg', // Baidu
  'error_message',
  'error_description', // OAuth
  'detail', // FastAPI, RFC 9457
  'errors', // Cloudflare, JSON:API
] as const;
/** What a page has and a sentence has not. `<model>` may stand in a sentence. */
const MARKUP = /<(!|\?|\/[a-z]|(html|head|body|h[1-6]|p|br|hr|center|title)\b)/i;
/** Plain text begins with none of these: they begin JSON and XML. */
const STRUCTURED = /^[[{<]/;
/** The type of a Problem Details is a URI. */
const PROBLEM_TYPE = /^(about:|https?:\/\/)/i;
/** Bytes that are no text. */
const BINARY = /\ufffd|(?!\s)\p{Cc}/u;

/**
 * Reads the error bodies that providers send: OpenAI's envelope, also with a numeric code (vLLM); `{error:"text"}`
 * (vLLM's 401, Ollama, xAI with a `code` beside it); flat objects (TensorRT-LLM, Cohere, Baidu); `{detail}` as a text, a
 * list (FastAPI) or an object (FastChat, KoboldCpp); `{errors:[…]}` (Cloudflare, watsonx); Google's, in a list of one;
 * Anthropic's, with its code in `details`; Problem Details (RFC 9457); plain text. Other bodies, and HTML, have no
 * fields. No body makes it throw.
 */
export function readUpstreamErrorBody(body: Buffer): UpstreamErrorBody {
  if (body.length > MAX_BYTES) return {};
  const text = body
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { message: plainText(text) };
  }
  if (typeof value === 'string') return { message: plainText(value) };
  const row = Array.isArray(value) ? asRow(asRow(value[0])?.['error']) : asRow(value);
  return row === undefined ? {} : fieldsOf(row);
}

/** The fields of an object; those of an error inside it win. */
function fieldsOf(row: Row, depth = 0): UpstreamErrorBody {
  if (depth > MAX_DEPTH) return {};
  const { error, detail, errors } = row;
  const inner = asRow(error) ?? asRow(detail) ?? (Array.isArray(errors) ? asRow(errors[0]) : undefined);
  const below = inner && fieldsOf(inner, depth + 1);
  return {
    message:
      (asRow(error) && below?.message) ?? ownMessage(row, depth) ?? sentence(error) ?? sentence(row['title']),
    type: below?.type ?? typeText(row['type']) ?? nonEmpty(row['error_type']),
    param: below?.param ?? nonEmpty(row['param']),
    code:
      below?.code ??
      codeText(asRow(row['details'])?.['error_code']) ??
      codeText(row['code']) ??
      codeText(row['error_code']),
  };
}

function ownMessage(row: Row, depth: number): string | undefined {
  for (const field of MESSAGE_FIELDS) {
    const value = row[field];
    const message = Array.isArray(value)
      ? listText(value, depth)
      : (sentence(value) ?? messageOf(asRow(value), depth));
    if (message !== undefined) return message;
  }
  return undefined;
}

function messageOf(row: Row | undefined, depth: number): string | undefined {
  return row && fieldsOf(row, depth + 1).message;
}

/** What a list of errors says: FastAPI's `{loc, msg}`, errors of other forms, or else the texts in it. */
function listText(list: readonly unknown[], depth: number): string | undefined {
  const lines = list.flatMap((each) => {
    const row = asRow(each);
    const message = messageOf(row, depth);
    if (message === undefined) return [];
    const place = placeText(row?.['loc']);
    return [place === '' ? message : `${place}: ${message}`];
  });
  const texts = lines.length > 0 ? lines : list.map(sentence).filter((each) => each !== undefined);
  return nonEmpty(texts.join('; '));
}

/** Other things than names and numbers are left out: they may have no text, or be nested without end. */
function placeText(loc: unknown): string {
  if (!Array.isArray(loc)) return '';
  return loc.filter((each) => typeof each === 'string' || typeof each === 'number').join('.');
}

/** A text for people. */
function sentence(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' && !MARKUP.test(value) ? value : undefined;
}

function plainText(text: string): string | undefined {
  return STRUCTURED.test(text) || BINARY.test(text) ? undefined : sentence(text);
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A URI, and `error`, which Anthropic's envelope has, say nothing. */
function typeText(value: unknown): string | undefined {
  const text = nonEmpty(value);
  return text === undefined || text === 'error' || PROBLEM_TYPE.test(text) ? undefined : text;
}

/** The SDKs type `code` as a string, vLLM and Google send a number. */
function codeText(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : nonEmpty(value);
}
