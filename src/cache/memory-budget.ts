import { LRUCache } from 'lru-cache';
import type { Footprint } from './footprint.js';

/** Something that is kept until the budget wants its memory back. */
export interface Kept {
  readonly footprint: Footprint;
  /** Stops keeping it. */
  evict(): void;
}

/** The entry itself: its key, and its places in maps and lists. */
const ENTRY_BYTES = 600;
/** One value of this part of the budget would drive out all others as soon as something is made of it. */
const LARGEST_PART = 0.5;

/**
 * The memory that all caches share, in bytes. Of what is kept several times, or as a part of something else, the bytes
 * count once. What was used least recently is evicted first, also when something kept grows.
 */
export class MemoryBudget {
  /** What is kept, by its last use. */
  private readonly kept = new LRUCache<Kept, Kept>({
    maxSize: Number.MAX_SAFE_INTEGER,
    sizeCalculation: () => 1,
  });
  private readonly holders = new Map<Footprint, number>();
  private total = 0;

  constructor(private readonly maxBytes: number) {}

  /** What is kept, in bytes. */
  get bytes(): number {
    return this.total;
  }

  /** Whether a value of this footprint is worth its place. */
  hasRoomFor({ bytes, parts }: Footprint): boolean {
    return parts.reduce((sum, part) => sum + part.bytes, bytes) <= this.maxBytes * LARGEST_PART;
  }

  keep(entry: Kept): void {
    this.kept.set(entry, entry);
    this.total += ENTRY_BYTES;
    this.hold(entry.footprint);
    this.shrink();
  }

  /** Marks an entry as used. */
  touch(entry: Kept): void {
    this.kept.get(entry);
  }

  /** An entry is no longer kept. */
  release(entry: Kept): void {
    if (!this.kept.delete(entry)) return;
    this.total -= ENTRY_BYTES;
    this.letGo(entry.footprint);
  }

  private hold(footprint: Footprint): void {
    const holders = this.holders.get(footprint) ?? 0;
    this.holders.set(footprint, holders + 1);
    if (holders > 0) return;
    this.total += footprint.bytes;
    footprint.onGrow = (bytes) => {
      this.total += bytes;
      this.shrink();
    };
    for (const part of footprint.parts) this.hold(part);
  }

  private letGo(footprint: Footprint): void {
    const holders = this.holders.get(footprint) ?? 0;
    if (holders > 1) {
      this.holders.set(footprint, holders - 1);
      return;
    }
    this.holders.delete(footprint);
    this.total -= footprint.bytes;
    footprint.onGrow = undefined;
    for (const part of footprint.parts) this.letGo(part);
  }

  private shrink(): void {
    while (this.total > this.maxBytes) {
      const oldest = this.oldest();
      if (oldest === undefined) return;
      oldest.evict();
    }
  }

  private oldest(): Kept | undefined {
    for (const entry of this.kept.rkeys()) return entry;
    return undefined;
  }
}
