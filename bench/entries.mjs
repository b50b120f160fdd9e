import { createClient } from '@redis/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { withRedis } from './redis.mjs';
import { start, startUpstream } from './servers.mjs';

const KEY = { authorization: 'Bearer sk-one' };

/** What the list of one credential takes by the number of its models, in bytes: as JSON, in the gateway, in Redis. */
export async function measureEntries() {
  const entries = new Map();
  await withRedis(async (url) => {
    const redis = await createClient({ url }).connect();
    try {
      for (const models of [2, 100, 3000]) {
        await redis.flushAll();
        entries.set(models, await measureEntry(models, url, redis));
      }
    } finally {
      redis.destroy();
    }
  });
  return entries;
}

async function measureEntry(models, url, redis) {
  const upstream = await startUpstream(models);
  const variables = { CACHE_TTL_SECONDS: '600', REDIS_URL: url, REDIS_TIMEOUT_MS: '10000' };
  const gateway = await start('gateway', upstream, variables, '/healthz');
  try {
    const list = await fetch(new URL('/v1/models', gateway.url), { headers: KEY });
    const json = (await list.arrayBuffer()).byteLength;
    const metrics = await (await fetch(new URL('/metrics', gateway.url))).text();
    const memory = Number(/^models_gateway_cache_bytes (\S+)$/m.exec(metrics)?.[1]);
    return { json, memory, redis: await sizeOfTheEntry(redis) };
  } finally {
    await gateway.stop();
    await upstream.stop();
  }
}

/** The list is written behind the answer, and a lease is kept beside it for a moment. */
async function sizeOfTheEntry(redis) {
  for (let tries = 0; tries < 200; tries += 1) {
    const key = (await redis.keys('models-gateway:*')).find((name) => !name.includes(':lease:'));
    if (key !== undefined) return redis.sendCommand(['MEMORY', 'USAGE', key, 'SAMPLES', '0']);
    await sleep(10);
  }
  throw new Error('the gateway has written nothing to Redis');
}
