import { LRUCache } from 'lru-cache';
import type { Codec } from '../cache/redis.store.js';
import { ModelList } from './model-list.js';

/** What is remembered, in characters: all known providers' lists have fewer. Others are read each time. */
const MAX_LENGTH = 8 * 1024 * 1024;
/** What remembering a text takes beside it: short ones are many. */
const ENTRY_LENGTH = 250;

/**
 * How lists are written into a shared store. Many callers have the same list, each in an entry of its own: equal texts
 * are read once and give the same list, as long as something else keeps it.
 */
export function listCodec(): Codec<ModelList> {
  const known = new LRUCache<string, WeakRef<ModelList>>({
    maxSize: MAX_LENGTH,
    sizeCalculation: (_list, text) => text.length + ENTRY_LENGTH,
  });
  return {
    // The body does not say what a list lacks.
    encode: ({ lacks, withMetadata }) =>
      lacks === undefined ? withMetadata.rendered.body.toString('utf8') : undefined,
    decode: (text) => {
      const before = known.get(text)?.deref();
      if (before !== undefined) return before;
      const list = ModelList.parse(text);
      known.set(text, new WeakRef(list));
      return list;
    },
  };
}
