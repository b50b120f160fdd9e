import type { Credential } from '../credentials/credential.js';
import type { CancellationSignal } from './cancellation.js';
import type { UpstreamAddress } from './upstream-address.js';
import type { UpstreamTrace } from './upstream-trace.js';

/** A GET to the provider. A class, because axios copies plain objects in its configuration to the depth. */
export class UpstreamRequest {
  /**
   * @param headers names in lower case, the credential's included
   * @param credential what of the headers is secret, for the error that may come of it
   * @param signal aborted with an `UpstreamError` as its reason: at the deadline, or when nobody waits any more
   * @param trace what the request belongs to; undefined when it is not traced
   */
  constructor(
    readonly address: UpstreamAddress,
    readonly headers: Readonly<Record<string, string>>,
    readonly credential: Credential | undefined,
    readonly signal: CancellationSignal,
    readonly trace: UpstreamTrace | undefined,
  ) {}

  /** The same request with more headers. */
  with(headers: Readonly<Record<string, string>>): UpstreamRequest {
    return new UpstreamRequest(
      this.address,
      { ...this.headers, ...headers },
      this.credential,
      this.signal,
      this.trace,
    );
  }
}
