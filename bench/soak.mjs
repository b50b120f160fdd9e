// Many requests, each with a key of its own and a list of its own, through a gateway with the cache on and a small
// heap: the memory must not grow. All of it on this machine.
//   node bench/soak.mjs [--requests 300000] [--first 50000] [--models 20] [--connections 32] [--minutes 30]
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { freePort, residentMebibytes, startServer } from './processes.mjs';

const MAX_REQUESTS = 5_000_000;
const MAX_MINUTES = 120;
const HEAP_MEBIBYTES = 256;
/** How much more memory the end may take than the first requests did. */
const GROWTH = 0.1;
/** Memory moves with each garbage collection: the median of so many samples counts, as the requests go on. */
const SAMPLES = 20;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '300000' },
    first: { type: 'string', default: '50000' },
    models: { type: 'string', default: '20' },
    connections: { type: 'string', default: '32' },
    minutes: { type: 'string', default: '30' },
  },
});
const requests = number('requests', MAX_REQUESTS);
const first = number('first', requests - 1);
const models = number('models', 100_000);
const connections = number('connections', 1000);
const minutes = number('minutes', MAX_MINUTES);

function number(name, most) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0 && value <= most) return value;
  throw new Error(`--${name} must be a whole number from 1 to ${most}`);
}

/** A provider whose list says whose it is. */
async function startProvider() {
  const server = createServer(({ headers }, response) => {
    const key = headers.authorization?.split(' ')[1] ?? 'none';
    const data = Array.from({ length: models }, (_, index) => ({
      id: `${key}/model-${index}-instruct`,
      object: 'model',
      created: 1_700_000_000 + index,
      owned_by: `vendor-${key}`,
    }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ object: 'list', data }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function startGateway(provider) {
  const port = await freePort();
  return startServer({
    command: process.execPath,
    args: [
      `--max-old-space-size=${HEAP_MEBIBYTES}`,
      fileURLToPath(new URL('../dist/main.js', import.meta.url)),
    ],
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: port,
      MAIN_MODEL_ENGINE: 'openai',
      MAIN_MODEL_BASE_URL: provider.url,
      CACHE_TTL_SECONDS: '3600',
      CACHE_STALE_SECONDS: '3600',
      // Large lists take this machine longer than clients would wait.
      UPSTREAM_TIMEOUT_MS: '60000',
    },
    port,
    // The first list is that of a key.
    path: '/healthz',
  });
}

/** Sends requests, each with the next key, until so many are answered. */
async function soak(gateway, from, to, onAnswer) {
  const pool = new Pool(new URL(gateway.url).origin, { connections });
  let next = from;
  const client = async () => {
    while (next < to && performance.now() < deadline) {
      const key = `sk-${next}`;
      next += 1;
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: '/v1/models',
        headers: { authorization: `Bearer ${key}` },
      });
      const text = await body.text();
      if (statusCode !== 200 || !text.includes(`"${key}/model-0-`)) {
        throw new Error(`the answer to ${key} is not its list: ${statusCode} ${text.slice(0, 200)}`);
      }
      onAnswer();
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  await pool.close();
  if (performance.now() >= deadline) throw new Error(`not done after ${minutes} minutes`);
}

/** Sends requests, and gives the median of the memory during the last tenth of them, MiB. */
async function memoryAfter(gateway, from, to) {
  const every = Math.max(1, Math.floor((to - from) / 10 / SAMPLES));
  const samples = [];
  let answered = 0;
  await soak(gateway, from, to, () => {
    answered += 1;
    if (answered > (to - from) * 0.9 && answered % every === 0) samples.push(residentMebibytes(gateway.pid));
  });
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)];
}

async function keptMebibytes(gateway) {
  const text = await (await fetch(new URL('/metrics', gateway.url))).text();
  return Number(/^models_gateway_cache_bytes (\d+)/m.exec(text)?.[1] ?? NaN) / 2 ** 20;
}

const deadline = performance.now() + minutes * 60_000;
const provider = await startProvider();
const gateway = await startGateway(provider);
try {
  const before = await memoryAfter(gateway, 0, first);
  console.log(
    `after ${first} requests: ${before.toFixed(0)} MiB, lists ${(await keptMebibytes(gateway)).toFixed(1)} MiB`,
  );
  const after = await memoryAfter(gateway, first, requests);
  console.log(
    `after ${requests} requests: ${after.toFixed(0)} MiB, lists ${(await keptMebibytes(gateway)).toFixed(1)} MiB`,
  );
  const growth = after / before - 1;
  console.log(`growth: ${(growth * 100).toFixed(1)} %, at most ${GROWTH * 100} %`);
  process.exitCode = growth <= GROWTH ? 0 : 1;
} catch (error) {
  throw gateway.ending === undefined
    ? error
    : new Error(`the gateway has ended: ${gateway.ending}`, { cause: error });
} finally {
  await gateway.stop();
  provider.close();
}
