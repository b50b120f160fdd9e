import type { ConfigType } from '@nestjs/config';
import { IsCertificatesFile, IsClientCertificateFile, IsClientKeyFile } from './rules/pem.js';
import { IsRedisUrl } from './rules/redis-url.js';
import { IsWholeNumber } from './rules/scalars.js';
import type { TlsFiles } from './tls-files.js';
import { registerVariables } from './variables.js';

const A_YEAR_SECONDS = 31_536_000;

class CacheVariables {
  @IsWholeNumber(0, A_YEAR_SECONDS)
  CACHE_TTL_SECONDS = 0;

  @IsWholeNumber(0, A_YEAR_SECONDS)
  CACHE_STALE_SECONDS = 0;

  @IsWholeNumber(1, 1_000_000)
  CACHE_MAX_ENTRIES = 1000;

  @IsWholeNumber(1, 1_000_000_000_000)
  CACHE_MAX_BYTES = 67_108_864;

  @IsRedisUrl()
  REDIS_URL?: string;

  /** Declared by `IsRedisUrl`. */
  REDIS_URL_FILE?: string;

  @IsCertificatesFile()
  REDIS_TLS_CA_FILE?: string;

  @IsClientCertificateFile()
  REDIS_TLS_CERT_FILE?: string;

  @IsClientKeyFile()
  REDIS_TLS_KEY_FILE?: string;

  @IsWholeNumber(1, 60_000)
  REDIS_TIMEOUT_MS = 250;
}

/** How long a list is kept, and where replicas share it. */
export const cacheConfig = registerVariables('cache', CacheVariables, (variables) => ({
  /** Without a lifetime the cache is off. */
  enabled: variables.CACHE_TTL_SECONDS > 0,
  ttlMs: variables.CACHE_TTL_SECONDS * 1000,
  staleMs: variables.CACHE_STALE_SECONDS * 1000,
  maxEntries: variables.CACHE_MAX_ENTRIES,
  /** Of the lists of all engines together. */
  maxBytes: variables.CACHE_MAX_BYTES,
  redisUrl: variables.REDIS_URL,
  /** The path of a file that holds the URL. */
  redisUrlFile: variables.REDIS_URL_FILE,
  redisTlsFiles: {
    authorities: { variable: 'REDIS_TLS_CA_FILE', path: variables.REDIS_TLS_CA_FILE },
    certificate: { variable: 'REDIS_TLS_CERT_FILE', path: variables.REDIS_TLS_CERT_FILE },
    key: { variable: 'REDIS_TLS_KEY_FILE', path: variables.REDIS_TLS_KEY_FILE },
  } satisfies TlsFiles,
  redisTimeoutMs: variables.REDIS_TIMEOUT_MS,
}));
export type CacheConfig = ConfigType<typeof cacheConfig>;
