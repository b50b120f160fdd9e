import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { load } from './load.mjs';
import { freePort, LOAD_CORE, startServer } from './processes.mjs';
import { start } from './servers.mjs';

/** 7.8 MB, about as much as a list may have. */
const MODELS = 70_000;
const SECONDS = 10;
const PROBE_PAUSE_MS = 10;

/**
 * How long probes wait at the 99th percentile, ms, while callers with a credential each get large lists. The lists differ,
 * so that each is parsed. One probe follows another, so that a long stall is one wait.
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
    const waits = [];
    while (!isDone) {
      const started = performance.now();
      const { statusCode, body } = await request(probed);
      await body.dump();
      if (statusCode !== 200) throw new Error(`${probed} answered ${statusCode}`);
      waits.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS));
    }
    const { requests, refused } = await loading;
    if (requests === refused) throw new Error('no large list was answered');
    return waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)];
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}
