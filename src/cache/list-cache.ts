import { LRUCache } from 'lru-cache';
import type { CacheConfig } from '../config/cache.config.js';
import { pause } from '../concurrency/cancellation.js';
import type { CancellationSignal } from '../concurrency/cancellation.js';
import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import type { Clock } from '../concurrency/clock.js';
import type { Coalescer, Waiting, Work } from '../concurrency/coalescer.js';
import type { BoundedMap } from './bounded-map.js';
import type { Entry, Lease, SharedStore } from './shared-store.js';

/** The pause after the first failed refresh; it doubles with each further one. */
const FIRST_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 30_000;
/** How young a value, or the last attempt to get one, is too young to ask for what the value lacks. */
export const SEEK_PAUSE_MS = 5000;
/** The longest that a lease outlives its holder. */
const MAX_LEASE_MS = 1500;
/** How much of its deadline a caller waits for another replica, which may never be done. */
const LEASE_WAIT = 0.25;
/** How far another replica's clock may be ahead: the age of an entry from later than that is unknown. */
const MAX_CLOCK_SKEW_MS = 5000;
/** How often a replica checks whether another one has finished its refresh. */
const POLL_MS = 50;
/** Memory for the rate limits that the provider has announced; beyond that it is asked although it is limiting. */
const MAX_LIMIT_BYTES = 4 * 1024 * 1024;

/** Why the provider was asked, in the words of RFC 9211, section 2.2. */
type Forward = 'miss' | 'stale' | 'request';

/** A value, and how the cache obtained it. */
export interface CacheResult<T> {
  readonly value: T;
  /** How old the value is, ms. */
  readonly ageMs: number;
  /** How long it is still fresh, ms; negative for a stale one. */
  readonly ttlMs: number;
  /** Undefined when the provider was not asked. */
  readonly forward: Forward | undefined;
  /** Whether another caller's request was shared. */
  readonly collapsed: boolean;
}

/** An entry whose age this process can measure. */
interface LocalEntry<T> extends Entry<T> {
  /** Monotonic time of its request in ms: the time of day may be set back. */
  readonly since: number;
}

/** An entry, and where it comes from: the provider, a cache, or a cache because the provider is limiting. */
export interface Obtained<T> {
  readonly entry: LocalEntry<T>;
  readonly origin: 'provider' | 'cache' | 'limited';
}

/** An entry, and the state of its refreshes, times in monotonic ms. */
export interface CacheSlot<T> {
  readonly entry: LocalEntry<T>;
  failures: number;
  /** No refresh is tried before. */
  retryAt: number;
  /** Since when a refresh waits for another replica. */
  waitingSince: number | undefined;
  /** When a caller last missed something in the entry, and the provider was asked. */
  soughtAt: number;
}

/** The provider answers no more requests for this key, which says nothing of the value that is kept. */
export interface RateLimit {
  /** How long the provider wants to be left alone, ms; undefined when it does not say. */
  readonly pauseMs: number | undefined;
  /** The error for callers for whom nothing is kept. */
  readonly errorFor: (remainingMs: number) => Error;
  /** The memory that this takes. */
  readonly bytes: number;
}

/** What a failed fetch does to the entry: drops it, delays its next refresh (and all requests, at a limit), or nothing. */
export type FailureEffect = 'drop' | 'back_off' | 'none' | RateLimit;

/** What a cache may have beside its coalescer and its entries. */
interface ListCacheOptions<T> {
  /** The store that replicas share. */
  readonly shared?: SharedStore<T> | undefined;
  readonly clock?: Clock | undefined;
  /** Whether a value may be kept; one that will soon have more serves its callers only. */
  readonly isWhole?: ((value: T) => boolean) | undefined;
}

/** A rate limit that was announced. */
interface Limited {
  readonly limit: RateLimit;
  /** How often in a row. */
  readonly times: number;
  /** Monotonic time in ms before which the provider is not asked. */
  readonly until: number;
}

/** When a key was dropped, in the times of both clocks. */
interface Dropped {
  readonly at: number;
  readonly unix: number;
  /** Whether the shared store has surely deleted it. */
  isDeleted: boolean;
}

/** A refresh in the background has no caller that could hang up. */
const NO_CALLER: Waiting = { onHangUp: () => undefined };

/**
 * Keeps values for a while. Fresh ones are served as they are; stale ones are served while one refresh runs in the
 * background, and while refreshes fail, with growing pauses in between.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5861 stale-while-revalidate and stale-if-error
 */
export class ListCache<T> {
  /** When keys were dropped: the shared store may have failed to delete them. */
  private readonly dropped: LRUCache<string, Dropped>;
  /** The latest times at which keys were dropped that `dropped` has no room for: older lists may be theirs. */
  private forgottenAt = -Infinity;
  private forgottenUnix = -Infinity;
  private readonly limits = new LRUCache<string, Limited>({
    maxSize: MAX_LIMIT_BYTES,
    sizeCalculation: ({ limit }) => limit.bytes,
  });
  private readonly shared: SharedStore<T> | undefined;
  private readonly clock: Clock;
  private readonly isWhole: (value: T) => boolean;

  /**
   * @param coalescer lets simultaneous callers share a fetch
   * @param effectOf what an error of a fetch does to the entry
   * @param slots where entries are kept
   */
  constructor(
    private readonly config: Pick<CacheConfig, 'ttlMs' | 'staleMs' | 'maxEntries'>,
    private readonly coalescer: Coalescer<Obtained<T>>,
    private readonly effectOf: (error: unknown) => FailureEffect,
    private readonly slots: BoundedMap<CacheSlot<T>>,
    { shared, clock = SYSTEM_CLOCK, isWhole = () => true }: ListCacheOptions<T> = {},
  ) {
    this.shared = shared;
    this.clock = clock;
    this.isWhole = isWhole;
    this.dropped = new LRUCache({
      max: config.maxEntries,
      dispose: (dropped, _key, reason) => {
        if (reason === 'evict') this.forget(dropped);
      },
    });
  }

  /**
   * The value of a key, from the cache or fetched.
   * @param revalidate whether the caller accepts only a new answer of the provider, as far as the provider gives one
   * @throws the fetch's error, when no value may be served instead
   */
  async get(key: string, fetch: Work<T>, caller: Waiting, revalidate: boolean): Promise<CacheResult<T>> {
    const slot = this.slots.get(key);
    if (slot !== undefined && !revalidate && this.isServable(slot.entry)) {
      if (!this.isFresh(slot.entry)) this.refreshInBackground(key, slot, fetch);
      return this.result(slot.entry, undefined, false);
    }
    const requestedAt = this.clock.monotonic();
    const work: Work<Obtained<T>> = (signal) => {
      const limited = this.activeLimit(key);
      if (limited !== undefined) return this.withoutAsking(key, limited);
      return revalidate ? this.fetch(key, fetch, signal) : this.load(key, fetch, signal);
    };
    const forward = revalidate ? 'request' : slot === undefined ? 'miss' : 'stale';
    for (;;) {
      const collapsed = this.coalescer.isUnderWay(key);
      const { entry, origin } = await this.coalescer.join(key, work, caller);
      // The work that was joined may have read an entry that is older than this request.
      if (!revalidate || origin !== 'cache' || entry.since >= requestedAt) {
        if (origin === 'cache') this.refreshIfStale(key, fetch);
        return this.result(entry, origin === 'provider' ? forward : undefined, collapsed);
      }
    }
  }

  /**
   * The value of a key for a caller that misses something in the one that is kept: asked for anew, unless it, or the last
   * attempt, is from a moment ago.
   * @throws the fetch's error
   */
  getNewer(key: string, fetch: Work<T>, caller: Waiting): Promise<CacheResult<T>> {
    const slot = this.slots.peek(key);
    return this.get(key, fetch, caller, slot !== undefined && this.maySeek(key, slot));
  }

  private maySeek(key: string, slot: CacheSlot<T>): boolean {
    const now = this.clock.monotonic();
    const pauseUntil = Math.max(
      slot.retryAt,
      slot.soughtAt + SEEK_PAUSE_MS,
      slot.entry.since + SEEK_PAUSE_MS,
    );
    // A request that is under way may be shared.
    if (now < pauseUntil && !this.coalescer.isUnderWay(key)) return false;
    slot.soughtAt = now;
    return true;
  }

  private result(entry: LocalEntry<T>, forward: Forward | undefined, collapsed: boolean): CacheResult<T> {
    const ageMs = this.ageMs(entry);
    return { value: entry.value, ageMs, ttlMs: this.config.ttlMs - ageMs, forward, collapsed };
  }

  private ageMs({ since }: LocalEntry<T>): number {
    return this.clock.monotonic() - since;
  }

  private isFresh(entry: LocalEntry<T>): boolean {
    return this.ageMs(entry) < this.config.ttlMs;
  }

  private isServable(entry: LocalEntry<T>): boolean {
    return this.ageMs(entry) < this.config.ttlMs + this.config.staleMs;
  }

  /** The limit that keeps the provider from being asked for a key now. */
  private activeLimit(key: string): Limited | undefined {
    const limited = this.limits.get(key);
    return limited !== undefined && this.clock.monotonic() < limited.until ? limited : undefined;
  }

  /** What is kept anywhere; else the error that the provider would answer again. */
  private async withoutAsking(key: string, { limit, until }: Limited): Promise<Obtained<T>> {
    const entry = await this.keptEntry(key);
    if (entry === undefined) throw limit.errorFor(until - this.clock.monotonic());
    return { entry, origin: 'limited' };
  }

  /** An entry that may be served, of this replica or of another one. */
  private async keptEntry(key: string): Promise<LocalEntry<T> | undefined> {
    const local = this.slots.peek(key)?.entry;
    if (local !== undefined && this.isServable(local)) return local;
    const shared = this.shared && (await this.takeOver(key, this.shared));
    return shared !== undefined && this.isServable(shared) ? shared : undefined;
  }

  private refreshIfStale(key: string, fetch: Work<T>): void {
    const slot = this.slots.peek(key);
    if (slot !== undefined && !this.isFresh(slot.entry)) this.refreshInBackground(key, slot, fetch);
  }

  private refreshInBackground(key: string, slot: CacheSlot<T>, fetch: Work<T>): void {
    if (this.clock.monotonic() < slot.retryAt || this.coalescer.isUnderWay(key)) return;
    if (this.activeLimit(key) !== undefined) return;
    const work: Work<Obtained<T>> = (signal) => this.refresh(key, slot, fetch, signal);
    // The slot has recorded a failure, and callers that join receive it.
    this.coalescer.join(key, work, NO_CALLER).catch(() => undefined);
  }

  /** Takes over another replica's newer entry or fetches one, unless another replica is fetching it. */
  private async refresh(
    key: string,
    slot: CacheSlot<T>,
    fetch: Work<T>,
    signal: CancellationSignal,
  ): Promise<Obtained<T>> {
    const [shared, lease] = await this.readShared(key);
    if (shared !== undefined && this.isFresh(shared)) return this.releaseLease(lease, shared);
    const now = this.clock.monotonic();
    if (lease === 'held') {
      slot.waitingSince ??= now;
      if (now - slot.waitingSince < this.leaseWaitMs) {
        slot.retryAt = now + POLL_MS;
        return { entry: slot.entry, origin: 'cache' };
      }
    }
    slot.waitingSince = undefined;
    return this.fetch(key, fetch, signal, lease === 'held' ? undefined : lease);
  }

  /**
   * Takes over another replica's entry or fetches one. Only one replica fetches; the others wait for its entry, but not
   * for ever: the lease may be held by a program that is no replica.
   */
  private async load(key: string, fetch: Work<T>, signal: CancellationSignal): Promise<Obtained<T>> {
    const waitUntil = this.clock.monotonic() + this.leaseWaitMs;
    for (let waited = false; ; waited = true) {
      const [shared, lease] = await this.readShared(key);
      if (shared !== undefined && this.isServable(shared)) return this.releaseLease(lease, shared);
      if (lease !== 'held') {
        if (!waited) return this.fetch(key, fetch, signal, lease);
        // The previous holder has failed. Behind another lease the waiting replicas would fail one after the other.
        void lease?.release();
        return this.fetch(key, fetch, signal);
      }
      if (this.clock.monotonic() >= waitUntil) return this.fetch(key, fetch, signal);
      if (!(await pause(POLL_MS * (0.5 + Math.random()), signal))) throw signal.reason;
    }
  }

  private get leaseWaitMs(): number {
    return this.coalescer.timeoutMs * LEASE_WAIT;
  }

  /**
   * Takes the lease and reads the entry at the same time: a slow store delays once. The lease goes first, so that its
   * holder reads what the previous one has stored.
   */
  private async readShared(key: string): Promise<[LocalEntry<T> | undefined, Lease | 'held' | undefined]> {
    if (this.shared === undefined) return [undefined, undefined];
    // When the holder dies, waiting replicas need time to fetch the list themselves.
    const holdMs = Math.ceil(Math.min(MAX_LEASE_MS, this.coalescer.timeoutMs / 2));
    const lease = this.shared.lease(key, holdMs);
    return [await this.takeOver(key, this.shared), await lease];
  }

  private releaseLease(lease: Lease | 'held' | undefined, entry: LocalEntry<T>): Obtained<T> {
    if (lease !== 'held') void lease?.release();
    return { entry, origin: 'cache' };
  }

  /** Reads another replica's entry, and keeps it if it is newer than this replica's. */
  private async takeOver(key: string, store: SharedStore<T>): Promise<LocalEntry<T> | undefined> {
    const shared = await store.get(key);
    const droppedUnix = this.dropped.peek(key)?.unix ?? this.forgottenUnix;
    if (shared === undefined || shared.storedAt <= droppedUnix) return undefined;
    const ageMs = this.clock.unix() - shared.storedAt;
    if (ageMs < -MAX_CLOCK_SKEW_MS) return undefined;
    const local = this.slots.peek(key)?.entry;
    // Of an entry that this replica knows, it knows the age better.
    if (shared.storedAt === local?.storedAt) return local;
    const entry = { ...shared, since: this.clock.monotonic() - Math.max(0, ageMs) };
    if (this.isServable(entry) && (local === undefined || entry.since > local.since)) this.keep(key, entry);
    return entry;
  }

  private async fetch(
    key: string,
    fetch: Work<T>,
    signal: CancellationSignal,
    lease?: Lease,
  ): Promise<Obtained<T>> {
    // The age of the list counts from its request: a 4xx that came meanwhile is newer.
    const since = this.clock.monotonic();
    const storedAt = this.clock.unix();
    try {
      const entry = { value: await fetch(signal), storedAt, since };
      const isOutdated = since < (this.dropped.peek(key)?.at ?? this.forgottenAt);
      const isWhole = this.isWhole(entry.value);
      const isKept = isWhole && !isOutdated;
      if (isKept) this.keep(key, entry);
      if (!isWhole) this.recordFailure(key);
      this.limits.delete(key);
      void this.publish(!isKept ? undefined : this.shared?.set(key, { value: entry.value, storedAt }), lease);
      return { entry, origin: 'provider' };
    } catch (error) {
      const effect = this.effectOf(error);
      if (effect === 'drop') {
        void this.publish(this.drop(key), lease);
        throw error;
      }
      void this.publish(undefined, lease);
      if (effect === 'back_off') this.recordFailure(key);
      if (typeof effect === 'string') throw error;
      this.recordLimit(key, effect);
      const entry = await this.keptEntry(key);
      if (entry === undefined) throw error;
      return { entry, origin: 'limited' };
    }
  }

  /** No caller waits for this. The lease is released last, so that its next holder reads what was written. */
  private async publish(written: Promise<void> | undefined, lease: Lease | undefined): Promise<void> {
    await written;
    await lease?.release();
  }

  private keep(key: string, entry: LocalEntry<T>): void {
    this.slots.set(key, {
      entry,
      failures: 0,
      retryAt: -Infinity,
      waitingSince: undefined,
      soughtAt: -Infinity,
    });
  }

  private async drop(key: string): Promise<void> {
    this.slots.delete(key);
    this.limits.delete(key);
    const dropped = { at: this.clock.monotonic(), unix: this.clock.unix(), isDeleted: false };
    this.dropped.set(key, dropped);
    dropped.isDeleted = (await this.shared?.delete(key)) ?? true;
  }

  private forget({ at, unix, isDeleted }: Dropped): void {
    this.forgottenAt = Math.max(this.forgottenAt, at);
    if (!isDeleted) this.forgottenUnix = Math.max(this.forgottenUnix, unix);
  }

  private recordFailure(key: string): void {
    const slot = this.slots.peek(key);
    if (slot === undefined) return;
    slot.retryAt = this.clock.monotonic() + backOffMs(slot.failures);
    slot.failures += 1;
  }

  private recordLimit(key: string, limit: RateLimit): void {
    const times = this.limits.peek(key)?.times ?? 0;
    const until = this.clock.monotonic() + (limit.pauseMs ?? backOffMs(times));
    this.limits.set(key, { limit, times: times + 1, until });
  }
}

/** Pauses double up to a limit; their jitter keeps replicas from refreshing together. */
function backOffMs(failures: number): number {
  const pauseMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
  return pauseMs * (0.5 + Math.random() / 2);
}
