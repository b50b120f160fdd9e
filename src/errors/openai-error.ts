/**
 * The body of every error of this service, in the form that OpenAI's SDKs turn into their typed exceptions.
 * @see https://platform.openai.com/docs/guides/error-codes
 */
export interface OpenAiErrorBody {
  readonly error: OpenAiError;
}

/** All four are always present. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** The fields of an error besides its message; what is undefined follows from the status. */
export type OpenAiErrorFields = {
  readonly [K in Exclude<keyof OpenAiError, 'message'>]?: OpenAiError[K] | undefined;
};

/** An error body; the type follows from the status unless one is given. */
export function openAiError(
  status: number,
  message: string,
  { type = typeOf(status), param = null, code = null }: OpenAiErrorFields = {},
): OpenAiErrorBody {
  return { error: { message, type, param, code } };
}

function typeOf(status: number): string {
  if (status >= 500) return 'server_error';
  return (
    { 401: 'authentication_error', 403: 'permission_error', 429: 'rate_limit_error' }[status] ??
    'invalid_request_error'
  );
}
