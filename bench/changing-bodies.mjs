import { fileURLToPath } from 'node:url';
import { load, median } from './load.mjs';
import { freePort, LOAD_CORE, startServer } from './processes.mjs';
import { start } from './servers.mjs';

const MODELS = 10;

/** The CPU a request with a provider that writes its rows anew each time, as vLLM does, over one that repeats them. */
export async function measureChangingBodies(rounds, seconds) {
  const running = [];
  try {
    const gateways = [];
    for (const changes of ['', 'true']) {
      const provider = await startVllm(changes);
      running.unshift(provider);
      const gateway = await start('gateway', provider, { MAIN_MODEL_ENGINE: 'vllm' });
      running.unshift(gateway);
      gateways.push(gateway);
      await load(gateway, { keys: 'different', seconds: 1 });
    }
    const runs = gateways.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, gateway] of gateways.entries())
        runs[index].push((await load(gateway, { keys: 'different', seconds })).cpu);
    }
    const [repeating, changing] = runs.map(median);
    return changing / repeating;
  } finally {
    for (const server of running) await server.stop();
  }
}

async function startVllm(changes) {
  const port = await freePort();
  return startServer({
    command: process.execPath,
    args: [fileURLToPath(new URL('vllm.mjs', import.meta.url))],
    env: { PORT: port, MODELS, CHANGES: changes },
    core: LOAD_CORE,
    port,
  });
}
