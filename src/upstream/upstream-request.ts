import type { Credential } from '../credentials/credential.js';
import type { CancellationSignal } from '../concurrency/cancellation.js';
import type { UpstreamAddress } from './upstream-address.js';
import type { UpstreamTrace } from './upstream-trace.js';
import type { UpstreamRoute } from './upstream.route.js';

/** The context of a request: the secrets in it, its cancellation and its trace. */
export interface UpstreamCall {
  /** The credential that is sent, to be redacted in errors; each page that is signed has another one. */
  credential: Credential | undefined;
  /** Secrets in the operator's headers and base URL, to be redacted in errors: providers repeat what they reject. */
  readonly otherSecrets: readonly Credential[];
  /** The way to the provider. */
  readonly route: UpstreamRoute;
  /** Monotonic time at which the call began, ms. */
  readonly startedAt: number;
  /** Aborted with an `UpstreamError` as its reason: at the deadline, or when all callers have hung up. */
  readonly signal: CancellationSignal;
  /** Undefined when the request is not traced. */
  readonly trace: UpstreamTrace | undefined;
  /** Whether a request of this call was sent again; the client sets it. */
  retried: boolean;
  /** What a list lacks by its own account; the reader of lists sets it. */
  lacks?: string;
  /** Lets another large body come in; there while one of this call does, or is read. */
  endTurn?: (() => void) | undefined;
}

/** A GET to a provider. A class, because axios makes deep copies of plain objects in its configuration. */
export class UpstreamRequest {
  /**
   * @param label the provider's label in metrics
   * @param headers with names in lower case, the credential's included
   */
  constructor(
    readonly label: string,
    readonly address: UpstreamAddress,
    readonly headers: Readonly<Record<string, string>>,
    readonly call: UpstreamCall,
  ) {}

  /** The same request with more headers. */
  with(headers: Readonly<Record<string, string>>): UpstreamRequest {
    return new UpstreamRequest(this.label, this.address, { ...this.headers, ...headers }, this.call);
  }
}
