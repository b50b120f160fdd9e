import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request as the provider received it. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query string. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Answers one request, in any way that node:http can. */
export type Script = (request: IncomingMessage, response: ServerResponse) => void;

/** A provider on its own port, scripted by a test. */
export interface FakeUpstream {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly requests: RecordedRequest[];
  /** Replaces the script for later requests. */
  answer(script: Script): void;
  /** Resolves when this many requests have arrived. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A script that answers with an empty list. */
export const emptyList: Script = json({ object: 'list', data: [] });

/**
 * Starts a fake provider. Without a script it answers every request with an empty list.
 * @param tls its certificate and key, for a provider that speaks TLS
 * @param listenAt the address, and the port where it has to be a certain one
 */
export async function startFakeUpstream(
  script: Script = emptyList,
  tls?: ServerOptions,
  listenAt: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): Promise<FakeUpstream> {
  let current = script;
  const requests: RecordedRequest[] = [];
  const receive = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, url, headers });
    server.emit('recorded');
    current(request, response);
  };
  const server = tls === undefined ? createServer(receive) : createSecureServer(tls, receive);
  server.listen(listenAt.port, listenAt.host);
  await once(server, 'listening');
  const host = `${listenAt.host.includes(':') ? `[${listenAt.host}]` : listenAt.host}:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    requests,
    answer(next) {
      current = next;
    },
    async received(count) {
      while (requests.length < count) await once(server, 'recorded');
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** A script that answers with JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Script {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** A script that passes the first request to the first script, and so on; the last script serves all later ones. */
export function inTurn(...scripts: [Script, ...Script[]]): Script {
  let next = 0;
  return (request, response) => {
    const script = scripts[Math.min(next, scripts.length - 1)] ?? scripts[0];
    next += 1;
    script(request, response);
  };
}

/** A script that answers with a text. */
export function text(body: string | Buffer, status = 200, headers: Record<string, string> = {}): Script {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
  };
}

/** A script that writes bytes which need not be HTTP, and ends the connection. */
export function raw(bytes: string): Script {
  return ({ socket }) => {
    socket.end(bytes);
  };
}

/** A script that writes these header lines, with any names and however often, and ends the connection. */
export function headerLines(
  status: number,
  lines: readonly (readonly [name: string, value: string])[],
  body: string,
): Script {
  const length = `content-length: ${String(Buffer.byteLength(body))}`;
  const head = [...lines.map((line) => line.join(': ')), length, 'connection: close'];
  return raw(`HTTP/1.1 ${String(status)} Whatever\r\n${head.join('\r\n')}\r\n\r\n${body}`);
}

/** A script that never answers. */
export const silence: Script = () => undefined;

/** The variables of a gateway that waits for what a provider sends, but not long for one that never answers. */
export function waitsFor(script: Script): Record<string, string> {
  return script === silence ? { UPSTREAM_TIMEOUT_MS: '1000' } : {};
}
