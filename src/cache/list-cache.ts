import { LRUCache } from 'lru-cache';
import type { CacheConfig } from '../config/cache.config.js';
import { pause } from '../concurrency/cancellation.js';
import type { CancellationSignal } from '../concurrency/cancellation.js';
import type { Coalescer, Waiting, Work } from '../concurrency/coalescer.js';
import type { Entry, Lease, SharedStore } from './shared-store.js';

/** The pause after the first failed refresh; it doubles with each further one. */
const FIRST_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 30_000;
/** The longest that a lease outlives its holder. */
const MAX_LEASE_MS = 1500;
/** How far another replica's clock may be ahead: the age of an entry from later than that is unknown. */
const MAX_CLOCK_SKEW_MS = 5000;
/** How often a replica checks whether another one has finished its refresh. */
const POLL_MS = 50;

/** Why the provider was asked, in the words of RFC 9211, section 2.2. */
export type Forward = 'miss' | 'stale' | 'request';

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

/** An entry, and whether it has just been fetched from the provider. */
export interface Obtained<T> {
  readonly entry: Entry<T>;
  readonly fetched: boolean;
}

/** An entry, and the state of its refreshes. */
interface Slot<T> {
  readonly entry: Entry<T>;
  failures: number;
  /** Unix time in ms before which no refresh is tried. */
  retryAt: number;
}

/** What a failed fetch does to the entry: drops it, delays its next refresh, or nothing. */
export type FailureEffect = 'drop' | 'back_off' | 'none';

/** A refresh in the background has no caller that could hang up. */
const NO_CALLER: Waiting = { onHangUp: () => undefined };

/**
 * Keeps values for a while. Fresh ones are served as they are; stale ones are served while one refresh runs in the
 * background, and while refreshes fail, with growing pauses in between.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5861 stale-while-revalidate and stale-if-error
 */
export class ListCache<T> {
  private readonly slots: LRUCache<string, Slot<T>>;
  /** When keys were dropped, Unix time in ms: the shared store may have failed to delete them. */
  private readonly dropped: LRUCache<string, number>;

  /**
   * @param coalescer lets simultaneous callers share a fetch
   * @param effectOf what an error of a fetch does to the entry
   * @param shared the store that replicas share
   * @param now Unix time in ms
   */
  constructor(
    private readonly config: Pick<CacheConfig, 'ttlMs' | 'staleMs' | 'maxEntries'>,
    private readonly coalescer: Coalescer<Obtained<T>>,
    private readonly effectOf: (error: unknown) => FailureEffect,
    private readonly shared?: SharedStore<T>,
    private readonly now: () => number = Date.now,
  ) {
    this.slots = new LRUCache({ max: config.maxEntries });
    this.dropped = new LRUCache({ max: config.maxEntries });
  }

  /**
   * The value of a key, from the cache or fetched.
   * @param revalidate whether the caller accepts only a new answer of the provider
   * @throws the fetch's error, when no value may be served instead
   */
  async get(key: string, fetch: Work<T>, caller: Waiting, revalidate: boolean): Promise<CacheResult<T>> {
    const slot = this.slots.get(key);
    if (slot !== undefined && !revalidate && this.isServable(slot.entry)) {
      if (!this.isFresh(slot.entry)) this.refreshInBackground(key, slot, fetch);
      return this.result(slot.entry, undefined, false);
    }
    const requestedAt = this.now();
    const work: Work<Obtained<T>> = (signal) =>
      revalidate ? this.fetch(key, fetch, signal) : this.load(key, fetch, signal);
    const forward = revalidate ? 'request' : slot === undefined ? 'miss' : 'stale';
    for (;;) {
      const collapsed = this.coalescer.isUnderWay(key);
      const { entry, fetched } = await this.coalescer.join(key, work, caller);
      // The work that was joined may have read an entry that is older than this request.
      if (!revalidate || fetched || entry.storedAt >= requestedAt) {
        if (!fetched) this.refreshIfStale(key, fetch);
        return this.result(entry, fetched ? forward : undefined, collapsed);
      }
    }
  }

  private result(entry: Entry<T>, forward: Forward | undefined, collapsed: boolean): CacheResult<T> {
    const ageMs = this.ageMs(entry);
    return { value: entry.value, ageMs, ttlMs: this.config.ttlMs - ageMs, forward, collapsed };
  }

  /** Never negative: the clock may have been set back. */
  private ageMs({ storedAt }: Entry<T>): number {
    return Math.max(0, this.now() - storedAt);
  }

  private isFresh(entry: Entry<T>): boolean {
    return this.ageMs(entry) < this.config.ttlMs;
  }

  private isServable(entry: Entry<T>): boolean {
    return this.ageMs(entry) < this.config.ttlMs + this.config.staleMs;
  }

  private refreshIfStale(key: string, fetch: Work<T>): void {
    const slot = this.slots.peek(key);
    if (slot !== undefined && !this.isFresh(slot.entry)) this.refreshInBackground(key, slot, fetch);
  }

  private refreshInBackground(key: string, slot: Slot<T>, fetch: Work<T>): void {
    if (this.now() < slot.retryAt || this.coalescer.isUnderWay(key)) return;
    const work: Work<Obtained<T>> = (signal) => this.refresh(key, slot, fetch, signal);
    // The slot has recorded a failure, and callers that join receive it.
    this.coalescer.join(key, work, NO_CALLER).catch(() => undefined);
  }

  /** Takes over another replica's newer entry or fetches one, unless another replica is fetching it. */
  private async refresh(
    key: string,
    slot: Slot<T>,
    fetch: Work<T>,
    signal: CancellationSignal,
  ): Promise<Obtained<T>> {
    const [shared, lease] = await this.readShared(key);
    if (shared !== undefined && this.isFresh(shared)) return this.releaseLease(lease, shared);
    if (lease !== 'held') return this.fetch(key, fetch, signal, lease);
    slot.retryAt = this.now() + POLL_MS;
    return { entry: slot.entry, fetched: false };
  }

  /** Takes over another replica's entry or fetches one. Only one replica fetches; the others wait for its entry. */
  private async load(key: string, fetch: Work<T>, signal: CancellationSignal): Promise<Obtained<T>> {
    for (let waited = false; ; waited = true) {
      const [shared, lease] = await this.readShared(key);
      if (shared !== undefined && this.isServable(shared)) return this.releaseLease(lease, shared);
      if (lease !== 'held') {
        if (!waited) return this.fetch(key, fetch, signal, lease);
        // The previous holder has failed. Behind another lease the waiting replicas would fail one after the other.
        void lease?.release();
        return this.fetch(key, fetch, signal);
      }
      if (!(await pause(POLL_MS * (0.5 + Math.random()), signal))) throw signal.reason;
    }
  }

  /**
   * Takes the lease and reads the entry at the same time: a slow store delays once. The lease goes first, so that its
   * holder reads what the previous one has stored.
   */
  private async readShared(key: string): Promise<[Entry<T> | undefined, Lease | 'held' | undefined]> {
    if (this.shared === undefined) return [undefined, undefined];
    // When the holder dies, waiting replicas need time to fetch the list themselves.
    const holdMs = Math.ceil(Math.min(MAX_LEASE_MS, this.coalescer.timeoutMs / 2));
    const lease = this.shared.lease(key, holdMs);
    return [await this.takeOver(key, this.shared), await lease];
  }

  private releaseLease(lease: Lease | 'held' | undefined, entry: Entry<T>): Obtained<T> {
    if (lease !== 'held') void lease?.release();
    return { entry, fetched: false };
  }

  /** Reads another replica's entry, and keeps it if it is newer than this replica's. */
  private async takeOver(key: string, store: SharedStore<T>): Promise<Entry<T> | undefined> {
    const shared = await store.get(key);
    if (shared === undefined || shared.storedAt <= (this.dropped.peek(key) ?? 0)) return undefined;
    if (shared.storedAt > this.now() + MAX_CLOCK_SKEW_MS) return undefined;
    const entry = { ...shared, storedAt: Math.min(shared.storedAt, this.now()) };
    const local = this.slots.peek(key)?.entry;
    if (this.isServable(entry) && (local === undefined || entry.storedAt > local.storedAt))
      this.keep(key, entry);
    return entry;
  }

  private async fetch(
    key: string,
    fetch: Work<T>,
    signal: CancellationSignal,
    lease?: Lease,
  ): Promise<Obtained<T>> {
    // The age of the list counts from its request: a 4xx that came meanwhile is newer.
    const storedAt = this.now();
    try {
      const entry = { value: await fetch(signal), storedAt };
      const isOutdated = storedAt < (this.dropped.peek(key) ?? 0);
      if (!isOutdated) this.keep(key, entry);
      void this.publish(isOutdated ? undefined : this.shared?.set(key, entry), lease);
      return { entry, fetched: true };
    } catch (error) {
      const effect = this.effectOf(error);
      if (effect === 'drop') {
        this.slots.delete(key);
        this.dropped.set(key, this.now());
        void this.publish(this.shared?.delete(key), lease);
      } else {
        if (effect === 'back_off') this.recordFailure(key);
        void this.publish(undefined, lease);
      }
      throw error;
    }
  }

  /** No caller waits for this. The lease is released last, so that its next holder reads what was written. */
  private async publish(written: Promise<void> | undefined, lease: Lease | undefined): Promise<void> {
    await written;
    await lease?.release();
  }

  private keep(key: string, entry: Entry<T>): void {
    this.slots.set(key, { entry, failures: 0, retryAt: 0 });
  }

  /** Pauses double up to a limit; their jitter keeps replicas from refreshing together. */
  private recordFailure(key: string): void {
    const slot = this.slots.peek(key);
    if (slot === undefined) return;
    const pauseMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** slot.failures);
    slot.failures += 1;
    slot.retryAt = this.now() + pauseMs * (0.5 + Math.random() / 2);
  }
}
