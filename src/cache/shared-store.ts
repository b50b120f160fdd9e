/** The store that replicas share; undefined when there is none. */
export const SHARED_STORE = Symbol('SHARED_STORE');

/** A value and when it was fetched. */
export interface Entry<T> {
  readonly value: T;
  /** Unix time in milliseconds. */
  readonly storedAt: number;
}

/** The right to refresh an entry, held by one replica at a time. */
export interface Lease {
  /** Gives the right back. Never rejects. */
  release(): Promise<void>;
}

/**
 * What replicas share. A store that is down, slow or full behaves as an empty one: nothing here ever rejects,
 * and nothing takes longer than the store's own time-out.
 */
export interface SharedStore<T> {
  get(key: string): Promise<Entry<T> | undefined>;
  set(key: string, entry: Entry<T>): Promise<void>;
  delete(key: string): Promise<void>;
  /**
   * The lease of a key; `held` while another replica has it, undefined when the store cannot tell.
   * @param holdMs how long it outlives its holder
   */
  lease(key: string, holdMs: number): Promise<Lease | 'held' | undefined>;
}
