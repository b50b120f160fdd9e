import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Server, Socket } from 'node:net';
import { promisify } from 'node:util';
import { arrivals } from '../support/arrivals.js';
import { movableClock } from '../support/clock.js';
import { json, silence } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { parseLog } from '../support/log-lines.js';
import { sharedScenario, startScenario } from '../support/scenario.js';
import type { Gateway } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const LIST = json({ data: [{ id: 'a/b', created: 1, owned_by: 'c' }] });

const CONNECT = 'CONNECT provider.test:443 HTTP/1.1\r\nHost: provider.test:443\r\n\r\n';

/** Longer than between two looks at a connection, ms. */
const LOOK_INTERVAL_MS = 1500;
const OTHER_TIMERS = [
  'Date',
  'clearImmediate',
  'clearTimeout',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'setTimeout',
] as const;

const shared = sharedScenario({ CORS_ORIGINS: '*' });

/** Sends bytes and reads all that comes until the gateway closes the connection. */
async function exchange({ url }: Gateway, bytes: string): Promise<string> {
  const socket = open(url, bytes);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

function open(url: string, bytes: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(bytes, 'latin1');
  return socket;
}

function statusesOf(answers: string): string[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status);
}

function get(path: string, ...headers: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: gateway', ...headers, '', ''].join('\r\n');
}

describe('a request target in absolute form', () => {
  it.each([
    ['http://gateway/v1/models', '"object":"list"'],
    ['http://gateway:8000/v1/models/a/b', '"id":"a/b"'],
    ['https://gateway/v1/models/a%2Fb', '"id":"a/b"'],
    ['HTTP://gateway/healthz', '"status":"ok"'],
  ])('%s is that of its path', async (target, body) => {
    const { gateway } = shared(LIST);
    const answer = await exchange(gateway, get(target, 'Connection: close'));
    expect(statusesOf(answer)).toEqual(['200']);
    expect(answer).toContain(body);
  });

  it('may lack a path', async () => {
    const { gateway } = shared(LIST);
    const answer = await exchange(gateway, get('http://gateway?a=1', 'Connection: close'));
    expect(statusesOf(answer)).toEqual(['200']);
    expect(answer).toContain('/v1/models');
  });
});

describe('what HTTP does not allow', () => {
  it.each([
    ['two Host lines', get('/healthz', 'host: other', 'Connection: close'), '400'],
    ['an unknown Transfer-Encoding', get('/healthz', 'Transfer-Encoding: gzip'), '501'],
    ['CONNECT', CONNECT, '405'],
    ['bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '400'],
  ])('%s is answered in the form of an error', async (_name, bytes, status) => {
    const { gateway } = shared(LIST);
    const answer = await exchange(gateway, bytes);
    expect(statusesOf(answer)[0]).toBe(status);
    expect(answer).toMatch(/\{"error":\{"message":"[^"]+","type":"\w+","param":null,"code":/);
  });

  it.each([
    ['garbage', '\x00garbage\r\n\r\n', 400],
    ['CONNECT', CONNECT, 405],
  ])('behind requests costs none of them its answer: %s', async (_name, bytes, refusal) => {
    const { gateway } = await startScenario(LIST);
    const answers = await exchange(gateway, `${get('/v1/models')}${get('/healthz')}${bytes}`);
    expect(statusesOf(answers)).toEqual(['200', '200', String(refusal)]);
    expect(answers).toContain('"id":"a/b"');
    await until('the refused input has its line', () =>
      parseLog(gateway.logs.join('')).some(({ status }) => status === refusal),
    );
  });

  it.each(['GET /v1/models', 'POST /v1/models', 'GET /nowhere', 'GET /%zz', 'OPTIONS /v1/models'])(
    'is refused whatever the target, and once: %s',
    async (target) => {
      const { gateway } = shared(LIST);
      const preflight = ['Origin: https://app.test', 'Access-Control-Request-Method: GET'];
      const head = [`${target} HTTP/1.1`, 'Host: gateway', ...preflight];
      const unknownCoding = [...head, 'Transfer-Encoding: gzip', '', 'body'].join('\r\n');
      expect(statusesOf(await exchange(gateway, unknownCoding))).toEqual(['501']);
      const twoHosts = [...head, 'Host: other', 'Connection: close', '', ''].join('\r\n');
      expect(statusesOf(await exchange(gateway, twoHosts))).toEqual(['400']);
    },
  );

  it.each([
    ['garbage', '\x00garbage\r\n\r\n'],
    ['CONNECT', CONNECT],
  ])('holds no connection that stays half open: %s', async (_name, bytes) => {
    const { gateway } = await startScenario();
    const socket = connect({
      port: Number(new URL(gateway.url).port),
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    socket.resume();
    socket.write(bytes, 'latin1');
    await once(socket, 'end');
    await until('the connection is closed', async () => (await connectionsOf(gateway)) === 0);
    socket.destroy();
  });

  it('is forgotten when its connection is lost behind a request', async () => {
    const held = heldAnswers(LIST);
    const { gateway } = await startScenario(held.script);
    const arrived = arrivals(gateway);
    const socket = open(gateway.url, get('/v1/models') + CONNECT);
    await arrived(1);
    socket.resetAndDestroy();
    await held.abandoned();
    await until('the request has its line', () => linesOf(gateway, 499) === 1);
    expect(linesOf(gateway, 405)).toBe(0);
    expect(await connectionsOf(gateway)).toBe(0);
  });
});

describe('pipelined requests whose connection is lost', () => {
  it('end: each has its line, none stays in the gauge, the provider is not asked any more', async () => {
    const held = heldAnswers(LIST);
    const { gateway, upstream } = await startScenario(held.script);
    const arrived = arrivals(gateway);
    const count = 20;
    const socket = open(gateway.url, get('/v1/models').repeat(count));
    await arrived(count);
    socket.resetAndDestroy();
    await held.abandoned();
    await until('every request has its line', () => linesOf(gateway, 499) === count);
    upstream.answer(LIST);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('\nhttp_server_active_requests 0\n');
    expect(metrics).toContain('\nhttp_client_active_requests 0\n');
  });

  it('do not hold up the end of the service', async () => {
    const { gateway } = await startScenario(silence, { UPSTREAM_TIMEOUT_MS: '600000' });
    const arrived = arrivals(gateway);
    const socket = open(gateway.url, get('/v1/models').repeat(5));
    await arrived(5);
    socket.resetAndDestroy();
    // The test's own limit is far below the deadline.
    await gateway.app.close();
    await until('the end of each request is in the log', () => linesOf(gateway, 499) === 5);
  });
});

describe('a client', () => {
  /** Far more than the buffers of both sides hold. */
  const MANY = get('/docs/swagger-ui-bundle.js').repeat(20);
  beforeEach(() => {
    // All but the timer that looks at the connections is real.
    jest.useFakeTimers({ doNotFake: [...OTHER_TIMERS] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** Has the gateway look at its connections. */
  const look = (): void => {
    jest.advanceTimersByTime(LOOK_INTERVAL_MS);
  };

  it('that does not read its answers is cut off after 30 s, whatever it sends', async () => {
    const clock = movableClock();
    const { gateway } = await startScenario();
    const connected = once(gateway.app.getHttpServer(), 'connection') as Promise<[Socket]>;
    const socket = open(gateway.url, MANY);
    socket.on('error', () => undefined);
    await untilStalled((await connected)[0]);
    look();
    clock.advance(29_000);
    await sendMore(socket);
    look();
    expect(await connectionsOf(gateway)).toBe(1);
    clock.advance(1000);
    await sendMore(socket);
    look();
    await until('it is cut off', async () => (await connectionsOf(gateway)) === 0);
  });

  it('that reads slowly gets the whole of its answer', async () => {
    const clock = movableClock();
    const data = Array.from({ length: 110_000 }, (_, index) => ({ id: String(index).padStart(70, 'm') }));
    const { gateway, upstream } = await startScenario(json({ data }), { UPSTREAM_TIMEOUT_MS: '60000' });
    const socket = open(gateway.url, get('/v1/models', 'Connection: close'));
    await upstream.received(1);
    await once(socket, 'readable');
    let answer = '';
    for (let turn = 0; turn < 3; turn += 1) {
      look();
      clock.advance(20_000);
      const enough = answer.length + 3_000_000;
      while (answer.length < enough) {
        const chunk = socket.read() as Buffer | null;
        if (chunk === null) await once(socket, 'readable');
        else answer += chunk.toString('latin1');
      }
    }
    look();
    for await (const chunk of socket) answer += (chunk as Buffer).toString('latin1');
    const [head = '', body] = answer.split('\r\n\r\n');
    expect(Number(/content-length: (\d+)/i.exec(head)?.[1])).toBeGreaterThan(13_000_000);
    expect(body).toHaveLength(Number(/content-length: (\d+)/i.exec(head)?.[1]));
  });

  it('may wait for a provider for longer', async () => {
    const clock = movableClock();
    const held = heldAnswers(LIST);
    const { gateway, upstream } = await startScenario(held.script, { UPSTREAM_TIMEOUT_MS: '600000' });
    const answer = exchange(gateway, get('/v1/models', 'Connection: close'));
    await upstream.received(1);
    look();
    clock.advance(60_000);
    look();
    expect(await connectionsOf(gateway)).toBe(1);
    await held.release(1);
    expect(statusesOf(await answer)).toEqual(['200']);
  });
});

/** Waits until a connection takes no more bytes. */
async function untilStalled(
  connection: Socket & { _handle?: { writeQueueSize?: number } | null },
): Promise<void> {
  let last: number | undefined;
  await until('the client has stalled', () => {
    const queued = connection._handle?.writeQueueSize ?? 0;
    const isStalled = queued > 0 && queued === last;
    last = queued;
    return isStalled;
  });
}

/** Sends another request, which the gateway has received then. */
async function sendMore(socket: Socket): Promise<void> {
  const { bytesWritten } = socket;
  socket.write(get('/healthz'));
  await until('it is sent', () => socket.bytesWritten > bytesWritten && socket.writableLength === 0);
}

function connectionsOf({ app }: Gateway): Promise<number> {
  const server: Server = app.getHttpServer();
  return promisify(server.getConnections.bind(server))();
}

function linesOf({ logs }: Gateway, status: number): number {
  const lines = parseLog(logs.join('')).filter(({ msg }) => msg === 'request');
  return lines.filter((line) => line['status'] === status).length;
}
