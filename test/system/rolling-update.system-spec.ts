import { beforeAll, beforeEach, expect, it } from '@jest/globals';
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
import { temporaryFolder } from '../support/temporary-folder.js';

const TEST_MS = 120_000;
/** HAProxy checks every 150 ms; this is far more than two checks need, also on a busy machine. */
const SHUTDOWN_DELAY_MS = 3000;
const FALL = 2;
const NEVER_FALLS = 100_000;
/** Requests between two events: each process gets a share of them. */
const ENOUGH = 300;

const folder = temporaryFolder();
let main: string;
let upstream: FakeUpstream;

beforeAll(async () => {
  main = await builtService();
}, BUILD_MS);

beforeEach(async () => {
  upstream = await started(startFakeUpstream(json({ data: [{ id: 'a' }] })));
});

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

/** Two processes, by their ports. */
async function startGateways(shutdownDelayMs?: number): Promise<[number, ServiceProcess][]> {
  const ports = [await freePort(), await freePort()];
  return Promise.all(
    ports.map(async (port): Promise<[number, ServiceProcess]> => [
      port,
      await startGateway(port, shutdownDelayMs),
    ]),
  );
}

async function startHaproxyBefore(
  gateways: readonly [number, ServiceProcess][],
  fall: number,
): Promise<{ haproxy: Haproxy; clients: SteadyLoad }> {
  const ports = gateways.map(([port]) => port);
  const haproxy = await started(startHaproxy(ports, fall));
  for (const port of ports) await haproxy.isUp(port);
  return { haproxy, clients: await startLoad(haproxy.urls) };
}

describeWithProgram('haproxy', 'REQUIRE_HAPROXY', 'a rolling update behind HAProxy', () => {
  describeWithProgram('nginx', 'REQUIRE_NGINX', 'and nginx', () => {
    it(
      'loses no request, however HAProxy reuses connections, until a process is killed',
      async () => {
        const gateways = await startGateways();
        const ports = gateways.map(([port]) => port);
        const { haproxy, clients } = await startHaproxyBefore(gateways, FALL);
        const nginx = await started(startNginx(ports));
        // nginx closes idle connections of its clients when it reloads its configuration.
        const clientsOfNginx = await startLoad([nginx.url], false);
        const both = [clients, clientsOfNginx];
        const enough = (): Promise<unknown> => Promise.all(both.map((each) => each.more(ENOUGH)));
        const after: ServiceProcess[] = [];
        for (const [port, gateway] of gateways) {
          for (const each of both) each.hurry(true);
          await enough();
          gateway.signal('SIGTERM');
          await enough();
          for (const each of both) each.hurry(false);
          await nginx.use(ports.filter((each) => each !== port));
          await stopped(gateway);
          after.push(await startGateway(port));
          await haproxy.isUp(port);
          await nginx.use(ports);
        }
        await enough();
        expect(both.map(({ failures }) => failures)).toEqual([[], []]);
        after[0]?.signal('SIGKILL');
        await Promise.all(both.map((each) => each.failed()));
      },
      TEST_MS,
    );
  });

  it(
    'loses requests when a process stops before HAProxy notices',
    async () => {
      const gateways = await startGateways(0);
      const { clients } = await startHaproxyBefore(gateways, NEVER_FALLS);
      await clients.more(ENOUGH);
      expect(clients.failures).toEqual([]);
      gateways[0]?.[1].signal('SIGTERM');
      await clients.failed();
    },
    TEST_MS,
  );
});
