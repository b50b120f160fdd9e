import { expect } from '@jest/globals';
import type { RedisTarget } from '../../src/cache/redis-client.js';
import { parseRedisUrl } from '../../src/config/rules/redis-url.js';
import { json } from './fake-upstream.js';
import type { FakeUpstream } from './fake-upstream.js';
import { logLines } from './log-lines.js';
import type { RedisServer } from './redis-server.js';
import { secret } from './start-gateway.js';
import type { Gateway } from './start-gateway.js';
import { until } from './until.js';

export const TTL_MS = 60_000;
export const STALE_MS = 600_000;

/** After a fail-over, replicas share lists again within this time. */
export const SHARED_AGAIN_MS = 5000;

/** For a Redis that does not answer. */
export const SHORT = { REDIS_TIMEOUT_MS: '300' };

export const KEY = { authorization: `Bearer ${secret('one')}` };
export const NO_CACHE = { 'cache-control': 'no-cache' };
export const OLD = json({ data: [{ id: 'old' }] });
export const NEW = json({ data: [{ id: 'new' }] });
export const HIT = 'models-gateway; hit; ttl=60';
export const MISS = 'models-gateway; fwd=miss; stored; ttl=60';
export const WORKS = 'Redis works again, lists are shared between replicas';

const ENTRY_KEY = /^models-gateway:v4:\{[\w-]{43}\}$/;

/** The variables of a replica in front of a provider; its times are longer than any operation takes. */
export function replicaEnv({ url }: FakeUpstream, redisUrl: string): Record<string, string> {
  return {
    MAIN_MODEL_ENGINE: 'vllm',
    MAIN_MODEL_BASE_URL: url,
    UPSTREAM_TIMEOUT_MS: '60000',
    UPSTREAM_MAX_RETRIES: '0',
    CACHE_TTL_SECONDS: '60',
    CACHE_STALE_SECONDS: '600',
    REDIS_URL: redisUrl,
    REDIS_TIMEOUT_MS: '10000',
  };
}

/** What a store needs to connect to a Redis. */
export function targetOf(url: string, tls: RedisTarget['tls'] = {}): RedisTarget {
  const address = parseRedisUrl(url);
  if (address === undefined) throw new Error(`${url} is no Redis URL`);
  return { address, tls };
}

/** Requests the list. */
export function ask(
  { url }: { readonly url: string },
  headers: Record<string, string> = KEY,
): Promise<Response> {
  return fetch(`${url}/v1/models`, { headers });
}

export function statusOf({ headers }: Response): string | null {
  return headers.get('cache-status');
}

/** Whether a key is that of a list. */
export function isEntry(key: string): boolean {
  return ENTRY_KEY.test(key);
}

/** The one entry in a Redis. */
export function entryKey(redis: RedisServer): Promise<string> {
  return until('an entry is stored, and its lease given back', async () => {
    const keys = await redis.keys();
    return keys.length === 1 && keys.find(isEntry);
  });
}

/** The loggers that write about Redis. */
export const REDIS_CONTEXT = /Redis(Store|Reconnector)/;

/** The messages of a gateway about its Redis. */
export function redisMessages(gateway: Gateway): string[] {
  return logLines(gateway).flatMap(({ context, msg }) =>
    REDIS_CONTEXT.test(String(context)) ? [String(msg)] : [],
  );
}

/** Matches the message that a Redis fails for a reason. */
export function failing(reason: RegExp): { asymmetricMatch(message: unknown): boolean } {
  const prefix = 'Redis does not work, lists are not shared between replicas: ';
  return expect.stringMatching(new RegExp(`^${prefix}(${reason.source})$`));
}

/** The number of commands of this name; undefined when there was none. */
export async function commandCount(redis: RedisServer, command: string): Promise<number | undefined> {
  const stats = String(await redis.command('INFO', 'commandstats'));
  const calls = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1];
  return calls === undefined ? undefined : Number(calls);
}

/** Resolves when this many commands of this name have arrived. */
export async function untilCommands(redis: RedisServer, command: string, count: number): Promise<void> {
  await until(
    `${command} has come ${String(count)} times`,
    async () => ((await commandCount(redis, command)) ?? 0) >= count,
  );
}
