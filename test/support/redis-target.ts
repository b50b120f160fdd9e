import type { RedisTarget, TlsOptions } from '../../src/cache/redis-client.js';
import type { RedisAddress } from '../../src/config/rules/redis-url.js';

/** Where a Redis is: one server on the host `a`, unless some of that is different. */
export function redisTarget(different: Partial<RedisAddress> = {}, tls: TlsOptions = {}): RedisTarget {
  const address = {
    kind: 'server' as const,
    tls: false,
    username: undefined,
    password: undefined,
    hosts: [{ host: 'a', port: 6379 }],
    primaryName: undefined,
    database: 0,
    ...different,
  };
  return { address, tls };
}

/** The same for the server on another host. */
export function targetAt(host: string): RedisTarget {
  return redisTarget({ hosts: [{ host, port: 6379 }] });
}
