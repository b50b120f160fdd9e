import type { CacheResult } from '../../cache/list-cache.js';
import type { MissingProviders } from '../missing-providers.js';

/** The name of this cache in `Cache-Status`. */
const CACHE_NAME = 'models-gateway';

/** What the headers of an answer say of its list. */
export interface ListOrigin {
  readonly cacheResult: CacheResult<unknown> | undefined;
  readonly missing: MissingProviders | undefined;
}

/** The headers that say how fresh and how complete a list is; undefined for none. */
export function listHeaders({ cacheResult, missing }: ListOrigin): Record<string, string> | undefined {
  if (missing !== undefined) {
    // A cache would keep serving the incomplete list after the missing providers have recovered.
    return { 'x-models-incomplete': String(missing), 'cache-control': 'no-store' };
  }
  return cacheResult && cacheHeaders(cacheResult);
}

/**
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
