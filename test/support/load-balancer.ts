import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.js';

const CHECK_INTERVAL_MS = 20;
/** Headers that concern one connection only (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** Shares requests out among processes in turn, as a Service of Kubernetes does among the ready ones. */
export interface LoadBalancer {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  /** Adds a process; resolves when it is ready and gets requests. */
  add(backend: string): Promise<void>;
  /** Resolves when a process has been sent a request that it has not answered. */
  busy(backend: string): Promise<void>;
  /** Resolves when a process gets no more requests because it is not ready, and those under way are answered. */
  removed(backend: string): Promise<void>;
  close(): Promise<void>;
}

/** A process as its last check found it. */
interface Backend {
  readonly url: string;
  readonly agent: Agent;
  ready: boolean;
  underWay: number;
  nextCheck?: NodeJS.Timeout;
}

/**
 * Starts a load balancer that keeps connections alive and asks each process for its readiness.
 * A request that fails is a 502 and is never sent again: that would hide what is to be found.
 * @param checkIntervalMs how long it takes to notice that a process is not ready any more
 */
export async function startLoadBalancer(checkIntervalMs = CHECK_INTERVAL_MS): Promise<LoadBalancer> {
  const backends = new Map<string, Backend>();
  let turn = 0;

  const server = createServer((incoming, outgoing) => {
    const ready = [...backends.values()].filter((each) => each.ready);
    const backend = ready[turn % ready.length];
    turn += 1;
    if (backend === undefined) {
      outgoing.writeHead(503).end();
      return;
    }
    pass(backend, incoming, outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function check(backend: Backend): Promise<void> {
    backend.ready = await isReady(backend.url);
    if (backends.get(backend.url) !== backend) return;
    backend.nextCheck = setTimeout(() => {
      void check(backend);
    }, checkIntervalMs);
  }

  function drop({ url, agent, nextCheck }: Backend): void {
    backends.delete(url);
    clearTimeout(nextCheck);
    agent.destroy();
  }

  function backendAt(url: string): Backend {
    const backend = backends.get(url);
    if (backend === undefined) throw new Error(`${url} was never added`);
    return backend;
  }

  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async add(url) {
      const backend: Backend = { url, agent: new Agent({ keepAlive: true }), ready: false, underWay: 0 };
      backends.set(url, backend);
      await check(backend);
      await until(`${url} is ready`, () => backend.ready);
    },
    async busy(url) {
      const backend = backendAt(url);
      await until(`${url} has something to do`, () => backend.underWay > 0);
    },
    async removed(url) {
      const backend = backendAt(url);
      await until(`${url} is not ready`, () => !backend.ready);
      await until(`the requests at ${url} are answered`, () => backend.underWay === 0);
      drop(backend);
    },
    async close() {
      for (const backend of backends.values()) drop(backend);
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`, { headers: { connection: 'close' } }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}

function pass(backend: Backend, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  backend.underWay += 1;
  outgoing.once('close', () => {
    backend.underWay -= 1;
  });
  const onward = request(
    backend.url + (url ?? ''),
    { method, headers: endToEnd(headers), agent: backend.agent },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      answer.pipe(outgoing);
      answer.once('error', () => outgoing.destroy());
    },
  );
  onward.once('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  onward.end();
}

function endToEnd(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}
