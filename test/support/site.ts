import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server for a browser. */
export interface Site {
  /** Without a slash at its end, unless the path is one. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves an empty page from another origin. */
export function startPage(): Promise<Site> {
  return startSite('/', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>page</title>');
  });
}

/** Passes requests for `/team/llm`, and below it, on without that prefix. */
export function startPrefixProxy(target: string): Promise<Site> {
  const prefix = '/team/llm';
  return startSite(prefix, ({ url = '', headers }, response) => {
    const [, rest] = /^\/team\/llm(?=[/?]|$)(.*)$/.exec(url) ?? [];
    if (rest === undefined) {
      response.writeHead(404).end();
      return;
    }
    const path = rest.startsWith('/') ? rest : `/${rest}`;
    get(target + path, { headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
  });
}

async function startSite(path: string, listener: RequestListener): Promise<Site> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
