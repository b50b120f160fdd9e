import type { IncomingHttpHeaders } from 'node:http';
import { OVERLOADED } from './openai-error.js';
import type { OpenAiErrorBody } from './openai-error.js';

/** An error in Anthropic's form. @see https://platform.claude.com/docs/en/api/errors */
interface AnthropicErrorBody {
  readonly type: 'error';
  readonly error: {
    readonly type: string;
    readonly message: string;
    /** Absent for an error without a code. */
    readonly details?: { readonly error_code: string };
  };
  readonly request_id: string;
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [409, 'conflict_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
]);

/** Whether a caller expects Anthropic's dialect: only Anthropic's clients send `anthropic-version`. */
export function speaksAnthropic({ 'anthropic-version': version }: IncomingHttpHeaders): boolean {
  return version !== undefined && version !== '';
}

/** The same error in Anthropic's form. */
export function anthropicError(
  status: number,
  { error: { message, code } }: OpenAiErrorBody,
  requestId: string,
): AnthropicErrorBody {
  const type = code === OVERLOADED ? 'overloaded_error' : typeOf(status);
  return {
    type: 'error',
    error: { type, message, ...(code !== null && { details: { error_code: code } }) },
    request_id: requestId,
  };
}

function typeOf(status: number): string {
  return TYPES.get(status) ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}
