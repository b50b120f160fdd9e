/** The address of a GET, parsed once instead of at every request. */
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
