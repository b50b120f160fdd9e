import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { failureOf, idsOf } from '../support/answers.js';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { startProcess, untilAlive } from '../support/start-process.js';
import type { ServiceProcess } from '../support/start-process.js';

/** The default of UPSTREAM_MAX_RESPONSE_BYTES. */
const LIMIT = 10_485_760;
const INVALID = [502, 'upstream_invalid_response'];
/** How long `/healthz` may wait, ms. */
const PATIENCE_MS = 500;
const SLOW_TEST_MS = 180_000;

/** A body of the largest size, made of as many pieces as fit. */
function filled(start: string, piece: string, end: string): string {
  return start + piece.repeat(Math.floor((LIMIT - start.length - end.length) / piece.length)) + end;
}

function rows(count: number): string {
  const data = Array.from({ length: count }, (_, at) => ({
    id: `m${String(at)}`,
    object: 'model',
    created: 1,
  }));
  return JSON.stringify({ object: 'list', data });
}

const RUBBISH = filled('{"data":[', '{},', '{"id":"a"}]}');
const NESTED = `${'['.repeat(LIMIT / 2)}${']'.repeat(LIMIT / 2)}`;

let upstream: FakeUpstream;
let service: ServiceProcess;

beforeAll(async () => {
  const main = await builtService();
  upstream = await startFakeUpstream();
  service = await startProcess(main, tmpdir(), {
    NODE_OPTIONS: '--max-old-space-size=256',
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

function list(): Promise<Response> {
  keys += 1;
  return fetch(`${service.url}/v1/models`, { headers: { authorization: `Bearer key-${String(keys)}` } });
}

/** The longest that the main thread had `/healthz` wait until some work was done, ms. */
async function longestWait(work: () => Promise<unknown>): Promise<number> {
  const { url, pid } = service;
  const probe = new Worker(new URL('../support/health-probe.mjs', import.meta.url), {
    workerData: { url, pid },
  });
  await once(probe, 'online');
  await work();
  const answered = once(probe, 'message') as Promise<[longest: number]>;
  probe.postMessage('over');
  const [longest] = await answered;
  return longest;
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
      upstream.answer(answer(rows(20_000)));
      expect(await idsOf(await list())).toHaveLength(20_000);
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
    'does not hold up /healthz, nor do 32 at once',
    async () => {
      upstream.answer(answer(RUBBISH));
      const read = async (): Promise<void> => {
        await (await list()).arrayBuffer();
      };
      expect(await longestWait(() => Promise.all(Array.from({ length: 32 }, read)))).toBeLessThan(
        PATIENCE_MS,
      );
      upstream.answer(answer(rows(20_000)));
      expect(await longestWait(read)).toBeLessThan(PATIENCE_MS);
    },
    SLOW_TEST_MS,
  );
});
