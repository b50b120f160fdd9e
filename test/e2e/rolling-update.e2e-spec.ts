import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { json, silence, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { startLoadBalancer } from '../support/load-balancer.js';
import type { LoadBalancer } from '../support/load-balancer.js';
import { started } from '../support/scenario.js';
import { startProcess, untilAlive } from '../support/start-process.js';
import type { ServiceProcess } from '../support/start-process.js';
import { startSteadyLoad } from '../support/steady-load.js';
import type { SteadyLoad } from '../support/steady-load.js';

const TEST_MS = 90_000;
/** Far more than a load balancer that asks all the time needs to notice, also on a busy machine. */
const SHUTDOWN_DELAY_MS = 1500;
const NEVER_MS = 3_600_000;
/** Requests between two events: each process gets its part of them. */
const ENOUGH = 100;
/** How long the provider takes, so that there are always requests under way. */
const ANSWER_MS = 20;

let main: string;
let folder: string;
let upstream: FakeUpstream;

beforeAll(async () => {
  main = await builtService();
}, BUILD_MS);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-gateway-'));
  const list = json({ data: [{ id: 'a' }] });
  upstream = await started(
    startFakeUpstream((request, response) => {
      setTimeout(() => {
        list(request, response);
      }, ANSWER_MS);
    }),
  );
});

afterEach(() => rm(folder, { recursive: true }));

/** Starts a process that gets its part of the requests. */
async function startBehind(balancer: LoadBalancer, shutdownDelayMs: number): Promise<ServiceProcess> {
  const running = await started(
    startProcess(main, folder, {
      MAIN_MODEL_ENGINE: 'vllm',
      MAIN_MODEL_BASE_URL: upstream.url,
      UPSTREAM_TIMEOUT_MS: '60000',
      SHUTDOWN_DELAY_MS: String(shutdownDelayMs),
    }),
  );
  await untilAlive(running);
  await balancer.add(running.url);
  return running;
}

function load(balancer: LoadBalancer): Promise<SteadyLoad> {
  return started(Promise.resolve(startSteadyLoad(`${balancer.url}/v1/models`)));
}

describe('replacing one process after the other under load', () => {
  it(
    'loses no request',
    async () => {
      const balancer = await started(startLoadBalancer());
      const first = await startBehind(balancer, SHUTDOWN_DELAY_MS);
      const second = await startBehind(balancer, SHUTDOWN_DELAY_MS);
      const clients = await load(balancer);
      for (const old of [first, second]) {
        await clients.more(ENOUGH);
        old.signal('SIGTERM');
        await balancer.removed(old.url);
        await startBehind(balancer, SHUTDOWN_DELAY_MS);
        const { code, stderr } = await old.exited;
        expect([code, stderr]).toEqual([0, '']);
      }
      await clients.more(ENOUGH);
      expect(clients.failures).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'loses requests when a process stops before the load balancer notices',
    async () => {
      const balancer = await started(startLoadBalancer(NEVER_MS));
      const first = await startBehind(balancer, 0);
      await startBehind(balancer, 0);
      const clients = await load(balancer);
      await clients.more(ENOUGH);
      expect(clients.failures).toEqual([]);
      first.signal('SIGTERM');
      await clients.failed();
      expect((await first.exited).code).toBe(0);
    },
    TEST_MS,
  );

  it(
    'loses requests when a process is killed',
    async () => {
      const balancer = await started(startLoadBalancer());
      const first = await startBehind(balancer, SHUTDOWN_DELAY_MS);
      await startBehind(balancer, SHUTDOWN_DELAY_MS);
      upstream.answer(silence);
      const clients = await load(balancer);
      await balancer.busy(first.url);
      expect(clients.failures).toEqual([]);
      first.signal('SIGKILL');
      await clients.failed();
      expect((await first.exited).code).toBeNull();
    },
    TEST_MS,
  );
});
