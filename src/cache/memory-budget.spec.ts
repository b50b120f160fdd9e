import { beforeEach, describe, expect, it } from '@jest/globals';
import { BoundedMap } from './bounded-map.js';
import { Footprint } from './footprint.js';
import { MemoryBudget } from './memory-budget.js';

const KIB = 1024;
const MAX_BYTES = 100 * KIB;

let budget: MemoryBudget;
let map: BoundedMap<Footprint>;
let other: BoundedMap<Footprint>;

beforeEach(() => {
  budget = new MemoryBudget(MAX_BYTES);
  map = new BoundedMap(budget, 1000, (value) => value);
  other = new BoundedMap(budget, 1000, (value) => value);
});

function value(kib: number, parts: readonly Footprint[] = []): Footprint {
  return new Footprint(() => kib * KIB, parts);
}

/** Without the entries themselves. */
function kib(): number {
  return Math.floor(budget.bytes / KIB);
}

describe('a budget', () => {
  it('evicts what was used least recently, whichever map has it', () => {
    map.set('a', value(30));
    other.set('b', value(30));
    map.set('c', value(30));
    map.get('a');
    other.peek('b');
    map.set('d', value(20));
    expect([map.peek('a'), other.peek('b'), map.peek('c'), map.peek('d')].map(Boolean)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(budget.bytes).toBeLessThanOrEqual(MAX_BYTES);
  });

  it('counts what grows after it was kept, and makes room for it', () => {
    const grown = value(10);
    map.set('old', value(40));
    map.set('grown', grown);
    grown.grow(30 * KIB);
    expect(kib()).toBe(81);
    expect(map.peek('old')).toBeDefined();
    grown.grow(30 * KIB);
    expect(kib()).toBe(70);
    expect([map.peek('old'), map.peek('grown')]).toEqual([undefined, grown]);
    grown.grow(60 * KIB);
    expect([map.peek('grown'), budget.bytes]).toEqual([undefined, 0]);
  });

  it('no longer counts what has gone, however it went', () => {
    const gone = [value(10), value(10), value(10)] as const;
    map.set('a', gone[0]);
    map.set('a', gone[1]);
    map.set('b', gone[2]);
    map.delete('b');
    for (const each of gone) each.grow(KIB);
    expect(kib()).toBe(11);
    map.delete('a');
    expect(budget.bytes).toBe(0);
  });

  it('counts what two maps keep once, as long as one of them keeps it', () => {
    const shared = value(40);
    map.set('a', shared);
    other.set('a', shared);
    map.set('b', shared);
    expect(kib()).toBe(41);
    map.delete('a');
    map.delete('b');
    shared.grow(KIB);
    expect(kib()).toBe(41);
    other.delete('a');
    expect(budget.bytes).toBe(0);
  });

  it('counts the parts of a value as long as the value is kept', () => {
    const part = value(30);
    map.set('part', part);
    other.set('whole', value(5, [part, value(10)]));
    expect(kib()).toBe(46);
    map.delete('part');
    expect(kib()).toBe(45);
    other.delete('whole');
    expect(budget.bytes).toBe(0);
  });

  it('does not give all others up for one value', () => {
    map.set('small', value(10));
    map.set('large', value(10));
    map.set('large', value(51));
    other.set('whole', value(20, [value(40)]));
    expect([map.peek('small'), map.peek('large'), other.peek('whole')].map(Boolean)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('bounds the number of values of each map, too', () => {
    const two = new BoundedMap(budget, 2, () => value(1));
    for (const key of ['a', 'b', 'c']) two.set(key, value(1));
    map.set('d', value(1));
    expect([two.peek('a'), two.peek('b'), map.peek('d')].map(Boolean)).toEqual([false, true, true]);
    expect(kib()).toBe(4);
  });
});
