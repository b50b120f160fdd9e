import type { Credential } from '../credentials/credential.js';
import { OVERLOADED } from '../errors/openai-error.js';
import { readUpstreamErrorBody } from './upstream-error-body.js';
import { headerList } from './upstream-headers.js';
import type { UpstreamHeaders } from './upstream-headers.js';

/**
 * What went wrong between this service and the provider:
 * - `unreachable`: refused, reset, DNS, TLS
 * - `timeout`: no complete answer within the deadline
 * - `failed`: an answer that is neither a 200 nor a 4xx
 * - `invalid`: a 200 that is no model list, or too large
 * - `rejected`: a 4xx
 * - `not_configured`: a required setting is missing, no request was sent
 * - `cancelled`: the caller hung up
 * - `overloaded`: too many requests wait for the provider already, none was sent
 */
export type UpstreamFailure =
  | 'unreachable'
  | 'timeout'
  | 'failed'
  | 'invalid'
  | 'rejected'
  | 'not_configured'
  | 'cancelled'
  | 'overloaded';

/** The `code` of each failure but a 4xx. */
const CODES: Readonly<Record<Exclude<UpstreamFailure, 'rejected'>, string>> = {
  unreachable: 'upstream_unreachable',
  timeout: 'upstream_timeout',
  failed: 'upstream_error',
  invalid: 'upstream_invalid_response',
  not_configured: 'provider_not_configured',
  cancelled: 'cancelled',
  overloaded: OVERLOADED,
};

/**
 * The codes of an instance of this service that is the provider of another one. The outer one passes them on, so that
 * its callers learn what is wrong.
 */
const INNER_CODES: ReadonlySet<string | undefined> = new Set([
  CODES.unreachable,
  CODES.timeout,
  CODES.failed,
  CODES.invalid,
  CODES.not_configured,
  CODES.overloaded,
]);

/** Details of a failed request to the provider. */
export interface UpstreamErrorDetails {
  readonly status?: number;
  readonly headers?: UpstreamHeaders;
  readonly body?: Buffer;
  /** The code of a 5xx that another instance of this service gave. */
  readonly innerCode?: string | undefined;
  /** Node.js' or undici's code of a connection that failed. */
  readonly errorCode?: string;
  /** The credential that was sent, to be redacted in relayed text. */
  readonly credential?: Credential | undefined;
  /** Secrets in the operator's headers and base URL, to be redacted as well. */
  readonly otherSecrets?: readonly Credential[];
  /** What the operator should check, unless it is the provider's address. */
  readonly advice?: string;
  /** Whether a request of the same call was sent again before this failure. */
  readonly retried?: boolean;
  /** The failures of several providers that together are this one. */
  readonly causes?: readonly UpstreamError[];
}

/** The error of every request to a provider. This service writes its message, which callers may see. */
export class UpstreamError extends Error {
  // Private, so that a logger or serialiser that reads an error's properties finds no credential.
  readonly #details: UpstreamErrorDetails;

  constructor(
    readonly failure: UpstreamFailure,
    message: string,
    details: UpstreamErrorDetails = {},
  ) {
    super(message);
    this.name = 'UpstreamError';
    this.#details = details;
  }

  /** Whether a client's own retry would only multiply the load or the wait. */
  get isRetryFutile(): boolean {
    const { retried = false, causes = [], headers = {} } = this.#details;
    return (
      retried ||
      this.failure === 'timeout' ||
      (this.failure === 'failed' && headerList(headers, 'x-should-retry').toLowerCase() === 'false') ||
      causes.some(({ isRetryFutile }) => isRetryFutile)
    );
  }

  /** The same failure, of a call that had sent a request again. */
  afterRetry(): UpstreamError {
    return new UpstreamError(this.failure, this.message, { ...this.#details, retried: true });
  }

  get details(): UpstreamErrorDetails {
    return this.#details;
  }

  /** The failure as a machine-readable code, never text of the provider. */
  get code(): string {
    if (this.failure === 'rejected') return `upstream_${String(this.#details.status)}`;
    return this.#details.innerCode ?? CODES[this.failure];
  }
}

/** The error for an answer with any status but 200. */
export function statusError(status: number, details: Omit<UpstreamErrorDetails, 'status'>): UpstreamError {
  const message = `The provider answered ${String(status)}.`;
  if (status >= 400 && status < 500) return new UpstreamError('rejected', message, { ...details, status });
  const { code } = status >= 500 && details.body !== undefined ? readUpstreamErrorBody(details.body) : {};
  const innerCode = INNER_CODES.has(code) ? code : undefined;
  return new UpstreamError('failed', message, { ...details, status, innerCode });
}
