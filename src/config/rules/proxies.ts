import { IsOptional } from 'class-validator';
import { combine, defineRule } from './define-rule.js';
import { hostMistake, withMistake } from './mistakes.js';
import { OrInFile } from './secrets.js';
import type { SecretForm } from './secrets.js';
import { canDecode } from './urls.js';

/** A forward proxy. */
export interface ProxyAddress {
  readonly protocol: 'http:' | 'https:';
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: string;
  /** Host and port, for people. */
  readonly host: string;
  /** The value of `Proxy-Authorization`: a secret. */
  readonly authorization: string | undefined;
}

const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/** The URL of a forward proxy; without a scheme it is `http://`, as for curl. */
export const PROXY_FORM: SecretForm<ProxyAddress> = {
  description: 'an http:// or https:// URL of a proxy, without a path and with valid percent escapes',
  parse: proxyOf,
  mistake: proxyMistake,
};

/** The URL of a forward proxy. */
export function IsProxy(): PropertyDecorator {
  return combine(
    IsOptional(),
    defineRule(
      'isProxy',
      (value) => withMistake(`must be ${PROXY_FORM.description}`, value, proxyMistake),
      (value) => typeof value === 'string' && proxyOf(value) !== undefined,
    ),
  );
}

/** The URL of a forward proxy, in the variable itself or in the file that its `_FILE` variant names. */
export function IsProxyOrFile(): PropertyDecorator {
  return combine(IsProxy(), OrInFile(PROXY_FORM));
}

/** The same, for what is used only where one of other variables is not set: it may be of a kind for other programs. */
export function IsProxyUnless(...others: readonly (readonly string[])[]): PropertyDecorator {
  return combine(
    IsOptional(),
    defineRule(
      'isProxyUnless',
      (value) => withMistake(`must be ${PROXY_FORM.description}`, value, proxyMistake),
      (value, variables) =>
        proxyOf(String(value)) !== undefined ||
        others.every((names) => names.some((name) => variables[name] !== undefined)),
    ),
  );
}

function proxyOf(text: string): ProxyAddress | undefined {
  const url = SCHEME.test(text) ? text : `http://${text}`;
  if (!/^https?:/i.test(url) || !URL.canParse(url) || hostMistake(url) !== undefined) return undefined;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(url);
  if (pathname !== '/' || search !== '' || hash !== '' || ![username, password].every(canDecode))
    return undefined;
  const isSecure = protocol === 'https:';
  const usedPort = port || (isSecure ? '443' : '80');
  return {
    protocol: isSecure ? 'https:' : 'http:',
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: usedPort,
    host: `${hostname}:${usedPort}`,
    authorization:
      username === '' && password === ''
        ? undefined
        : `Basic ${Buffer.from(decodeURIComponent(`${username}:${password}`)).toString('base64')}`,
  };
}

function proxyMistake(text: string): string | undefined {
  if (/^socks/i.test(text)) return 'is a SOCKS proxy, which the gateway cannot use';
  return hostMistake(SCHEME.test(text) ? text : `http://${text}`);
}
