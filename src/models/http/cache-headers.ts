import type { CacheResult } from '../../cache/list-cache.js';

/** The name of this cache in `Cache-Status`. */
const CACHE_NAME = 'models-gateway';

/**
 * What an answer tells of its way through the cache.
 * @see https://www.rfc-editor.org/rfc/rfc9111 Age and Cache-Control
 * @see https://www.rfc-editor.org/rfc/rfc9211 Cache-Status
 */
export function cacheHeaders({
  ageMs,
  ttlMs,
  forward,
  collapsed,
}: CacheResult<unknown>): Record<string, string> {
  // Rounded away from zero: a fresh list never looks stale, nor a stale one fresh.
  const ttl = ttlMs > 0 ? Math.ceil(ttlMs / 1000) : Math.floor(ttlMs / 1000);
  const status =
    forward === undefined
      ? `hit; ttl=${String(ttl)}`
      : `fwd=${forward}; stored${collapsed ? '; collapsed' : ''}; ttl=${String(ttl)}`;
  return {
    // Private: the list is what one credential sees.
    'cache-control': `private, max-age=${String(Math.max(0, ttl))}`,
    age: String(Math.floor(ageMs / 1000)),
    'cache-status': `${CACHE_NAME}; ${status}`,
  };
}
