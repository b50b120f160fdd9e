import { LRUCache } from 'lru-cache';
import type { Footprint } from './footprint.js';
import type { Kept, MemoryBudget } from './memory-budget.js';

interface Place<T> extends Kept {
  readonly value: T;
}

/** A map with a maximum number of entries and a share of a memory budget. */
export class BoundedMap<T> {
  private readonly places: LRUCache<string, Place<T>>;

  constructor(
    private readonly budget: MemoryBudget,
    maxEntries: number,
    private readonly footprintOf: (value: T) => Footprint,
  ) {
    this.places = new LRUCache({
      max: maxEntries,
      dispose: (place) => {
        budget.release(place);
      },
    });
  }

  /** The value of a key, which counts as used. */
  get(key: string): T | undefined {
    const place = this.places.get(key);
    if (place === undefined) return undefined;
    this.budget.touch(place);
    return place.value;
  }

  /** The value of a key, which does not count as used. */
  peek(key: string): T | undefined {
    return this.places.peek(key)?.value;
  }

  /** Keeps a value, unless it is too large; what the key had before is gone in either case. */
  set(key: string, value: T): void {
    const footprint = this.footprintOf(value);
    if (!this.budget.hasRoomFor(footprint)) {
      this.places.delete(key);
      return;
    }
    const place = { value, footprint, evict: () => this.places.delete(key) };
    this.places.set(key, place);
    this.budget.keep(place);
  }

  delete(key: string): void {
    this.places.delete(key);
  }
}
