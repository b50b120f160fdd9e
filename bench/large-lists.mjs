import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { load } from './load.mjs';
import { freePort, LOAD_CORE, startServer } from './processes.mjs';
import { start } from './servers.mjs';

/** 7.8 MB, about as much as a list may have. */
const MODELS = 70_000;
const SECONDS = 10;
const PROBE_EVERY_MS = 20;

/**
 * How long probes wait at the 99th percentile, ms, while callers with a credential each get large lists. The lists differ,
 * so that each is parsed.
 */
export async function measureHealth() {
  const port = await freePort();
  const provider = await startServer({
    command: process.execPath,
    args: [fileURLToPath(new URL('upstream.mjs', import.meta.url))],
    env: { PORT: port, MODELS, CHANGES: 'true' },
    core: LOAD_CORE,
    port,
  });
  const gateway = await start('gateway', provider, {}, '/healthz');
  try {
    const lists = { ...gateway, url: new URL('/v1/models', gateway.url).href };
    const probes = [];
    // None waits for the one before: that would count a stall once.
    const probing = setInterval(() => probes.push(waitFor(gateway.url)), PROBE_EVERY_MS);
    // On a slow machine some time out, which is load as well.
    const { requests, failed } = await load(lists, {
      keys: 'different',
      seconds: SECONDS,
      mayFail: true,
    }).finally(() => clearInterval(probing));
    if (requests <= failed) throw new Error('no large list was answered');
    const waits = await Promise.all(probes);
    return waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)];
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

/** How long a server takes to answer, ms. */
async function waitFor(url) {
  const started = performance.now();
  const { statusCode, body } = await request(url);
  await body.dump();
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
  return performance.now() - started;
}
