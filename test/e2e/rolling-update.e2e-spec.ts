import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { startHaproxy } from '../support/haproxy.js';
import type { Haproxy } from '../support/haproxy.js';
import { startNginx } from '../support/nginx.js';
import { describeWithProgram } from '../support/program.js';
import { started } from '../support/scenario.js';
import { freePort, startProcess, untilAlive } from '../support/start-process.js';
import type { ServiceProcess } from '../support/start-process.js';
import { startSteadyLoad } from '../support/steady-load.js';
import type { SteadyLoad } from '../support/steady-load.js';

const TEST_MS = 120_000;
/** HAProxy checks every 300 ms; this is far more than two checks need, also on a busy machine. */
const SHUTDOWN_DELAY_MS = 5000;
const FALL = 2;
const NEVER_FALLS = 100_000;
/** Requests between two events: each process gets a share of them. */
const ENOUGH = 500;

let main: string;
let folder: string;
let upstream: FakeUpstream;

beforeAll(async () => {
  main = await builtService();
}, BUILD_MS);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-gateway-'));
  upstream = await started(startFakeUpstream(json({ data: [{ id: 'a' }] })));
});

afterEach(() => rm(folder, { recursive: true }));

async function startGateway(port: number, shutdownDelayMs = SHUTDOWN_DELAY_MS): Promise<ServiceProcess> {
  const gateway = await started(
    startProcess(main, folder, {
      PORT: String(port),
      MAIN_MODEL_ENGINE: 'vllm',
      MAIN_MODEL_BASE_URL: upstream.url,
      UPSTREAM_TIMEOUT_MS: '60000',
      SHUTDOWN_DELAY_MS: String(shutdownDelayMs),
      LOG_LEVEL: 'warn',
    }),
  );
  await untilAlive(gateway);
  return gateway;
}

async function stopped({ exited }: ServiceProcess): Promise<void> {
  const { code, stderr } = await exited;
  expect([code, stderr]).toEqual([0, '']);
}

function startLoad(urls: readonly string[], keepAlive?: boolean): Promise<SteadyLoad> {
  const lists = urls.map((url) => `${url}/v1/models`);
  return started(Promise.resolve(startSteadyLoad(lists, keepAlive)));
}

describeWithProgram('haproxy', 'REQUIRE_HAPROXY', 'a rolling update behind HAProxy', () => {
  async function startBehind(
    fall: number,
    shutdownDelayMs?: number,
  ): Promise<{ gateways: [number, ServiceProcess][]; haproxy: Haproxy; clients: SteadyLoad }> {
    const ports = [await freePort(), await freePort()];
    const gateways: [number, ServiceProcess][] = [];
    for (const port of ports) gateways.push([port, await startGateway(port, shutdownDelayMs)]);
    const haproxy = await started(startHaproxy(ports, fall));
    for (const port of ports) await haproxy.isUp(port);
    return { gateways, haproxy, clients: await startLoad(haproxy.urls) };
  }

  it(
    'loses no request, however HAProxy reuses connections',
    async () => {
      const { gateways, haproxy, clients } = await startBehind(FALL);
      for (const [port, gateway] of gateways) {
        await clients.more(ENOUGH);
        gateway.signal('SIGTERM');
        await stopped(gateway);
        await startGateway(port);
        await haproxy.isUp(port);
      }
      await clients.more(ENOUGH);
      expect(clients.failures).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'loses requests when a process stops before HAProxy notices',
    async () => {
      const { gateways, clients } = await startBehind(NEVER_FALLS, 0);
      await clients.more(ENOUGH);
      expect(clients.failures).toEqual([]);
      gateways[0]?.[1].signal('SIGTERM');
      await clients.failed();
    },
    TEST_MS,
  );

  it(
    'loses requests when a process is killed',
    async () => {
      const { gateways, clients } = await startBehind(NEVER_FALLS);
      await clients.more(ENOUGH);
      expect(clients.failures).toEqual([]);
      gateways[0]?.[1].signal('SIGKILL');
      await clients.failed();
    },
    TEST_MS,
  );
});

describeWithProgram('nginx', 'REQUIRE_NGINX', 'a rolling update behind nginx', () => {
  it(
    'loses no request',
    async () => {
      const ports = [await freePort(), await freePort()];
      const gateways: [number, ServiceProcess][] = [];
      for (const port of ports) gateways.push([port, await startGateway(port)]);
      const nginx = await started(startNginx(ports));
      // nginx closes idle connections of its clients when it reloads its configuration.
      const clients = await startLoad([nginx.url], false);
      for (const [port, gateway] of gateways) {
        await clients.more(ENOUGH);
        gateway.signal('SIGTERM');
        await nginx.use(ports.filter((each) => each !== port));
        await stopped(gateway);
        await startGateway(port);
        await nginx.use(ports);
      }
      await clients.more(ENOUGH);
      expect(clients.failures).toEqual([]);
    },
    TEST_MS,
  );
});
