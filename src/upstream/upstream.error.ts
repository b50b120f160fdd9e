import type { IncomingHttpHeaders } from 'node:http';
import type { Credential } from '../credentials/credential.js';

/**
 * What went wrong between this service and the provider:
 * - `unreachable`: refused, reset, DNS, TLS
 * - `timeout`: no complete answer within the deadline
 * - `failed`: an answer that is neither a 200 nor a 4xx
 * - `invalid`: a 200 that is no model list, or too large
 * - `rejected`: a 4xx
 * - `not_configured`: a required setting is missing, nothing was asked
 * - `cancelled`: the caller hung up, nobody waits for the answer
 */
export type UpstreamFailure =
  'unreachable' | 'timeout' | 'failed' | 'invalid' | 'rejected' | 'not_configured' | 'cancelled';

/** What machines are told of each failure that is no 4xx. */
const CODES: Readonly<Record<Exclude<UpstreamFailure, 'rejected'>, string>> = {
  unreachable: 'upstream_unreachable',
  timeout: 'upstream_timeout',
  failed: 'upstream_error',
  invalid: 'upstream_invalid_response',
  not_configured: 'provider_not_configured',
  cancelled: 'cancelled',
};

/** What is known of a failed request to the provider beyond the kind of failure. */
export interface UpstreamErrorDetails {
  readonly status?: number;
  readonly headers?: IncomingHttpHeaders;
  readonly body?: Buffer;
  /** The credential that was sent, so that it can be struck out of relayed text. */
  readonly credential?: Credential | undefined;
  /** What else of the request is secret. */
  readonly headerSecrets?: readonly Credential[];
  /** What the operator should look at, where that is not the address of the provider. */
  readonly advice?: string;
  /** The failures of several providers that together are this one. */
  readonly causes?: readonly UpstreamError[];
}

/** The one error of everything that concerns the provider. Its message is ours and safe to show to a caller. */
export class UpstreamError extends Error {
  /** Whether a request of this call was sent again before it failed. */
  retried = false;
  // Private, so that no logger or serialiser that walks an error's properties ever meets a credential.
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
    const { causes = [] } = this.#details;
    return this.retried || this.failure === 'timeout' || causes.some(({ isRetryFutile }) => isRetryFutile);
  }

  get details(): UpstreamErrorDetails {
    return this.#details;
  }

  /** The failure as a machine's word, never text of the provider. */
  get code(): string {
    return this.failure === 'rejected' ? `upstream_${String(this.#details.status)}` : CODES[this.failure];
  }
}
