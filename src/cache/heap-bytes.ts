/**
 * Estimates of what values take in V8's heap on a 64-bit machine, without pointer compression: rather too much than too
 * little. A spec compares them with what a process takes.
 */

const POINTER = 8;
/** The class, properties and elements of an object. */
const OBJECT_HEADER = 3 * POINTER;
/** An object that was written as `{}` has room for so many fields. */
const FEWEST_FIELDS = 4;
const STRING_HEADER = 2 * POINTER;
const ARRAY_HEADER = 6 * POINTER;
/** A table grows by doubling: half of it may be empty. */
const MAP_ENTRY = 7 * POINTER;

/** An entry of a WeakMap and the object that it holds. */
export const WEAK_ENTRY_BYTES = 16 * POINTER;

/** V8 keeps a text that was joined of others as such until it is read, and then both. */
export const JOINED_TEXT_BYTES = 6 * POINTER;

/** An array, without what is in it. It grows by half: a third may be empty. */
export function arrayBytes(length: number): number {
  return ARRAY_HEADER + Math.ceil(length * 1.5) * POINTER;
}

/** A map, without what is in it. */
export function mapBytes(size: number): number {
  return ARRAY_HEADER + size * MAP_ENTRY;
}

/** A value of JSON, with all that is in it; of what is in it twice, every occurrence counts. */
export function heapBytes(value: unknown): number {
  if (typeof value === 'string') return stringBytes(value);
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : 2 * POINTER;
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value))
    return value.reduce((sum: number, each) => sum + heapBytes(each), arrayBytes(value.length));
  const fields = Object.values(value);
  // Fields beyond the first ones are in an array of their own, which grows by three.
  const overflow = fields.length > FEWEST_FIELDS ? ARRAY_HEADER : 0;
  return fields.reduce(
    (sum: number, each) => sum + heapBytes(each),
    OBJECT_HEADER + Math.max(FEWEST_FIELDS, fields.length) * POINTER + overflow,
  );
}

function stringBytes(text: string): number {
  const width = /[^\0-\xff]/.test(text) ? 2 : 1;
  return STRING_HEADER + Math.ceil((text.length * width) / POINTER) * POINTER;
}
