import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Caller, Task } from '../../test/support/task.js';
import { WAIT_ERRORS, WaitError } from '../../test/support/wait-errors.js';
import { Coalescer } from '../concurrency/coalescer.js';
import type { Work } from '../concurrency/coalescer.js';
import type { Clock } from '../concurrency/clock.js';
import { BoundedMap } from './bounded-map.js';
import { Footprint } from './footprint.js';
import { ListCache } from './list-cache.js';
import type { CacheResult, FailureEffect, Obtained, RateLimit, CacheSlot } from './list-cache.js';
import { MemoryBudget } from './memory-budget.js';
import type { Entry, Lease, SharedStore } from './shared-store.js';

const TTL_MS = 60_000;
const STALE_MS = 3_600_000;
const TIMEOUT_MS = 5000;
const FAILED = new Error('The provider answered 500.');
const REJECTED = new Error('The provider answered 403.');

/** Monotonic time, in ms. */
let now: number;
/** How far the time of day is ahead of it. */
let unixAhead: number;
const CLOCK: Clock = { monotonic: () => now, unix: () => now + unixAhead };

beforeEach(() => {
  now = 1_000_000;
  unixAhead = 1_800_000_000_000;
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'Date'] });
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** A provider that answers at once with a list or an error. */
class Provider {
  requests = 0;
  answer: string | Error = 'list 1';

  readonly fetch: Work<string> = () => {
    this.requests += 1;
    return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer);
  };
}

/** Lets time pass, for timers as well. */
async function passing(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 25) {
    now += 25;
    await jest.advanceTimersByTimeAsync(25);
  }
}

/** Lets background work finish. */
async function settle(): Promise<void> {
  await jest.advanceTimersByTimeAsync(0);
}

interface Options {
  readonly staleMs?: number;
  readonly maxEntries?: number;
  readonly shared?: SharedStore<string>;
  readonly isWhole?: (value: string) => boolean;
}

/** A limit that the provider announces for this long. */
class LimitError extends Error implements RateLimit {
  constructor(
    readonly pauseMs: number | undefined,
    readonly bytes = 1000,
  ) {
    super('limited');
  }

  errorFor(remainingMs: number): Error {
    return new Error(`limited for ${String(remainingMs)} ms`);
  }
}

function effectOf(error: unknown): FailureEffect {
  if (error instanceof LimitError) return error;
  if (error === REJECTED) return 'drop';
  return error instanceof WaitError && error.failure === 'cancelled' ? 'none' : 'back_off';
}

function slots(maxEntries: number): BoundedMap<CacheSlot<string>> {
  const footprint = new Footprint(() => 0);
  return new BoundedMap(new MemoryBudget(1e9), maxEntries, () => footprint);
}

class Setup {
  readonly provider = new Provider();
  readonly cache: ListCache<string>;

  constructor({ staleMs = STALE_MS, maxEntries = 10, shared, isWhole }: Options = {}) {
    this.cache = new ListCache(
      { ttlMs: TTL_MS, staleMs, maxEntries },
      new Coalescer<Obtained<string>>(TIMEOUT_MS, WAIT_ERRORS),
      effectOf,
      slots(maxEntries),
      { shared, clock: CLOCK, isWhole },
    );
  }

  readonly get = (key = 'a', fetch = this.provider.fetch): Promise<CacheResult<string>> =>
    this.cache.get(key, fetch, new Caller(), false);

  readonly revalidate = (key = 'a', fetch = this.provider.fetch): Promise<CacheResult<string>> =>
    this.cache.get(key, fetch, new Caller(), true);
}

describe('without an entry, the cache', () => {
  it('asks the provider', async () => {
    const { get, provider } = new Setup();
    expect(await get()).toEqual({
      value: 'list 1',
      ageMs: 0,
      ttlMs: TTL_MS,
      forward: 'miss',
      collapsed: false,
    });
    expect(provider.requests).toBe(1);
  });

  it('asks once for callers of one key, and for each of two keys', async () => {
    const { get, provider } = new Setup();
    const results = await Promise.all([get('a'), get('a'), get('b'), get('a')]);
    expect(results.map(({ collapsed }) => collapsed)).toEqual([false, true, false, true]);
    expect(results.map(({ forward }) => forward)).toEqual(Array(4).fill('miss'));
    expect(provider.requests).toBe(2);
  });

  it.each([
    ['a failure', FAILED],
    ['a rejection', REJECTED],
  ])('relays %s and keeps nothing', async (_name, error) => {
    const { get, provider } = new Setup();
    provider.answer = error;
    await expect(get()).rejects.toBe(error);
    // In the same millisecond, too.
    provider.answer = 'list 2';
    expect(await get()).toMatchObject({ value: 'list 2', forward: 'miss' });
    expect(await get()).toMatchObject({ value: 'list 2', forward: undefined });
    expect(provider.requests).toBe(2);
  });
});

describe('a value that will soon have more', () => {
  const isWhole = (value: string): boolean => value !== 'half a list';

  it('serves its callers only', async () => {
    const store = new FakeStore();
    const { get, provider } = new Setup({ shared: store, isWhole });
    provider.answer = 'half a list';
    for (let requests = 1; requests < 3; requests += 1) {
      expect(await get()).toMatchObject({ value: 'half a list', forward: 'miss' });
      await settle();
      expect(provider.requests).toBe(requests);
    }
    expect(store.log).toEqual(['lease', 'get', 'release', 'lease', 'get', 'release']);
  });

  it('leaves a stale entry, and the next refresh comes after a pause', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const { get, provider } = new Setup({ isWhole });
    await get();
    now += TTL_MS;
    provider.answer = 'half a list';
    for (const [stepMs, requests] of [
      [0, 2],
      [999, 2],
      [1, 3],
      [1999, 3],
      [1, 4],
    ] as const) {
      now += stepMs;
      expect(await get()).toMatchObject({ value: 'list 1', forward: undefined });
      await settle();
      expect(provider.requests).toBe(requests);
    }
  });
});

describe('a fresh entry', () => {
  it('is served without a request, to the last millisecond', async () => {
    const { get, provider } = new Setup();
    await get();
    provider.answer = 'list 2';
    now += TTL_MS - 1;
    expect(await get()).toEqual({
      value: 'list 1',
      ageMs: TTL_MS - 1,
      ttlMs: 1,
      forward: undefined,
      collapsed: false,
    });
    expect(provider.requests).toBe(1);
  });

  it('is as old as the question, not as its answer', async () => {
    const { get } = new Setup();
    const task = new Task<string>();
    const asking = get('a', task.work);
    await settle();
    expect(task.starts).toBe(1);
    now += 3000;
    task.succeed('list');
    expect(await asking).toMatchObject({ ageMs: 3000, ttlMs: TTL_MS - 3000 });
  });

  it.each([-3_600_000, 3_600_000])(
    'ages as fast when the time of day is set by %i ms',
    async (milliseconds) => {
      const { get, provider } = new Setup();
      await get();
      provider.answer = REJECTED;
      unixAhead += milliseconds;
      now += TTL_MS - 1;
      expect(await get()).toMatchObject({ ageMs: TTL_MS - 1, forward: undefined });
      now += 1;
      await get();
      await settle();
      await expect(get()).rejects.toBe(REJECTED);
    },
  );
});

describe('a stale entry', () => {
  it('is served at once to all callers, while one refresh runs', async () => {
    const { get, provider } = new Setup();
    await get();
    now += TTL_MS;
    const refresh = new Task<string>();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await get('a', refresh.work)).toEqual({
        value: 'list 1',
        ageMs: TTL_MS,
        ttlMs: 0,
        forward: undefined,
        collapsed: false,
      });
    }
    expect(refresh.starts).toBe(1);
    now += 1000;
    refresh.succeed('list 2');
    await settle();
    expect(await get()).toMatchObject({ value: 'list 2', ageMs: 1000, forward: undefined });
    expect(provider.requests).toBe(1);
  });

  it('is served to the last millisecond, and not beyond', async () => {
    const { get, provider } = new Setup();
    await get();
    provider.answer = FAILED;
    now += TTL_MS + STALE_MS - 1;
    expect(await get()).toMatchObject({ value: 'list 1', ttlMs: 1 - STALE_MS });
    await settle();
    now += 1;
    await expect(get()).rejects.toBe(FAILED);
  });

  it('is served while a refresh hangs, and the next refresh begins after the deadline', async () => {
    const { get, provider } = new Setup();
    await get();
    now += TTL_MS;
    const hung = new Task<string>();
    expect(await get('a', hung.work)).toMatchObject({ value: 'list 1' });
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    now += TIMEOUT_MS;
    expect(hung.abortedFor).toBe('timeout');
    expect(await get()).toMatchObject({ value: 'list 1' });
    expect(provider.requests).toBe(2);
  });

  it('is not served without a stale time', async () => {
    const { get, provider } = new Setup({ staleMs: 0 });
    await get();
    provider.answer = 'list 2';
    now += TTL_MS;
    expect(await get()).toMatchObject({ value: 'list 2', ageMs: 0, forward: 'stale' });
  });
});

describe('an expired entry', () => {
  it('is fetched once while its callers wait', async () => {
    const { get, provider } = new Setup();
    await get();
    provider.answer = 'list 2';
    now += TTL_MS + STALE_MS;
    const results = await Promise.all([get(), get()]);
    expect(results).toEqual([
      { value: 'list 2', ageMs: 0, ttlMs: TTL_MS, forward: 'stale', collapsed: false },
      { value: 'list 2', ageMs: 0, ttlMs: TTL_MS, forward: 'stale', collapsed: true },
    ]);
    expect(provider.requests).toBe(2);
  });
});

describe('failing refreshes', () => {
  /** The milliseconds from each failed refresh to the next one. */
  async function pauses(count: number, random: number): Promise<number[]> {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    const { get, provider } = new Setup();
    await get();
    provider.answer = FAILED;
    now += TTL_MS;
    await get();
    await settle();
    const measured: number[] = [];
    while (measured.length < count) {
      const [failedAt, before] = [now, provider.requests];
      while (provider.requests === before && now < failedAt + 60_000) {
        now += 250;
        expect(await get()).toMatchObject({ value: 'list 1', forward: undefined });
        await settle();
      }
      measured.push(now - failedAt);
    }
    return measured;
  }

  it.each([
    ['longest', 1, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]],
    ['shortest', 0, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]],
  ])('are retried after growing pauses, these with the %s jitter', async (_name, random, expected) => {
    expect(await pauses(expected.length, random)).toEqual(expected);
  });

  it('start with short pauses again after a success', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const { get, provider } = new Setup();
    await get();
    now += TTL_MS;
    for (let failures = 0; failures < 4; failures += 1) {
      provider.answer = FAILED;
      await get();
      await settle();
      now += 30_000;
    }
    provider.answer = 'list 2';
    await get();
    await settle();
    expect(await get()).toMatchObject({ value: 'list 2', ageMs: 0 });
    provider.answer = FAILED;
    now += TTL_MS;
    await get();
    await settle();
    const { requests } = provider;
    now += 999;
    await get();
    expect(provider.requests).toBe(requests);
    now += 1;
    await get();
    expect(provider.requests).toBe(requests + 1);
  });

  it('of one key do not delay those of another', async () => {
    const { get, provider } = new Setup();
    await Promise.all([get('a'), get('b')]);
    now += TTL_MS;
    provider.answer = FAILED;
    await get('a');
    await settle();
    expect(provider.requests).toBe(3);
    await get('b');
    expect(provider.requests).toBe(4);
  });

  it('do not delay the fetch of an expired entry', async () => {
    const { get, provider } = new Setup();
    await get();
    provider.answer = FAILED;
    now += TTL_MS + STALE_MS - 1;
    await get();
    await settle();
    provider.answer = 'list 2';
    now += 1;
    expect(await get()).toMatchObject({ value: 'list 2', forward: 'stale' });
  });
});

describe('a rejection', () => {
  it('of a refresh drops the entry', async () => {
    const { get, provider } = new Setup();
    await get();
    now += TTL_MS;
    provider.answer = REJECTED;
    expect(await get()).toMatchObject({ value: 'list 1' });
    await settle();
    await expect(get()).rejects.toBe(REJECTED);
    provider.answer = 'list 2';
    expect(await get()).toMatchObject({ value: 'list 2', forward: 'miss' });
  });

  it('of a revalidation is relayed and drops the entry', async () => {
    const { get, revalidate, provider } = new Setup();
    await get();
    provider.answer = REJECTED;
    await expect(revalidate()).rejects.toBe(REJECTED);
    await expect(get()).rejects.toBe(REJECTED);
  });

  it('of one key does not affect the others', async () => {
    const { get, revalidate, provider } = new Setup();
    await Promise.all([get('a'), get('b')]);
    provider.answer = REJECTED;
    await expect(revalidate('a')).rejects.toBe(REJECTED);
    expect(await get('b')).toMatchObject({ value: 'list 1', forward: undefined });
  });
});

describe('a revalidation', () => {
  it('asks the provider although the entry is fresh, and replaces it', async () => {
    const { get, revalidate, provider } = new Setup();
    await get();
    now += 1000;
    provider.answer = 'list 2';
    expect(await revalidate()).toEqual({
      value: 'list 2',
      ageMs: 0,
      ttlMs: TTL_MS,
      forward: 'request',
      collapsed: false,
    });
    expect(await get()).toMatchObject({ value: 'list 2', forward: undefined });
  });

  it('without an entry asks the provider too', async () => {
    const { revalidate } = new Setup();
    expect(await revalidate()).toMatchObject({ value: 'list 1', forward: 'request' });
  });

  it('is shared by simultaneous callers', async () => {
    const { get, revalidate, provider } = new Setup();
    await get();
    const results = await Promise.all([revalidate(), revalidate()]);
    expect(results.map(({ collapsed }) => collapsed)).toEqual([false, true]);
    expect(provider.requests).toBe(2);
  });

  it('that fails is not answered from the cache, which stays unchanged', async () => {
    const { get, revalidate, provider } = new Setup();
    await get();
    provider.answer = FAILED;
    await expect(revalidate()).rejects.toBe(FAILED);
    expect(await get()).toMatchObject({ value: 'list 1', forward: undefined });
  });

  it('joins the refresh of a stale entry', async () => {
    const { get, revalidate } = new Setup();
    await get();
    now += TTL_MS;
    const refresh = new Task<string>();
    await get('a', refresh.work);
    const pending = revalidate('a', refresh.work);
    refresh.succeed('list 2');
    expect(await pending).toMatchObject({ value: 'list 2', forward: 'request', collapsed: true });
    expect(refresh.starts).toBe(1);
  });
});

describe('a caller that misses something in an entry', () => {
  const seek = ({ cache, provider }: Setup, fetch = provider.fetch): Promise<CacheResult<string>> =>
    cache.getNewer('a', fetch, new Caller());

  it('gets a new one, after five seconds', async () => {
    const setup = new Setup();
    await setup.get();
    now += 4999;
    expect(await seek(setup)).toMatchObject({ ageMs: 4999, forward: undefined });
    now += 1;
    expect(await seek(setup)).toMatchObject({ ageMs: 0, forward: 'request' });
    expect(setup.provider.requests).toBe(2);
  });

  it('asks as any other where there is none', async () => {
    const setup = new Setup();
    expect(await seek(setup)).toMatchObject({ forward: 'miss' });
  });

  it('waits as long after an attempt that failed, and as long as refreshes do', async () => {
    const setup = new Setup();
    await setup.get();
    setup.provider.answer = FAILED;
    now += 5000;
    await expect(seek(setup)).rejects.toBe(FAILED);
    now += 4999;
    expect(await seek(setup)).toMatchObject({ value: 'list 1', forward: undefined });
    for (let failure = 2; failure <= 6; failure += 1) {
      now += 30_000;
      await expect(seek(setup)).rejects.toBe(FAILED);
    }
    // By now refreshes pause for 15 to 30 s.
    now += 14_999;
    expect(await seek(setup)).toMatchObject({ value: 'list 1', forward: undefined });
    expect(setup.provider.requests).toBe(7);
  });

  it('shares a request that is under way, however soon', async () => {
    const setup = new Setup();
    await setup.get();
    now += 5000;
    const task = new Task<string>();
    const [first, second] = [seek(setup, task.work), seek(setup, task.work)];
    task.succeed('list 2');
    expect(await first).toMatchObject({ value: 'list 2', collapsed: false });
    expect(await second).toMatchObject({ value: 'list 2', collapsed: true });
    expect(task.starts).toBe(1);
  });

  it('does not ask while the provider is limiting', async () => {
    const setup = new Setup();
    await setup.get();
    now += 5000;
    setup.provider.answer = new LimitError(60_000);
    expect(await seek(setup)).toMatchObject({ value: 'list 1', forward: undefined });
    now += 10_000;
    expect(await seek(setup)).toMatchObject({ value: 'list 1', forward: undefined });
    expect(setup.provider.requests).toBe(2);
  });
});

describe('a rate limit', () => {
  it('leaves the entry, and delays the next request until it ends', async () => {
    const { get, revalidate, provider } = new Setup();
    await get();
    now += TTL_MS;
    provider.answer = new LimitError(30_000);
    await get();
    await settle();
    now += 29_999;
    expect(await get()).toMatchObject({ value: 'list 1', forward: undefined });
    expect(await revalidate()).toMatchObject({ value: 'list 1', forward: undefined });
    await settle();
    expect(provider.requests).toBe(2);
    provider.answer = 'list 2';
    now += 1;
    await get();
    await settle();
    expect(await get()).toMatchObject({ value: 'list 2' });
  });

  it('answers the revalidation that meets it with what is kept', async () => {
    const { get, revalidate, provider } = new Setup();
    await get();
    now += 1000;
    provider.answer = new LimitError(30_000);
    expect(await revalidate()).toMatchObject({ value: 'list 1', ageMs: 1000, forward: undefined });
  });

  it('is repeated while nothing is kept, to the last millisecond', async () => {
    const { get, provider } = new Setup();
    const limit = new LimitError(30_000);
    provider.answer = limit;
    await expect(get()).rejects.toBe(limit);
    now += 29_999;
    await expect(get()).rejects.toThrow('limited for 1 ms');
    expect(provider.requests).toBe(1);
    now += 1;
    await expect(get()).rejects.toBe(limit);
    expect(provider.requests).toBe(2);
  });

  it('of unknown length grows as the pauses of failures do, and a list ends that', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const { get, provider } = new Setup({ staleMs: 0 });
    const limit = new LimitError(undefined);
    provider.answer = limit;
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      await expect(get()).rejects.toBe(limit);
      now += pauseMs - 1;
      await expect(get()).rejects.toThrow('limited for 1 ms');
      now += 1;
    }
    provider.answer = 'list 1';
    await get();
    now += TTL_MS;
    provider.answer = limit;
    await expect(get()).rejects.toBe(limit);
    await expect(get()).rejects.toThrow('limited for 1000 ms');
  });

  it('of one key concerns no other', async () => {
    const { get, provider } = new Setup();
    provider.answer = new LimitError(30_000);
    await expect(get('a')).rejects.toThrow();
    provider.answer = 'list 1';
    expect(await get('b')).toMatchObject({ value: 'list 1' });
  });

  it('takes bounded memory for all keys together', async () => {
    const { get, provider } = new Setup();
    provider.answer = new LimitError(30_000, 100_000);
    for (let key = 0; key < 50; key += 1) await expect(get(String(key))).rejects.toThrow();
    const { requests: asked } = provider;
    for (const key of ['49', '10']) await expect(get(key)).rejects.toThrow('limited for');
    expect(provider.requests).toBe(asked);
    await expect(get('0')).rejects.toThrow();
    expect(provider.requests).toBe(asked + 1);
  });
});

describe('the limit', () => {
  it('drops the least recently used entry', async () => {
    const { get, provider } = new Setup({ maxEntries: 2 });
    await get('a');
    await get('b');
    await get('a');
    await get('c');
    expect(provider.requests).toBe(3);
    expect(await get('a')).toMatchObject({ forward: undefined });
    expect(await get('c')).toMatchObject({ forward: undefined });
    expect(await get('b')).toMatchObject({ forward: 'miss' });
  });
});

/** A store that works, and logs its operations in the order in which they end. */
class FakeStore implements SharedStore<string> {
  readonly entries = new Map<string, Entry<string>>();
  readonly log: string[] = [];
  readonly holdMs: number[] = [];
  /** The answer to the next requests for a lease; `free` grants it. */
  leasing: 'free' | 'held' | undefined = 'free';
  /** Whether it deletes what it should. */
  deletes = true;

  get(key: string): Promise<Entry<string> | undefined> {
    this.log.push('get');
    return Promise.resolve(this.entries.get(key));
  }

  async set(key: string, entry: Entry<string>): Promise<void> {
    await Promise.resolve();
    this.log.push('set');
    this.entries.set(key, entry);
  }

  async delete(key: string): Promise<boolean> {
    await Promise.resolve();
    this.log.push('delete');
    if (this.deletes) this.entries.delete(key);
    return this.deletes;
  }

  lease(_key: string, holdMs: number): Promise<Lease | 'held' | undefined> {
    this.log.push('lease');
    this.holdMs.push(holdMs);
    if (this.leasing !== 'free') return Promise.resolve(this.leasing);
    return Promise.resolve({
      release: () => {
        this.log.push('release');
        return Promise.resolve();
      },
    });
  }
}

describe('a shared store', () => {
  let store: FakeStore;
  let setup: Setup;

  beforeEach(() => {
    store = new FakeStore();
    setup = new Setup({ shared: store });
  });

  /** Stores an entry as another replica does. */
  function publish(value: string, ageMs: number, key = 'a'): void {
    store.entries.set(key, { value, storedAt: CLOCK.unix() - ageMs });
  }

  it('receives a fetched list, and then the release of the lease', async () => {
    const { get } = setup;
    await get();
    await settle();
    // The lease first: its holder must see the entry of the previous holder.
    expect(store.log).toEqual(['lease', 'get', 'set', 'release']);
    expect(store.entries.get('a')).toEqual({ value: 'list 1', storedAt: CLOCK.unix() });
  });

  it('is not asked while the local entry is fresh', async () => {
    const { get } = setup;
    await get();
    await settle();
    const before = store.log.length;
    await get();
    expect(store.log).toHaveLength(before);
  });

  it('saves a request to the provider', async () => {
    const { get, provider } = setup;
    publish('theirs', 1000);
    expect(await get()).toEqual({
      value: 'theirs',
      ageMs: 1000,
      ttlMs: TTL_MS - 1000,
      forward: undefined,
      collapsed: false,
    });
    await settle();
    expect(store.log).toEqual(['lease', 'get', 'release']);
    expect(await get()).toMatchObject({ value: 'theirs', forward: undefined });
    expect([store.log.length, provider.requests]).toEqual([3, 0]);
  });

  it('with a stale entry has it served and refreshed', async () => {
    const { get, provider } = setup;
    publish('theirs', TTL_MS + 1000);
    expect(await get()).toMatchObject({ value: 'theirs', ttlMs: -1000, forward: undefined });
    await settle();
    expect(provider.requests).toBe(1);
    expect(await get()).toMatchObject({ value: 'list 1' });
  });

  it('with an expired entry does not prevent a fetch', async () => {
    const { get } = setup;
    publish('theirs', TTL_MS + STALE_MS);
    expect(await get()).toMatchObject({ value: 'list 1', forward: 'miss' });
  });

  it('with a fresh entry makes a refresh unnecessary', async () => {
    const { get, provider } = setup;
    await get();
    now += TTL_MS;
    publish('theirs', 1000);
    expect(await get()).toMatchObject({ value: 'list 1' });
    await settle();
    expect(await get()).toMatchObject({ value: 'theirs', ageMs: 1000, forward: undefined });
    expect(provider.requests).toBe(1);
    expect(store.log.slice(-3)).toEqual(['lease', 'get', 'release']);
  });

  it.each([
    ['an older entry', 1, 'list 1'],
    ['a newer entry', -1, 'theirs'],
  ])(
    'with %s than the local one is used accordingly while refreshes fail',
    async (_name, olderMs, served) => {
      const { get, provider } = setup;
      await get();
      publish('theirs', olderMs);
      now += TTL_MS + 1000;
      provider.answer = FAILED;
      expect(await get()).toMatchObject({ value: 'list 1' });
      await settle();
      expect(await get()).toMatchObject({ value: served });
      expect(provider.requests).toBe(2);
    },
  );

  it('has what is served while the provider limits this replica, and gets the lease back', async () => {
    const { get, provider } = setup;
    provider.answer = new LimitError(30_000);
    await expect(get()).rejects.toThrow('limited');
    await settle();
    expect(store.log).toEqual(['lease', 'get', 'get', 'release']);
    publish('theirs', TTL_MS + STALE_MS);
    await expect(get()).rejects.toThrow('limited for 30000 ms');
    publish('theirs', 1000);
    expect(await get()).toMatchObject({ value: 'theirs', ageMs: 1000, forward: undefined });
    expect(provider.requests).toBe(1);
  });

  it('does not give back a younger entry when the time of day is set back', async () => {
    const { get, provider } = setup;
    await get();
    await settle();
    unixAhead -= 4000;
    now += TTL_MS + 1000;
    provider.answer = FAILED;
    await get();
    await settle();
    expect(await get()).toMatchObject({ value: 'list 1', ageMs: TTL_MS + 1000 });
  });

  it('gets the lease released when the provider fails', async () => {
    const { get, provider } = setup;
    provider.answer = FAILED;
    await expect(get()).rejects.toBe(FAILED);
    await settle();
    expect(store.log).toEqual(['lease', 'get', 'release']);
  });

  it('drops an entry that the provider rejects, before the lease is released', async () => {
    const { get, provider } = setup;
    await get();
    await settle();
    now += TTL_MS;
    provider.answer = REJECTED;
    await get();
    await settle();
    expect(store.log.slice(-4)).toEqual(['lease', 'get', 'delete', 'release']);
    expect(store.entries.size).toBe(0);
  });

  it('is ignored when it still has an entry that the provider has rejected', async () => {
    const { get, revalidate, provider } = setup;
    await get();
    now += 1000;
    provider.answer = REJECTED;
    await expect(revalidate()).rejects.toBe(REJECTED);
    // As if the store had been down at that moment.
    for (const ageMs of [1000, 0]) {
      publish('list 1', ageMs);
      await expect(get()).rejects.toBe(REJECTED);
    }
    now += 1000;
    publish('list 2', 0);
    expect(await get()).toMatchObject({ value: 'list 2' });
  });

  it('is ignored when it still has an entry, however many other rejections came since', async () => {
    const { get, revalidate, provider } = new Setup({ shared: store, maxEntries: 2 });
    await get();
    now += 1000;
    provider.answer = REJECTED;
    store.deletes = false;
    for (const key of ['a', 'b', 'c', 'd']) await expect(revalidate(key)).rejects.toBe(REJECTED);
    store.deletes = true;
    await settle();
    expect(store.entries.has('a')).toBe(true);
    await expect(get()).rejects.toBe(REJECTED);
    now += 1000;
    publish('list 2', 0);
    expect(await get()).toMatchObject({ value: 'list 2' });
  });

  it('is believed after many rejections, if it has deleted their entries', async () => {
    const { get, revalidate, provider } = new Setup({ shared: store, maxEntries: 2 });
    publish('theirs', 1000, 'other');
    provider.answer = REJECTED;
    for (const key of ['a', 'b', 'c', 'd']) await expect(revalidate(key)).rejects.toBe(REJECTED);
    expect(await get('other')).toMatchObject({ value: 'theirs', forward: undefined });
  });

  it('may be a little ahead, which extends no lifetime', async () => {
    const { get, provider } = setup;
    publish('theirs', -5000);
    expect(await get()).toMatchObject({ value: 'theirs', ageMs: 0, ttlMs: TTL_MS });
    store.entries.clear();
    now += TTL_MS;
    expect(await get()).toMatchObject({ value: 'theirs', ttlMs: 0 });
    await settle();
    expect(provider.requests).toBe(1);
    expect(await get()).toMatchObject({ value: 'list 1' });
  });

  it.each([
    ['some seconds', 5001],
    ['an hour', 3_600_000],
    ['for ever', Infinity],
  ])('is ignored when it is ahead by %s: its entries could be of any age', async (_name, aheadMs) => {
    const { get } = setup;
    publish('theirs', -aheadMs);
    expect(await get()).toMatchObject({ value: 'list 1', forward: 'miss' });
  });

  it('gets the lease released before the fetch when the previous holder has failed', async () => {
    store.leasing = 'held';
    const fetch = new Task<string>();
    const pending = setup.cache.get('a', fetch.work, new Caller(), false);
    await jest.advanceTimersByTimeAsync(1000);
    expect(fetch.starts).toBe(0);
    store.leasing = 'free';
    await jest.advanceTimersByTimeAsync(75);
    // Otherwise the waiting replicas would fail one after the other.
    expect([fetch.starts, store.log.at(-1)]).toEqual([1, 'release']);
    fetch.succeed('list 1');
    expect(await pending).toMatchObject({ value: 'list 1', forward: 'miss' });
  });

  it.each([
    ['the caller', []],
    ['the caller, and so many others that the first is forgotten', ['b', 'c', 'd']],
  ])('does not receive a list that was requested before the provider rejected %s', async (_whom, others) => {
    const { cache, revalidate, provider, get } = new Setup({ shared: store, maxEntries: 2 });
    const slow = new Task<string>();
    const late = cache.get('a', slow.work, new Caller(), false).catch(() => undefined);
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS / 2);
    // Keeps the slow fetch alive beyond the time at which callers may join it.
    const joined = cache.get('a', slow.work, new Caller(), false);
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS / 2 + 1);
    now += TIMEOUT_MS;
    provider.answer = REJECTED;
    await expect(revalidate()).rejects.toBe(REJECTED);
    for (const key of others) await expect(revalidate(key)).rejects.toBe(REJECTED);
    slow.succeed('revoked');
    await Promise.all([late, joined]);
    await settle();
    expect(store.entries.size).toBe(0);
    await expect(get()).rejects.toBe(REJECTED);
  });

  it('has the lease held by another replica, whose list is then served', async () => {
    const { get, provider } = setup;
    store.leasing = 'held';
    const pending = get();
    await jest.advanceTimersByTimeAsync(1000);
    publish('theirs', 0);
    await jest.advanceTimersByTimeAsync(75);
    expect(await pending).toMatchObject({ value: 'theirs', forward: undefined });
    expect(provider.requests).toBe(0);
  });

  it.each(['free', undefined] as const)(
    'has the lease held by another replica that fails; then the lease is %s',
    async (leasing) => {
      const { get, provider } = setup;
      store.leasing = 'held';
      const pending = get();
      await jest.advanceTimersByTimeAsync(1000);
      expect(provider.requests).toBe(0);
      store.leasing = leasing;
      await jest.advanceTimersByTimeAsync(75);
      expect(await pending).toMatchObject({ value: 'list 1', forward: 'miss' });
    },
  );

  it('is polled at intervals while another replica holds the lease, for a quarter of the deadline', async () => {
    const { get, provider } = setup;
    store.leasing = 'held';
    const asking = get();
    await passing(1000);
    const looks = store.log.filter((each) => each === 'get').length;
    expect(looks).toBeGreaterThan(1000 / 76);
    expect(looks).toBeLessThan(1000 / 25 + 2);
    expect(provider.requests).toBe(0);
    await passing(TIMEOUT_MS / 4 - 1000 + 75);
    expect(await asking).toMatchObject({ value: 'list 1', forward: 'miss' });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('whose lease a neighbour keeps taking delays a refresh for a quarter of the deadline', async () => {
    const { get, provider } = setup;
    await get();
    now += TTL_MS;
    store.leasing = 'held';
    provider.answer = 'list 2';
    const begun = now;
    while (provider.requests === 1 && now < begun + TIMEOUT_MS) {
      expect(await get()).toMatchObject({ value: 'list 1' });
      await settle();
      now += 25;
    }
    expect(now - begun).toBeGreaterThanOrEqual(TIMEOUT_MS / 4);
    expect(now - begun).toBeLessThanOrEqual(TIMEOUT_MS / 4 + 100);
    expect(await get()).toMatchObject({ value: 'list 2' });
  });

  it('is not polled any more when the caller has hung up', async () => {
    const { cache, provider } = setup;
    store.leasing = 'held';
    const caller = new Caller();
    const gone = expect(cache.get('a', provider.fetch, caller, false)).rejects.toMatchObject({
      failure: 'cancelled',
    });
    await jest.advanceTimersByTimeAsync(100);
    caller.hangUp();
    await gone;
    const polls = store.log.length;
    await jest.advanceTimersByTimeAsync(1000);
    expect(store.log).toHaveLength(polls);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has the lease held by another replica: the stale entry is served, and the store asked again later', async () => {
    const { get, provider } = setup;
    await get();
    await settle();
    now += TTL_MS;
    store.leasing = 'held';
    const before = store.log.length;
    for (const stepMs of [0, 0, 49]) {
      now += stepMs;
      expect(await get()).toMatchObject({ value: 'list 1' });
      await settle();
    }
    expect(store.log.slice(before)).toEqual(['lease', 'get']);
    now += 1;
    publish('theirs', 0);
    await get();
    await settle();
    expect(await get()).toMatchObject({ value: 'theirs' });
    expect(provider.requests).toBe(1);
  });

  it('does not answer a revalidation with the stale entry of a refresh that waits for another replica', async () => {
    const { get, revalidate, provider } = setup;
    await get();
    now += TTL_MS;
    store.leasing = 'held';
    provider.answer = 'list 2';
    const [stale, revalidated] = await Promise.all([get(), revalidate()]);
    expect(stale).toMatchObject({ value: 'list 1', forward: undefined });
    expect(revalidated).toMatchObject({ value: 'list 2', ageMs: 0, forward: 'request' });
  });

  it('does not prevent the fetch of a revalidation', async () => {
    const { revalidate } = setup;
    publish('theirs', 0);
    store.leasing = 'held';
    expect(await revalidate()).toMatchObject({ value: 'list 1', forward: 'request' });
    await settle();
    expect(store.entries.get('a')?.value).toBe('list 1');
  });

  it('does not answer a revalidation with an older entry that a joined caller found', async () => {
    const { get, revalidate, provider } = setup;
    publish('theirs', 1000);
    const [shared, revalidated] = await Promise.all([get(), revalidate()]);
    expect(shared).toMatchObject({ value: 'theirs', forward: undefined });
    expect(revalidated).toMatchObject({ value: 'list 1', forward: 'request', collapsed: false });
    expect(provider.requests).toBe(1);
  });

  it('answers a revalidation with a newer entry of the replica that a joined caller waits for', async () => {
    const { get, revalidate, provider } = setup;
    store.leasing = 'held';
    const pending = Promise.all([get(), revalidate()]);
    await jest.advanceTimersByTimeAsync(1000);
    now += 1000;
    publish('theirs', 0);
    await jest.advanceTimersByTimeAsync(75);
    expect((await pending).map(({ value }) => value)).toEqual(['theirs', 'theirs']);
    expect(provider.requests).toBe(0);
  });

  it.each([
    ['at most 1.5 s', TIMEOUT_MS, 1500],
    ['at most half of the deadline', 400, 200],
  ])('leases for %s', async (_name, timeoutMs, holdMs) => {
    const coalescer = new Coalescer<Obtained<string>>(timeoutMs, WAIT_ERRORS);
    const config = { ttlMs: TTL_MS, staleMs: 0, maxEntries: 1 };
    const cache = new ListCache(config, coalescer, () => 'back_off', slots(1), { shared: store });
    await cache.get('a', setup.provider.fetch, new Caller(), false);
    expect(store.holdMs).toEqual([holdMs]);
  });

  it('that does not work affects no answer', async () => {
    const nothing = (): Promise<undefined> => Promise.resolve(undefined);
    const { get, revalidate, provider } = new Setup({
      shared: { get: nothing, set: nothing, delete: () => Promise.resolve(false), lease: nothing },
    });
    expect(await get()).toMatchObject({ value: 'list 1', forward: 'miss' });
    expect(await get()).toMatchObject({ value: 'list 1', forward: undefined });
    now += TTL_MS;
    provider.answer = 'list 2';
    expect(await get()).toMatchObject({ value: 'list 1', ttlMs: 0 });
    await settle();
    expect(await get()).toMatchObject({ value: 'list 2', ageMs: 0 });
    provider.answer = REJECTED;
    await expect(revalidate()).rejects.toBe(REJECTED);
    await expect(get()).rejects.toBe(REJECTED);
  });

  it('that is slow to store delays no caller', async () => {
    const { get, revalidate, provider } = setup;
    const never = new Promise<never>(() => undefined);
    store.set = () => never;
    store.delete = () => never;
    expect(await get()).toMatchObject({ value: 'list 1' });
    provider.answer = REJECTED;
    await expect(revalidate()).rejects.toBe(REJECTED);
  });
});

it('does not back off because callers hang up', async () => {
  const { cache, get, provider } = new Setup();
  await get();
  now += TTL_MS;
  for (let times = 0; times < 7; times += 1) {
    const caller = new Caller();
    const hanging: Work<string> = async (signal) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      throw signal.reason;
    };
    const gone = expect(cache.get('a', hanging, caller, true)).rejects.toMatchObject({
      failure: 'cancelled',
    });
    caller.hangUp();
    await gone;
  }
  await get();
  await settle();
  expect(provider.requests).toBe(2);
});
