import { errors } from 'undici';
import { UpstreamError } from './upstream.error.js';
import type { UpstreamErrorDetails, UpstreamFailure } from './upstream.error.js';

/** undici's error codes for answers that are malformed or too large. */
const INVALID_CODES: ReadonlyMap<string, string> = new Map([
  ['UND_ERR_HEADERS_OVERFLOW', 'The response headers of the provider are too large.'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'The response of the provider is larger than the limit.'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'The response of the provider does not match its Content-Length.'],
]);

/**
 * Converts an error of undici or Node.js into an `UpstreamError`.
 * Only the error's code reaches the message: the library's texts can contain header values.
 */
export function connectionFailure(error: unknown, details: UpstreamErrorDetails): UpstreamError {
  const code = codeOf(error);
  const [failure, message] = classify(code, error);
  return new UpstreamError(failure, message, { ...details, errorCode: code });
}

function classify(code: string, error: unknown): [UpstreamFailure, string] {
  const invalid = INVALID_CODES.get(code);
  if (invalid !== undefined) return ['invalid', invalid];
  if (error instanceof errors.HTTPParserError) {
    return ['invalid', 'The provider sent a response that is not HTTP.'];
  }
  // undici reports a stray 100 Continue or 101 Switching Protocols with these words, or by a failed assertion.
  const isNotFinal = error instanceof Error && /^bad (response|upgrade)$/.test(error.message);
  if (isNotFinal || code === 'ERR_ASSERTION') {
    return ['failed', 'The provider answered with an interim status (1xx) only.'];
  }
  return ['unreachable', `The provider cannot be reached (${code}).`];
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : 'unknown';
}
