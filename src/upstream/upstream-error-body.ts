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

/**
 * Reads the error bodies that providers send: OpenAI's envelope, also with a numeric code (vLLM); `{error:"text"}`
 * (vLLM's 401, Ollama, xAI with a `code` beside it); flat objects (TensorRT-LLM, Cohere); `{detail}` as a text or a
 * list (FastAPI); Anthropic's, with its code in `details`; Problem Details (RFC 9457). Other bodies have no fields.
 */
export function readUpstreamErrorBody(body: Buffer): UpstreamErrorBody {
  const fields = parseObject(body);
  if (fields === undefined) return {};
  const { error } = fields;
  if (typeof error === 'string') {
    return {
      message: nonEmpty(error),
      type: nonEmpty(fields['error_type']),
      code: codeText(fields['code']),
    };
  }
  const inner = asRow(error) ?? fields;
  return {
    message: nonEmpty(inner['message']) ?? detailText(fields['detail']),
    type: inner['type'] === 'error' ? undefined : nonEmpty(inner['type']),
    param: nonEmpty(inner['param']),
    code:
      codeText(asRow(inner['details'])?.['error_code']) ??
      codeText(inner['code']) ??
      codeText(fields['error_code']),
  };
}

function parseObject(body: Buffer): Row | undefined {
  if (body.length > MAX_BYTES) return undefined;
  try {
    return asRow(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The SDKs type `code` as a string, vLLM and Google send a number. */
function codeText(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : nonEmpty(value);
}

/** FastAPI's `detail`: a text, or a list of `{loc, msg}`. */
function detailText(detail: unknown): string | undefined {
  if (!Array.isArray(detail)) return nonEmpty(detail);
  const lines = detail.flatMap((each) => {
    const { loc, msg } = asRow(each) ?? {};
    if (typeof msg !== 'string') return [];
    const place = placeText(loc);
    return [place === '' ? msg : `${place}: ${msg}`];
  });
  return nonEmpty(lines.join('; '));
}

/** Other things than names and numbers are left out: they may have no text, or be nested without end. */
function placeText(loc: unknown): string {
  if (!Array.isArray(loc)) return '';
  return loc.filter((each) => typeof each === 'string' || typeof each === 'number').join('.');
}
