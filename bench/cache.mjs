import { setTimeout as sleep } from 'node:timers/promises';
import { load, medianOf, TOOL } from './load.mjs';
import { withRedis } from './redis.mjs';
import { start, startUpstream } from './servers.mjs';

const MODELS = 100;
const KEY = { authorization: 'Bearer sk-one' };

/** Measures answers out of the cache, by their source; 100 models, one credential. */
export async function measureCache(rounds, seconds) {
  const rows = new Map();
  const measure = async (server, options) => {
    await load(server, { ...options, seconds: 1 });
    const runs = [];
    for (let round = 0; round < rounds; round += 1) runs.push(await load(server, { ...options, seconds }));
    return medianOf(runs);
  };
  await withGateway({ CACHE_TTL_SECONDS: '600' }, async (server) => {
    const etag = (await prime(server, KEY)).headers.get('etag');
    rows.set('304', await measure(server, { keys: 'one', headers: { 'if-none-match': etag } }));
  });
  await withGateway({ CACHE_TTL_SECONDS: '1', CACHE_STALE_SECONDS: '600' }, async (server, upstream) => {
    await prime(server, KEY);
    await upstream.stop();
    await sleep(1100);
    rows.set('stale hit, provider down', await measure(server, { keys: 'one' }));
  });
  if (TOOL === 'wrk') {
    await withRedis(async (url) => {
      // In memory there is room for one entry, so that each request finds its list in Redis.
      const variables = { CACHE_TTL_SECONDS: '600', CACHE_MAX_ENTRIES: '1', REDIS_URL: url };
      await withGateway(variables, async (server) => {
        rows.set(
          'out of Redis, a thousand credentials with equal lists',
          await measure(server, { keys: 'kept' }),
        );
      });
    });
  }
  return rows;
}

async function withGateway(variables, measure) {
  const upstream = await startUpstream(MODELS);
  const server = await start('gateway', upstream, variables);
  try {
    await measure(server, upstream);
  } finally {
    await server.stop();
    await upstream.stop();
  }
}

async function prime(server, headers) {
  const response = await fetch(server.url, { headers });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${server.url} answered ${response.status}`);
  return response;
}
