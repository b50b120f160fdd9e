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

/** An error body; the type follows from the status unless one is given. */
export function openAiError(
  status: number,
  message: string,
  { type = typeOf(status), param = null, code = null }: Partial<Omit<OpenAiError, 'message'>> = {},
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
