import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What a proxy was asked. */
export interface ProxiedRequest {
  readonly method: string;
  /** A URL, or host and port. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** A forward proxy on loopback, which finds every host on loopback. */
export interface ForwardProxy {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly requests: ProxiedRequest[];
  /** Answers instead of passing requests on; undefined passes them on again. */
  refuse(status: number | undefined, headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** Starts a forward proxy that passes everything on. */
export async function startForwardProxy(): Promise<ForwardProxy> {
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  let refusal: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | undefined;
  const record = ({ method = '', url = '', headers }: IncomingMessage): void => {
    requests.push({ method, target: url, headers });
  };
  const server = createServer((incoming, response: ServerResponse) => {
    record(incoming);
    if (refusal !== undefined) {
      response.writeHead(refusal.status, refusal.headers).end('{"error":{"message":"the proxy says no"}}');
      return;
    }
    const { pathname, search, port } = new URL(incoming.url ?? '');
    const headers = { ...incoming.headers };
    delete headers['proxy-authorization'];
    const outgoing = request({ host: '127.0.0.1', port, path: pathname + search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, via: '1.1 test' });
      answer.pipe(response);
    });
    outgoing.on('error', () => response.writeHead(502).end());
    outgoing.end();
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (incoming: IncomingMessage, client: Socket) => {
    record(incoming);
    client.on('error', () => undefined);
    if (refusal !== undefined) {
      client.end(`HTTP/1.1 ${String(refusal.status)} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const provider = connect(Number(incoming.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(provider).pipe(client);
    });
    sockets.add(provider);
    provider.on('error', () => client.destroy());
    provider.on('close', () => client.destroy());
    client.on('close', () => provider.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    refuse(status, headers = {}) {
      refusal = status === undefined ? undefined : { status, headers };
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
