import type { Proxy } from './proxies.js';

/** A proxy could not be reached, or it refused to connect to the provider. */
export class ProxyError extends Error {
  readonly code = 'PROXY';
  readonly host: string;
  readonly variable: string;

  /** @param reason the proxy's status, or the code of the failed connection to it */
  constructor(
    { current, variable }: Proxy,
    readonly reason: number | string,
  ) {
    super('The proxy failed.');
    this.name = 'ProxyError';
    this.host = current.host;
    this.variable = variable;
  }
}
