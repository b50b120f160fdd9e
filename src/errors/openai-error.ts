/**
 * The body of an error of this service in OpenAI's form, which OpenAI's SDKs turn into their typed exceptions.
 * @see https://platform.openai.com/docs/guides/error-codes
 */
export interface OpenAiErrorBody {
  readonly error: OpenAiError;
}

/** The code of an error of this service that has too much to do. */
export const OVERLOADED = 'overloaded';
/** The message for clients that take this service for the provider. */
export const NO_SUCH_ROUTE =
  'There is no such route: this service only lists models, at GET /v1/models. Chats go to the provider.';

/** All four fields are always present. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** The fields of an error besides its message. Without a `type` the status decides it; the others default to null. */
type OpenAiErrorFields = {
  readonly [K in Exclude<keyof OpenAiError, 'message'>]?: OpenAiError[K] | undefined;
};

/** Builds an error body. */
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
