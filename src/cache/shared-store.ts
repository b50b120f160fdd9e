/** The injected `SharedStore`; undefined when replicas share none. */
export const SHARED_STORE = Symbol('SHARED_STORE');

/** A value, and when it was requested from the provider. */
export interface Entry<T> {
  readonly value: T;
  /** Unix time in milliseconds. */
  readonly storedAt: number;
}

/** The right to refresh an entry, held by one replica at a time. */
export interface Lease {
  /** Never rejects. */
  release(): Promise<void>;
}

/**
 * The store that replicas share. When it is down, slow or full it behaves as if it were empty: no method rejects,
 * or takes longer than the store's time-out.
 */
export interface SharedStore<T> {
  get(key: string): Promise<Entry<T> | undefined>;
  set(key: string, entry: Entry<T>): Promise<void>;
  /** @returns false when the store may still have the entry */
  delete(key: string): Promise<boolean>;
  /**
   * Takes the lease of a key.
   * @param holdMs how long the lease outlives its holder
   * @returns `held` while another replica has it; undefined when the store does not work
   */
  lease(key: string, holdMs: number): Promise<Lease | 'held' | undefined>;
}
