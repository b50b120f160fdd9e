import { RedisStore } from '../cache/redis.store.js';
import type { CacheConfig } from '../config/cache.config.js';
import { parseRedisUrl, REDIS_URL_FORM } from '../config/rules/redis-url.js';
import type { SecretFiles } from '../credentials/secret-files.js';
import { TlsSecrets } from '../credentials/tls-secrets.js';
import type { Metrics } from '../metrics/metrics.js';
import { listCodec } from './list-codec.js';
import type { ModelList } from './model-list.js';

/**
 * Opens the store that replicas share, and follows its files.
 * @returns undefined when the configuration has none
 */
export async function openSharedStore(
  { enabled, redisUrl, redisUrlFile, redisTlsFiles, redisTimeoutMs, ttlMs, staleMs }: CacheConfig,
  files: SecretFiles,
  metrics: Metrics | undefined,
): Promise<RedisStore<ModelList> | undefined> {
  if (!enabled) return undefined;
  const file =
    redisUrlFile === undefined ? undefined : files.open('REDIS_URL_FILE', redisUrlFile, REDIS_URL_FORM);
  const address = file?.current ?? (redisUrl === undefined ? undefined : parseRedisUrl(redisUrl));
  if (address === undefined) return undefined;
  const tls = new TlsSecrets(redisTlsFiles, files);
  const store = await RedisStore.connect({ address, tls: tls.current }, listCodec(), {
    timeoutMs: redisTimeoutMs,
    lifetimeMs: ttlMs + staleMs,
  });
  const move = (): void => {
    store.moveTo({ address: file?.current ?? address, tls: tls.current });
  };
  file?.onChange(move);
  tls.onChange(move);
  metrics?.watchSharedCache(() => store.isUp);
  return store;
}
