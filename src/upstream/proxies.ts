import { Inject, Injectable } from '@nestjs/common';
import { networkConfig } from '../config/network.config.js';
import type { NetworkConfig, ProxySetting } from '../config/network.config.js';
import { PROXY_FORM } from '../config/rules/proxies.js';
import type { ProxyAddress } from '../config/rules/proxies.js';
import { SecretFiles } from '../credentials/secret-files.js';
import { bypass } from './proxy-bypass.js';

/** The forward proxy of a route, which may change with the file that names it. */
export interface Proxy {
  /** The variable that is set. */
  readonly variable: string;
  readonly current: ProxyAddress;
  /** Undefined for a proxy that cannot change. */
  readonly onChange: ((listener: () => void) => void) | undefined;
}

/** The forward proxies by which providers are asked. */
@Injectable()
export class Proxies {
  private readonly https: Proxy | undefined;
  private readonly http: Proxy | undefined;
  private readonly bypasses: (url: URL) => boolean;

  /** @throws ConfigurationError when a file names no proxy */
  constructor(
    @Inject(networkConfig.KEY) { httpsProxy, httpProxy, noProxy }: NetworkConfig,
    files: SecretFiles,
  ) {
    this.https = httpsProxy && proxyOf(httpsProxy, files);
    this.http =
      httpProxy?.variable === httpsProxy?.variable ? this.https : httpProxy && proxyOf(httpProxy, files);
    this.bypasses = bypass(noProxy);
  }

  /** The proxy by which a URL is asked; undefined for a direct connection. */
  for(url: URL): Proxy | undefined {
    const proxy = url.protocol === 'https:' ? this.https : this.http;
    return proxy === undefined || this.bypasses(url) ? undefined : proxy;
  }
}

function proxyOf({ variable, address, path }: ProxySetting, files: SecretFiles): Proxy | undefined {
  if (path === undefined) return address && { variable, current: address, onChange: undefined };
  const file = files.open(variable, path, PROXY_FORM);
  return {
    variable,
    get current() {
      return file.current;
    },
    onChange: (listener) => {
      file.onChange(listener);
    },
  };
}
