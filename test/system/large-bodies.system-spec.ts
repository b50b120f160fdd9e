import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { failureOf, idsOf } from '../support/answers.js';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { SCAN_WORKER_URL } from '../support/scan-worker-url.js';
import { startProcess, untilAlive } from '../support/start-process.js';
import type { ServiceProcess } from '../support/start-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** The default of UPSTREAM_MAX_RESPONSE_BYTES. */
const LIMIT = 10_485_760;
const INVALID = [502, 'upstream_invalid_response'];
/** Between two questions for `/healthz`. */
const PAUSE_MS = 10;
/** More than come in at the same time. */
const AT_ONCE = 5;
const MAX_TRIES = 3;
const SLOW_TEST_MS = 180_000;
/** A client that reads nothing for 30 s is cut off for that: on a busy machine, the first ones of a test. */
const UNREAD_MS = 25_000;

/** A body of the largest size, made of as many pieces as fit. */
function filled(start: string, piece: string, end: string): string {
  return start + piece.repeat(Math.floor((LIMIT - start.length - end.length) / piece.length)) + end;
}

function rows(count: number, prefix = 'm'): string {
  const data = Array.from({ length: count }, (_, at) => ({
    id: `${prefix}${String(at)}`,
    object: 'model',
    created: 1,
  }));
  return JSON.stringify({ object: 'list', data });
}

const rubbishWith = (id: string): string => filled('{"data":[', '{},', `{"id":"${id}"}]}`);
const RUBBISH = rubbishWith('a');
const NESTED = `${'['.repeat(LIMIT / 2)}${']'.repeat(LIMIT / 2)}`;

const folder = temporaryFolder();
const holdUpFile = join(folder, 'hold-up');
let upstream: FakeUpstream;
let service: ServiceProcess;

beforeAll(async () => {
  const main = await builtService();
  upstream = await startFakeUpstream();
  service = await startProcess(main, folder, {
    NODE_OPTIONS: `--max-old-space-size=256 --import=${new URL('../support/hold-up.mjs', import.meta.url).href}`,
    HOLD_UP_FILE: holdUpFile,
    LOG_LEVEL: 'fatal',
    MAIN_MODEL_ENGINE: 'vllm',
    MAIN_MODEL_BASE_URL: upstream.url,
    UPSTREAM_TIMEOUT_MS: '60000',
  });
  await untilAlive(service);
}, BUILD_MS);

afterAll(async () => {
  await service.close();
  await upstream.close();
});

let keys = 0;
let measurements = 0;

function list(query = '', headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  keys += 1;
  const authorization = `Bearer key-${String(keys)}`;
  return fetch(`${service.url}/v1/models${query}`, { headers: { ...headers, authorization } });
}

/** The longest that the main thread held up all callers during some work, ms. `/healthz` is asked all the while. */
async function longestHoldUp(work: () => Promise<unknown>): Promise<number> {
  const recorded = async (): Promise<readonly number[]> =>
    (await readFile(holdUpFile, 'utf8').catch(() => '')).split(' ').map(Number);
  measurements += 1;
  service.signal('SIGUSR2');
  await until('the measurement begins', async () => (await recorded())[0] === measurements);
  const state = { isOver: false };
  const working = work().finally(() => (state.isOver = true));
  while (!state.isOver) {
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    // Without a pause, most of what the service does would be to answer this.
    await sleep(PAUSE_MS);
  }
  await working;
  return (await recorded())[1] ?? Infinity;
}

/**
 * Expects that some work does not hold up the main thread for as long as that, ms. What the machine adds to a single try,
 * the next one does not have.
 */
async function expectNoHoldUp(work: () => Promise<unknown>, patience: number): Promise<void> {
  let shortest = Infinity;
  for (let turn = 0; turn < MAX_TRIES && shortest >= patience; turn += 1)
    shortest = Math.min(shortest, await longestHoldUp(work));
  expect(shortest).toBeLessThan(patience);
}

/** What it takes a thread to scan a body, ms. A machine that is slow or busy takes longer for this too. */
async function scanningTime(body: string): Promise<number> {
  const worker = new Worker(SCAN_WORKER_URL);
  await once(worker, 'online');
  const bytes = new Uint8Array(Buffer.from(body));
  const before = process.cpuUsage();
  worker.postMessage(bytes);
  await once(worker, 'message');
  const { user, system } = process.cpuUsage(before);
  await worker.terminate();
  return (user + system) / 1000;
}

const answer = (body: string | Buffer, headers: Record<string, string> = {}): Script =>
  text(body, 200, headers);

describe('a list of the largest size', () => {
  it(
    'is a list where it is one, and rows that are no models are left out',
    async () => {
      upstream.answer(answer(RUBBISH));
      expect(await idsOf(await list())).toEqual(['a']);
      upstream.answer(answer(gzipSync(RUBBISH), { 'content-encoding': 'gzip' }));
      expect(await idsOf(await list())).toEqual(['a']);
      upstream.answer(answer(NESTED));
      expect(await idsOf(await list())).toEqual([]);
      upstream.answer(answer(rows(100_000)));
      expect(await idsOf(await list())).toHaveLength(100_000);
    },
    SLOW_TEST_MS,
  );

  it.each([
    ['brackets that are not closed', filled('', '[', '')],
    [
      'more models than fit into the memory',
      `[${Array.from({ length: 250_000 }, (_, at) => `{"id":"${String(at)}"}`).join()}]`,
    ],
    ['nothing but fields', `{${Array.from({ length: 700_000 }, (_, at) => `"${String(at)}":1`).join()}}`],
    ['one text', `"${'x'.repeat(LIMIT - 2)}"`],
  ])(
    'is a 502 where it is none: %s',
    async (_what, body) => {
      upstream.answer(answer(body));
      expect(await failureOf(await list())).toEqual(INVALID);
    },
    SLOW_TEST_MS,
  );

  it(
    'does not hold up /healthz, nor do several at once',
    async () => {
      // A thread that scanned a body would be held up for all of it.
      const patience = (await scanningTime(RUBBISH)) / 2;
      const listInFull = async (
        query?: string,
        headers?: Readonly<Record<string, string>>,
      ): Promise<void> => {
        const response = await list(query, headers);
        await response.arrayBuffer();
        expect(response.status).toBe(200);
      };
      await expectNoHoldUp(() => {
        const bodies = Array.from({ length: AT_ONCE }, (_, at) =>
          answer(Buffer.from(rubbishWith(String(at)))),
        );
        upstream.answer((request, response) => bodies.pop()?.(request, response));
        return Promise.all(Array.from({ length: AT_ONCE }, () => listInFull()));
      }, patience);
      upstream.answer(answer(rows(100_000)));
      await expectNoHoldUp(() => listInFull(), patience);
      await expectNoHoldUp(() => listInFull('?client_version=1'), patience);
      await expectNoHoldUp(() => listInFull('', { 'anthropic-version': '2023-06-01' }), patience);
    },
    SLOW_TEST_MS,
  );
});

describe('lists that clients do not read', () => {
  it(
    'take 64 MiB at most: the oldest ones are cut off',
    async () => {
      const clients: { readonly socket: Socket; readonly answeredAt: number }[] = [];
      for (let at = 0; at < 15; at += 1) {
        upstream.answer(answer(rows(80_000, `list-${String(at)}-`)));
        const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
        // A client that is cut off is reset.
        socket.on('error', () => undefined);
        socket.write('GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        await once(socket, 'readable');
        clients.push({ socket, answeredAt: performance.now() });
      }
      expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
      const recent = performance.now() - UNREAD_MS;
      const received = await Promise.all(clients.map(({ socket }) => receive(socket)));
      const isWhole = received.map(({ length, expected }) => length === expected);
      const fitting = Math.floor(67_108_864 / (received.at(-1)?.expected ?? 0));
      expect(fitting).toBeLessThan(15);
      expect(isWhole.slice(0, -fitting)).not.toContain(true);
      expect(
        isWhole.filter((_, at) => at >= 15 - fitting && (clients[at]?.answeredAt ?? 0) > recent),
      ).not.toContain(false);
      expect(isWhole.at(-1)).toBe(true);
    },
    SLOW_TEST_MS,
  );

  /** How much of the body of an answer comes until the connection ends. */
  async function receive(socket: Socket): Promise<{ length: number; expected: number }> {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
    const bytes = Buffer.concat(chunks);
    const head = bytes.subarray(0, bytes.indexOf('\r\n\r\n')).toString();
    return {
      length: bytes.length - head.length - 4,
      expected: Number(/content-length: (\d+)/i.exec(head)?.[1]),
    };
  }
});
