import type { ConfigType } from '@nestjs/config';
import { IsCertificatesFile } from './rules/pem.js';
import { IsProxy, IsProxyOrFile, IsProxyUnless, PROXY_FORM } from './rules/proxies.js';
import type { ProxyAddress } from './rules/proxies.js';
import { IsText } from './rules/scalars.js';
import { registerVariables } from './variables.js';

const HTTPS = ['https_proxy', 'HTTPS_PROXY', 'HTTPS_PROXY_FILE'] as const;
const HTTP = ['http_proxy', 'HTTP_PROXY', 'HTTP_PROXY_FILE'] as const;
const ALL = ['all_proxy', 'ALL_PROXY'] as const;
const HOSTS = /^[\x20-\x7e\t]+$/;
const HOSTS_DESCRIPTION = 'hosts, domains, addresses and networks, separated by commas';

/** What curl and other programs read too. As for them, a name in lower case takes precedence. */
class NetworkVariables {
  @IsProxyOrFile()
  HTTPS_PROXY?: string;

  /** Declared by `IsProxyOrFile`. */
  HTTPS_PROXY_FILE?: string;

  @IsProxy()
  https_proxy?: string;

  @IsProxyOrFile()
  HTTP_PROXY?: string;

  /** Declared by `IsProxyOrFile`. */
  HTTP_PROXY_FILE?: string;

  @IsProxy()
  http_proxy?: string;

  @IsProxyUnless(HTTPS, HTTP)
  ALL_PROXY?: string;

  @IsProxyUnless(HTTPS, HTTP)
  all_proxy?: string;

  @IsText(HOSTS, HOSTS_DESCRIPTION)
  NO_PROXY?: string;

  @IsText(HOSTS, HOSTS_DESCRIPTION)
  no_proxy?: string;

  @IsCertificatesFile()
  SSL_CERT_FILE?: string;
}

/** A proxy, or the file that names it, and the variable that is set. */
export interface ProxySetting {
  readonly variable: string;
  readonly address: ProxyAddress | undefined;
  readonly path: string | undefined;
}

/** The forward proxies of the environment, and what it trusts. */
export const networkConfig = registerVariables('network', NetworkVariables, (variables) => {
  const setting = (names: readonly (keyof NetworkVariables)[]): ProxySetting | undefined => {
    const variable = names.find((name) => variables[name] !== undefined);
    const text = variable && variables[variable];
    if (text === undefined) return undefined;
    return variable?.endsWith('_FILE')
      ? { variable, address: undefined, path: text }
      : { variable: String(variable), address: PROXY_FORM.parse(text), path: undefined };
  };
  return {
    /** For `https://` URLs. */
    httpsProxy: setting([...HTTPS, ...ALL]),
    /** For `http://` URLs. */
    httpProxy: setting([...HTTP, ...ALL]),
    /** What is asked without a proxy, as `NO_PROXY` lists it. */
    noProxy: variables.no_proxy ?? variables.NO_PROXY ?? '',
    /** The path of a file with certificates that are trusted too. */
    trustedFile: variables.SSL_CERT_FILE,
  };
});
export type NetworkConfig = ConfigType<typeof networkConfig>;
