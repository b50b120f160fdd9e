import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { load } from './load.mjs';
import { freePort, LOAD_CORE, startServer } from './processes.mjs';
import { start } from './servers.mjs';

/** 7.8 MB, about as much as a list may have. */
const MODELS = 70_000;
const SECONDS = 10;
const PROBE_INTERVAL_MS = 20;

/**
 * How long probes wait at the 99th percentile, ms, while callers with a credential each get large lists. The lists differ,
 * so that each is parsed. Probes come at fixed times, by connections of their own, and none waits for the one before: a
 * long stall is many long waits. And how many lists were answered meanwhile, and how many took too long.
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
    const probed = gateway.url;
    const lists = { ...gateway, url: new URL('/v1/models', gateway.url).href };
    let isDone = false;
    // On a slow machine some time out, which is load as well.
    const loading = load(lists, { keys: 'different', seconds: SECONDS, mayFail: true }).finally(() => {
      isDone = true;
    });
    const probes = [];
    const started = performance.now();
    while (!isDone) {
      const due = started + probes.length * PROBE_INTERVAL_MS;
      await sleep(Math.max(0, due - performance.now()));
      probes.push(waitOf(probed, due));
    }
    const waits = await Promise.all(probes);
    const { requests, refused } = await loading;
    const answered = requests - refused;
    if (answered === 0) throw new Error('no large list was answered');
    return { p99: waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)], answered, refused };
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

/** How long an answer takes, counted from when it should have been asked for, ms; infinite when there is none. */
async function waitOf(url, due) {
  try {
    const { statusCode, body } = await request(url, { reset: true });
    await body.dump();
    return statusCode === 200 ? performance.now() - due : Infinity;
  } catch {
    return Infinity;
  }
}
