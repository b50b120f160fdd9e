import { request } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { Certificates } from './certificates.js';
import { errorCode } from './error-code.js';
import type { Proxy } from './proxies.js';
import { ProxyError } from './proxy-error.js';

type Connector = buildConnector.connector;

/** A certificate that is refused for its date, and that date. */
export class CertificateDateError extends Error {
  constructor(
    readonly code: string,
    /** As Node.js writes it. */
    readonly date: string,
  ) {
    super('The certificate is not valid now.');
    this.name = 'CertificateDateError';
  }
}

/**
 * Opens connections to providers, directly or by a proxy: an `https://` provider is reached by CONNECT, an `http://` one
 * is asked at the proxy, since many proxies refuse CONNECT to other ports than 443.
 * @param timeoutMs how long each step may take
 */
export function connector(
  proxy: Proxy | undefined,
  { forProvider, forProxy }: Certificates,
  timeoutMs: number,
): Connector {
  const toProvider = withDates(
    buildConnector({ timeout: timeoutMs, ...(forProvider && { secureContext: forProvider }) }),
  );
  if (proxy === undefined) return toProvider;
  const connect = buildConnector({ timeout: timeoutMs, ...(forProxy && { secureContext: forProxy }) });
  const toProxy: Connector = (_options, callback) => {
    const { protocol, hostname, port, host } = proxy.current;
    connect({ protocol, hostname, port, host }, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(new ProxyError(proxy, errorCode(error)), null);
    });
  };
  return (options, callback) => {
    if (options.protocol !== 'https:') {
      toProxy(options, callback);
      return;
    }
    toProxy(options, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      tunnel(socket, proxy, targetOf(options), timeoutMs).then(
        (httpSocket) => {
          toProvider({ ...options, httpSocket }, callback);
        },
        (refusal: unknown) => {
          callback(refusal as ProxyError, null);
        },
      );
    });
  };
}

/**
 * Has a proxy connect to a provider. It gets nothing that is meant for the provider.
 * @param target host and port
 * @throws ProxyError
 */
function tunnel(socket: Socket, proxy: Proxy, target: string, timeoutMs: number): Promise<Socket> {
  const { authorization } = proxy.current;
  return new Promise((resolve, reject) => {
    const fail = (reason: number | string): void => {
      socket.destroy();
      reject(new ProxyError(proxy, reason));
    };
    request({
      createConnection: () => socket,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(authorization && { 'proxy-authorization': authorization }) },
      timeout: timeoutMs,
    })
      .once('connect', ({ statusCode = 0 }, _socket, head: Buffer) => {
        socket.setTimeout(0);
        if (statusCode < 200 || statusCode > 299) fail(statusCode);
        // The provider speaks only when it is spoken to.
        else if (head.length > 0) fail('UNEXPECTED_DATA');
        else resolve(socket);
      })
      .on('timeout', () => {
        fail('ETIMEDOUT');
      })
      .on('error', (error) => {
        fail(errorCode(error));
      })
      .end();
  });
}

function targetOf({ hostname, port }: buildConnector.Options): string {
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port || '443'}`;
}

/** Adds the date to the error for a certificate that is not valid now: Node.js' own has no certificate. */
function withDates(connect: Connector): Connector {
  return (options, callback) => {
    let dates: { readonly valid_from?: string; readonly valid_to?: string } = {};
    // The type hides the socket.
    const open: (...args: Parameters<Connector>) => unknown = connect;
    const socket = open(options, (...[error, connected]) => {
      if (error === null) {
        callback(null, connected);
        return;
      }
      const code = errorCode(error);
      const date = { CERT_HAS_EXPIRED: dates.valid_to, CERT_NOT_YET_VALID: dates.valid_from }[code];
      callback(date === undefined ? error : new CertificateDateError(code, date), null);
    });
    if (socket instanceof TLSSocket) {
      // Before Node.js' own listener, which judges the certificate.
      socket.prependListener('secure', () => {
        dates = socket.getPeerCertificate();
      });
    }
  };
}
