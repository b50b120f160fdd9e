import { describe, expect, it } from '@jest/globals';
import type { CacheResult } from '../../cache/list-cache.js';
import { MissingProviders } from '../missing-providers.js';
import { cacheHeaders, listHeaders } from './list-headers.js';

const FETCHED: CacheResult<string> = {
  value: '',
  ageMs: 0,
  ttlMs: 60_000,
  forward: 'miss',
  collapsed: false,
};
const KEPT: CacheResult<string> = { ...FETCHED, forward: undefined };

describe('cacheHeaders', () => {
  it.each<[string, CacheResult<string>, Record<string, string>]>([
    [
      'a list that was fetched and stored',
      FETCHED,
      {
        'cache-control': 'private, max-age=60',
        age: '0',
        'cache-status': 'models-gateway; fwd=miss; stored; ttl=60',
      },
    ],
    [
      'a kept list',
      { ...KEPT, ageMs: 15_000, ttlMs: 45_000 },
      { 'cache-control': 'private, max-age=45', age: '15', 'cache-status': 'models-gateway; hit; ttl=45' },
    ],
    [
      'a part of a second',
      { ...KEPT, ageMs: 15_001, ttlMs: 44_999 },
      { 'cache-control': 'private, max-age=45', age: '15', 'cache-status': 'models-gateway; hit; ttl=45' },
    ],
    [
      'the last moment of being fresh',
      { ...KEPT, ageMs: 59_999, ttlMs: 1 },
      { 'cache-control': 'private, max-age=1', age: '59', 'cache-status': 'models-gateway; hit; ttl=1' },
    ],
    [
      'the end of being fresh',
      { ...KEPT, ageMs: 60_000, ttlMs: 0 },
      { 'cache-control': 'private, max-age=0', age: '60', 'cache-status': 'models-gateway; hit; ttl=0' },
    ],
    [
      'the first moment of being stale',
      { ...KEPT, ageMs: 60_001, ttlMs: -1 },
      { 'cache-control': 'private, max-age=0', age: '60', 'cache-status': 'models-gateway; hit; ttl=-1' },
    ],
    [
      'a stale list',
      { ...KEPT, ageMs: 100_000, ttlMs: -40_000 },
      { 'cache-control': 'private, max-age=0', age: '100', 'cache-status': 'models-gateway; hit; ttl=-40' },
    ],
  ])('describe %s', (_name, found, headers) => {
    expect(cacheHeaders(found)).toEqual(headers);
  });

  it.each<[string, Partial<CacheResult<string>>]>([
    ['fwd=miss; stored; ttl=60', { forward: 'miss' }],
    ['fwd=stale; stored; ttl=60', { forward: 'stale' }],
    ['fwd=request; stored; ttl=60', { forward: 'request' }],
    ['fwd=miss; stored; collapsed; ttl=60', { forward: 'miss', collapsed: true }],
    ['hit; ttl=60', { forward: undefined }],
    // Shared with another caller; the list came from another replica, so the provider was not asked.
    ['hit; ttl=60', { forward: undefined, collapsed: true }],
  ])('has the status %s', (status, found) => {
    expect(cacheHeaders({ ...FETCHED, ...found })['cache-status']).toBe(`models-gateway; ${status}`);
  });
});

describe('listHeaders', () => {
  const missing = new MissingProviders(
    new Map([
      ['openai', 'upstream_timeout'],
      ['groq', 'overloaded'],
    ]),
    () => true,
  );

  it.each([
    ['a list out of the cache', { cacheResult: KEPT, missing: undefined }, cacheHeaders(KEPT)],
    [
      'a list that lacks models',
      { cacheResult: KEPT, missing },
      { 'x-models-incomplete': 'openai=upstream_timeout,groq=overloaded', 'cache-control': 'no-store' },
    ],
    ['a list where nothing is cached', { cacheResult: undefined, missing: undefined }, undefined],
  ])('of %s', (_name, origin, headers) => {
    expect(listHeaders(origin)).toEqual(headers);
  });
});
