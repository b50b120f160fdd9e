import type { Credential } from '../credentials/credential.js';
import type { CancellationSignal } from '../concurrency/cancellation.js';
import type { UpstreamAddress } from './upstream-address.js';
import type { UpstreamTrace } from './upstream-trace.js';

/** What a request belongs to, and who waits for it. */
export interface UpstreamCall {
  /** What of the headers is secret, for the error that may come of it. */
  readonly credential: Credential | undefined;
  /** The operator's own headers: providers repeat what they refuse. */
  readonly headerSecrets: readonly Credential[];
  /** Aborted with an `UpstreamError` as its reason: at the deadline, or when nobody waits any more. */
  readonly signal: CancellationSignal;
  /** Undefined when the request is not traced. */
  readonly trace: UpstreamTrace | undefined;
  /** Whether a request of this call was sent again; the client sets it. */
  retried: boolean;
}

/** A GET to a provider. A class, because axios copies plain objects in its configuration to the depth. */
export class UpstreamRequest {
  /**
   * @param label whom it is for, in metrics
   * @param headers names in lower case, the credential's included
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
