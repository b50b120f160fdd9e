import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { Caller, Task } from '../../test/support/task.js';
import { WAIT_ERRORS, WaitError } from '../../test/support/wait-errors.js';
import { Coalescer } from '../concurrency/coalescer.js';
import { BoundedMap } from './bounded-map.js';
import { Footprint } from './footprint.js';
import { ListCache } from './list-cache.js';
import type { CacheResult, FailureEffect, Obtained, RateLimit, CacheSlot } from './list-cache.js';
import { MemoryBudget } from './memory-budget.js';
import type { Entry, Lease, SharedStore } from './shared-store.js';

const TTL_MS = 60_000;
const STALE_MS = 300_000;
const TIMEOUT_MS = 5000;
const EPOCH = 1_800_000_000_000;
const BUDGET_BYTES = 5000;
const REJECTED = new Error('The provider answered 401.');
const FAILED = new Error('The provider answered 500.');

/** A list, as far as a cache knows it. */
interface List {
  readonly key: string;
  /** Monotonic time of its request, ms. */
  readonly requestedAt: number;
  readonly isWhole: boolean;
  readonly footprint: Footprint;
}

class LimitError extends Error implements RateLimit {
  readonly bytes = 1000;
  readonly errorFor = (): Error => this;

  constructor(readonly pauseMs: number) {
    super('limited');
  }
}

function effectOf(error: unknown): FailureEffect {
  if (error instanceof LimitError) return error;
  if (error === REJECTED) return 'drop';
  return error instanceof WaitError && error.failure === 'cancelled' ? 'none' : 'back_off';
}

/** The store of two replicas, which may fail. */
class Store implements SharedStore<List> {
  works = true;
  private readonly entries = new Map<string, Entry<List>>();
  private readonly leases = new Map<string, { readonly until: number }>();

  constructor(private readonly now: () => number) {}

  async get(key: string): Promise<Entry<List> | undefined> {
    await Promise.resolve();
    return this.works ? this.entries.get(key) : undefined;
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  async set(key: string, entry: Entry<List>): Promise<void> {
    await Promise.resolve();
    if (this.works) this.entries.set(key, entry);
  }

  async delete(key: string): Promise<boolean> {
    await Promise.resolve();
    if (this.works) this.entries.delete(key);
    return this.works;
  }

  async lease(key: string, holdMs: number): Promise<Lease | 'held' | undefined> {
    await Promise.resolve();
    if (!this.works) return undefined;
    if ((this.leases.get(key)?.until ?? -Infinity) > this.now()) return 'held';
    const lease = { until: this.now() + holdMs };
    this.leases.set(key, lease);
    return {
      release: () => {
        if (this.leases.get(key) === lease) this.leases.delete(key);
        return Promise.resolve();
      },
    };
  }
}

/** A request of the cache that the provider has not answered yet. */
interface Asked {
  readonly replica: number;
  readonly key: string;
  readonly at: number;
  readonly task: Task<List>;
}

const KEYS = ['alice', 'bob', 'carol'];

/** What happens next. */
type Event =
  | {
      readonly type: 'ask';
      readonly replica: number;
      readonly key: string;
      readonly way: 'get' | 'revalidate' | 'seek';
    }
  | {
      readonly type: 'answer';
      readonly at: number;
      readonly by: 'list' | 'part' | 'failure' | 'rejection' | 'limit';
      readonly bytes: number;
    }
  | { readonly type: 'pass'; readonly ms: number }
  | { readonly type: 'hang up'; readonly at: number }
  | { readonly type: 'set the clock'; readonly replica: number; readonly to: -1 | 0 | 1 }
  | { readonly type: 'store'; readonly works: boolean };

const replica = fc.nat(1);
/** Mostly one of them: what matters is what happens to a key one after the other. */
const key = fc.constantFrom('alice', 'alice', 'alice', 'alice', ...KEYS);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('ask' as const),
      replica,
      key,
      way: fc.constantFrom('get' as const, 'get' as const, 'revalidate' as const, 'seek' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('answer' as const),
      at: fc.nat(5),
      by: fc.constantFrom(
        'list' as const,
        'list' as const,
        'part' as const,
        'failure' as const,
        'rejection' as const,
        'limit' as const,
      ),
      bytes: fc.constantFrom(100, 2000, 2000, 20_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(
        1,
        60,
        500,
        1500,
        TIMEOUT_MS - 1,
        TIMEOUT_MS,
        TTL_MS - 1,
        TTL_MS,
        STALE_MS - 1,
        STALE_MS,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('hang up' as const), at: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('set the clock' as const),
      replica,
      to: fc.constantFrom<(-1 | 0 | 1)[]>(-1, 0, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('store' as const), works: fc.boolean() }) },
);

/** How the clocks of the replicas are set. */
interface Clocks {
  /** How far they are off, ms. */
  readonly off: number;
  /** Whether all of them are off by the same. */
  readonly areOne: boolean;
}

/** Two replicas with a store, their callers and their provider, and what must hold whatever happens. */
class World {
  private now = 1_000_000;
  /** How far the clock of each replica is ahead, ms. */
  private readonly unixAhead = [0, 0];
  private readonly budget = new MemoryBudget(BUDGET_BYTES);
  private readonly store = new Store(() => this.now);
  private readonly replicas: readonly ListCache<List>[];
  private readonly asked: Asked[] = [];
  private readonly callers: Caller[] = [];
  private waiting = 0;
  /** When the provider last rejected a key, by replica and key. */
  private readonly rejectedAt = new Map<string, number>();
  /** Until when the provider wants to be left alone, by replica and key. */
  private readonly limitedUntil = new Map<string, number>();

  constructor(
    private readonly isShared: boolean,
    private readonly clocks: Clocks,
  ) {
    this.replicas = [0, 1].map(
      (at) =>
        new ListCache<List>(
          { ttlMs: TTL_MS, staleMs: STALE_MS, maxEntries: 2 },
          new Coalescer<Obtained<List>>(TIMEOUT_MS, WAIT_ERRORS),
          effectOf,
          new BoundedMap<CacheSlot<List>>(this.budget, 10, ({ entry }) => entry.value.footprint),
          {
            shared: isShared ? this.store : undefined,
            clock: {
              monotonic: () => this.now,
              unix: () => this.now + EPOCH + (this.unixAhead[at] ?? 0),
            },
            isWhole: ({ isWhole }) => isWhole,
          },
        ),
    );
  }

  async happen(next: Event): Promise<void> {
    switch (next.type) {
      case 'ask':
        this.ask(next.replica, next.key, next.way);
        break;
      case 'answer': {
        const [asked] = this.asked.splice(next.at % Math.max(1, this.asked.length), 1);
        if (asked === undefined) break;
        this.answer(asked, next.by, next.bytes);
        await settle();
        // For other replicas too, what was fetched before a rejection is gone.
        if (next.by === 'rejection' && this.store.works) expect(this.store.has(asked.key)).toBe(false);
        break;
      }
      case 'hang up':
        this.callers[next.at % Math.max(1, this.callers.length)]?.hangUp();
        break;
      case 'set the clock':
        if (this.clocks.areOne) this.unixAhead.fill(next.to * this.clocks.off);
        else this.unixAhead[next.replica] = next.to * this.clocks.off;
        break;
      case 'store':
        this.store.works = next.works;
        break;
      case 'pass':
        this.now += next.ms;
        await jest.advanceTimersByTimeAsync(next.ms);
    }
    await settle();
    expect(this.budget.bytes).toBeLessThanOrEqual(BUDGET_BYTES);
  }

  /** Whatever happened, each caller has a list or an error after its deadline. */
  async end(): Promise<void> {
    await this.happen({ type: 'pass', ms: TIMEOUT_MS });
    await this.happen({ type: 'pass', ms: TIMEOUT_MS });
    expect(this.waiting).toBe(0);
  }

  private ask(at: number, key: string, way: 'get' | 'revalidate' | 'seek'): void {
    const cache = this.replicas[at];
    if (cache === undefined) throw new Error('there is no such replica');
    const caller = new Caller();
    this.callers.push(caller);
    this.waiting += 1;
    const task = new Task<List>();
    const askedAt = this.now;
    const fetch = (...[signal]: Parameters<typeof task.work>): Promise<List> => {
      const place = `${String(at)} ${key}`;
      // Thrown in here, it would count as a failure of the provider.
      if (this.now < (this.limitedUntil.get(place) ?? -Infinity))
        this.faults.push(`${place} is asked during its limit`);
      const asked = { replica: at, key, at: this.now, task };
      this.asked.push(asked);
      signal.addEventListener('abort', () => {
        const index = this.asked.indexOf(asked);
        if (index >= 0) this.asked.splice(index, 1);
        task.fail(signal.reason as Error);
      });
      return task.work(signal);
    };
    const answer =
      way === 'seek'
        ? cache.getNewer(key, fetch, caller)
        : cache.get(key, fetch, caller, way === 'revalidate');
    answer
      .then(
        (result) => {
          this.waiting -= 1;
          this.check(at, key, result);
          if (way === 'revalidate') this.checkRevalidated(`${String(at)} ${key}`, askedAt, result);
        },
        (error: unknown) => {
          this.waiting -= 1;
          const isExpected = error === REJECTED || error === FAILED || error instanceof LimitError;
          if (!isExpected && !(error instanceof WaitError)) this.faults.push(error);
        },
      )
      .catch((error: unknown) => this.faults.push(error));
  }

  /** What a caller should not have got; thrown at the end, as no caller waits for an assertion. */
  readonly faults: unknown[] = [];

  private check(at: number, key: string, { value, ageMs, ttlMs, forward }: CacheResult<List>): void {
    expect(value.key).toBe(key);
    expect(ageMs + ttlMs).toBe(TTL_MS);
    if (forward !== undefined) {
      // The caller may have joined a request that was nearly a deadline old.
      expect(this.now - value.requestedAt).toBeLessThanOrEqual(2 * TIMEOUT_MS);
      return;
    }
    // A replica knows the age of another's list only as well as their clocks agree.
    const unknownMs = this.clocks.areOne || !this.isShared ? 0 : 2 * this.clocks.off;
    expect(this.now - value.requestedAt).toBeLessThan(TTL_MS + STALE_MS + unknownMs);
    expect(value.requestedAt).toBeGreaterThanOrEqual(
      (this.rejectedAt.get(`${String(at)} ${key}`) ?? -Infinity) - unknownMs,
    );
    expect(value.isWhole).toBe(true);
  }

  /** Without asking, a caller that wants a new list gets one that was asked for since, or any one during a limit. */
  private checkRevalidated(place: string, askedAt: number, { value, forward }: CacheResult<List>): void {
    if (forward !== undefined || value.requestedAt >= askedAt) return;
    expect(this.limitedUntil.get(place) ?? -Infinity).toBeGreaterThan(askedAt);
  }

  private answer(
    { replica: at, key, at: requestedAt, task }: Asked,
    by: (Event & { type: 'answer' })['by'],
    bytes: number,
  ): void {
    const place = `${String(at)} ${key}`;
    if (by === 'list' || by === 'part') {
      this.limitedUntil.delete(place);
      task.succeed({ key, requestedAt, isWhole: by === 'list', footprint: new Footprint(() => bytes) });
    } else if (by === 'limit') {
      this.limitedUntil.set(place, this.now + 30_000);
      task.fail(new LimitError(30_000));
    } else {
      if (by === 'rejection') this.rejectedAt.set(place, this.now);
      if (by === 'rejection') this.limitedUntil.delete(place);
      task.fail(by === 'rejection' ? REJECTED : FAILED);
    }
  }
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'Date'] });
});

afterEach(() => {
  jest.useRealTimers();
});

/** Lets the promises go on that need no time. */
async function settle(): Promise<void> {
  await jest.advanceTimersByTimeAsync(0);
}

it('whatever happens in whatever order, callers get lists that they may see and that are not too old, or an error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.constantFrom({ off: 20_000, areOne: false }, { off: 3_600_000, areOne: true }),
      fc.array(event, { maxLength: 40, size: 'max' }),
      async (isShared, clocks, events) => {
        const world = new World(isShared, clocks);
        for (const next of events) await world.happen(next);
        await world.end();
        expect(world.faults).toEqual([]);
      },
    ),
    runs(150),
  );
});
