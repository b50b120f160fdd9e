import type { Credential } from '../credentials/credential.js';

/** Where a GET goes, taken apart once and not at every request. */
export interface UpstreamAddress {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query string. */
  readonly path: string;
}

/** The address of a URL. */
export function addressOf({ origin, pathname, search }: URL): UpstreamAddress {
  return { origin, path: pathname + search };
}

/** A GET to the provider. */
export interface UpstreamRequest {
  readonly address: UpstreamAddress;
  /** Names in lower case, the credential's included. */
  readonly headers: Readonly<Record<string, string>>;
  /** What of the headers is secret, for the error that may come of it. */
  readonly credential: Credential | undefined;
  /** Aborted with an `UpstreamError` as its reason: at the deadline, or when nobody waits any more. */
  readonly signal: AbortSignal;
}
