import { LRUCache } from 'lru-cache';
import type { CacheConfig } from '../config/cache.config.js';
import { pause } from '../concurrency/cancellation.js';
import type { CancellationSignal } from '../concurrency/cancellation.js';
import type { Coalescer, Waiting, Work } from '../concurrency/coalescer.js';
import type { Entry, Lease, SharedStore } from './shared-store.js';

/** The pause after the first failed refresh; it doubles with each further one. */
const FIRST_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 30_000;
/** How long a lease outlives its holder at the most. */
const MAX_LEASE_MS = 1500;
/** How far another replica's clock may be ahead: what claims to be younger cannot be told from what is old. */
const MAX_CLOCK_SKEW_MS = 5000;
/** How often a replica looks whether another one has finished its refresh. */
const POLL_MS = 50;

/** Why the provider was asked, in the words of RFC 9211, section 2.2. */
export type Forward = 'miss' | 'stale' | 'request';

/** A value and how it was come by. */
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

/** An entry, and whether the provider was asked for it just now. */
export interface Obtained<T> {
  readonly entry: Entry<T>;
  readonly fetched: boolean;
}

/** An entry, and how its refreshes have gone. */
interface Slot<T> {
  readonly entry: Entry<T>;
  failures: number;
  /** Unix time in ms before which no refresh is tried. */
  retryAt: number;
}

/** What a failed fetch means for the entry: it must not be served any more, is refreshed later, or neither. */
export type FailureEffect = 'drop' | 'back_off' | 'none';

/** Nobody waits for a refresh behind the scenes, so nobody can hang up. */
const NOBODY: Waiting = { onHangUp: () => undefined };

/**
 * Keeps values for a while. Fresh ones are served as they are; stale ones are served while one refresh runs
 * behind the scenes, and while refreshes fail, with growing pauses in between.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5861 stale-while-revalidate and stale-if-error
 */
export class ListCache<T> {
  private readonly slots: LRUCache<string, Slot<T>>;
  /** When keys were dropped, Unix time in ms: the shared store may have failed to forget them. */
  private readonly dropped: LRUCache<string, number>;

  /**
   * @param coalescer shares what simultaneous callers ask for
   * @param effectOf what an error of a fetch means for the entry
   * @param shared what other replicas have
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
   * @param revalidate whether the caller wants nothing but what the provider says now
   * @throws what the fetch throws, when there is nothing that may be served instead
   */
  async get(key: string, fetch: Work<T>, caller: Waiting, revalidate: boolean): Promise<CacheResult<T>> {
    const slot = this.slots.get(key);
    if (slot !== undefined && !revalidate && this.isServable(slot.entry)) {
      if (!this.isFresh(slot.entry)) this.refreshBehind(key, slot, fetch);
      return this.found(slot.entry, undefined, false);
    }
    const asked = this.now();
    const work: Work<Obtained<T>> = (signal) =>
      revalidate ? this.fetch(key, fetch, signal) : this.obtain(key, fetch, signal);
    const forward = revalidate ? 'request' : slot === undefined ? 'miss' : 'stale';
    for (;;) {
      const collapsed = this.coalescer.isUnderWay(key);
      const { entry, fetched } = await this.coalescer.join(key, work, caller);
      // Whoever is joined may have found what was stored before this caller asked.
      if (!revalidate || fetched || entry.storedAt >= asked) {
        if (!fetched) this.refreshIfStale(key, fetch);
        return this.found(entry, fetched ? forward : undefined, collapsed);
      }
    }
  }

  private found(entry: Entry<T>, forward: Forward | undefined, collapsed: boolean): CacheResult<T> {
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
    if (slot !== undefined && !this.isFresh(slot.entry)) this.refreshBehind(key, slot, fetch);
  }

  private refreshBehind(key: string, slot: Slot<T>, fetch: Work<T>): void {
    if (this.now() < slot.retryAt || this.coalescer.isUnderWay(key)) return;
    const work: Work<Obtained<T>> = (signal) => this.refresh(key, slot, fetch, signal);
    // Whoever joins learns of a failure; the slot has taken note of it.
    this.coalescer.join(key, work, NOBODY).catch(() => undefined);
  }

  /** Another replica's newer entry, or the provider's, unless another replica is asking for it just now. */
  private async refresh(
    key: string,
    slot: Slot<T>,
    fetch: Work<T>,
    signal: CancellationSignal,
  ): Promise<Obtained<T>> {
    const [shared, lease] = await this.look(key);
    if (shared !== undefined && this.isFresh(shared)) return this.releaseLease(lease, shared);
    if (lease !== 'held') return this.fetch(key, fetch, signal, lease);
    slot.retryAt = this.now() + POLL_MS;
    return { entry: slot.entry, fetched: false };
  }

  /** Another replica's entry, or the provider's; only one replica asks, the others wait for what it gets. */
  private async obtain(key: string, fetch: Work<T>, signal: CancellationSignal): Promise<Obtained<T>> {
    for (let waited = false; ; waited = true) {
      const [shared, lease] = await this.look(key);
      if (shared !== undefined && this.isServable(shared)) return this.releaseLease(lease, shared);
      if (lease !== 'held') {
        if (!waited) return this.fetch(key, fetch, signal, lease);
        // Whoever was waited for has failed: the rest must not fail one after the other.
        void lease?.release();
        return this.fetch(key, fetch, signal);
      }
      if (!(await pause(POLL_MS * (0.5 + Math.random()), signal))) throw signal.reason;
    }
  }

  /**
   * At the same time, so that a slow store is waited for once. The lease goes first: whoever gets it sees what
   * its last holder has stored.
   */
  private async look(key: string): Promise<[Entry<T> | undefined, Lease | 'held' | undefined]> {
    if (this.shared === undefined) return [undefined, undefined];
    // A dead holder must leave those who wait the time to ask for themselves.
    const holdMs = Math.ceil(Math.min(MAX_LEASE_MS, this.coalescer.timeoutMs / 2));
    const lease = this.shared.lease(key, holdMs);
    return [await this.adopt(key, this.shared), await lease];
  }

  private releaseLease(lease: Lease | 'held' | undefined, entry: Entry<T>): Obtained<T> {
    if (lease !== 'held') void lease?.release();
    return { entry, fetched: false };
  }

  /** Takes over what another replica has stored, if it is newer than what is here. */
  private async adopt(key: string, store: SharedStore<T>): Promise<Entry<T> | undefined> {
    const shared = await store.get(key);
    if (shared === undefined || shared.storedAt <= (this.dropped.peek(key) ?? 0)) return undefined;
    if (shared.storedAt > this.now() + MAX_CLOCK_SKEW_MS) return undefined;
    const entry = { ...shared, storedAt: Math.min(shared.storedAt, this.now()) };
    const own = this.slots.peek(key)?.entry;
    if (this.isServable(entry) && (own === undefined || entry.storedAt > own.storedAt)) this.keep(key, entry);
    return entry;
  }

  private async fetch(
    key: string,
    fetch: Work<T>,
    signal: CancellationSignal,
    lease?: Lease,
  ): Promise<Obtained<T>> {
    // The list is as old as the question: a 4xx that came meanwhile is newer.
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
        if (effect === 'back_off') this.noteFailure(key);
        void this.publish(undefined, lease);
      }
      throw error;
    }
  }

  /** No caller waits for this. The lease goes last, so that whoever gets it next sees what was written. */
  private async publish(written: Promise<void> | undefined, lease: Lease | undefined): Promise<void> {
    await written;
    await lease?.release();
  }

  private keep(key: string, entry: Entry<T>): void {
    this.slots.set(key, { entry, failures: 0, retryAt: 0 });
  }

  /** Pauses double up to a limit and are jittered, so that replicas do not come back together. */
  private noteFailure(key: string): void {
    const slot = this.slots.peek(key);
    if (slot === undefined) return;
    const pauseMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** slot.failures);
    slot.failures += 1;
    slot.retryAt = this.now() + pauseMs * (0.5 + Math.random() / 2);
  }
}
