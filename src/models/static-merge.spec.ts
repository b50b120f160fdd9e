import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { logged } from '../../test/support/logged.js';
import { BoundedMap } from '../cache/bounded-map.js';
import { MemoryBudget } from '../cache/memory-budget.js';
import type { StaticModel } from '../catalogue/static-model.js';
import { ModelList } from './model-list.js';
import { StaticMerge } from './static-merge.js';

const list = new ModelList([{ id: 'a', created: 1, ownedBy: 'them' }]);
const alias = (id: string, aliasOf: string): StaticModel => ({ id, aliasOf, metadata: undefined });

let lines: string[];
let rows: { current: readonly StaticModel[] };
let merge: StaticMerge;

beforeEach(() => {
  lines = logged();
  rows = { current: [alias('b', 'a')] };
  merge = new StaticMerge({ rows, source: 'MODELS_STATIC_FILE', addsFields: true }, 'us');
});

afterEach(() => {
  Logger.overrideLogger(false);
});

describe('StaticMerge', () => {
  it('merges once for each list and each content', () => {
    const first = merge.of(list);
    expect(first.models.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(merge.of(list)).toBe(first);
    const other = new ModelList(list.models);
    expect(merge.of(other)).not.toBe(first);
    expect(merge.of(list)).toBe(first);
    rows.current = [alias('c', 'a')];
    const second = merge.of(list);
    expect(second.models.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(merge.of(list)).toBe(second);
    rows.current = [];
    expect(merge.of(list)).toBe(list);
  });

  it('logs once for each content that an alias is left out, but not of a list that lacks a provider', () => {
    rows.current = [alias('b', 'none')];
    merge.of(new ModelList([]), false);
    expect(lines).toEqual([]);
    const line =
      'warn: MODELS_STATIC_FILE: the alias b is left out, because it leads to no model of the list: none';
    merge.of(list);
    merge.of(new ModelList([]));
    expect(lines).toEqual([line]);
    rows.current = [...rows.current];
    merge.of(list);
    expect(lines).toEqual([line, line]);
  });

  it('counts the memory of the last content only, with all that is made of it', () => {
    const budget = new MemoryBudget(10_000_000);
    const map = new BoundedMap<ModelList>(budget, 10, ({ footprint }) => footprint);
    const kept = new ModelList(list.models);
    map.set('key', kept);
    const before = budget.bytes;
    const first = merge.of(kept);
    const { body } = first.withMetadata.rendered;
    const merged = budget.bytes;
    expect(merged - before).toBeGreaterThan(body.length);
    for (let turn = 0; turn < 10; turn += 1) {
      rows.current = [alias('b', 'a')];
      expect(merge.of(kept).withMetadata.rendered.body).toEqual(body);
    }
    expect(budget.bytes).toBe(merged);
    // A caller may still use an old one.
    expect(first.plain.rendered.body.length).toBeGreaterThan(0);
    expect(budget.bytes).toBe(merged);
    rows.current = [];
    merge.of(kept);
    expect(budget.bytes).toBe(before);
    // A joined list counts what its parts are kept with.
    rows.current = [alias('b', 'a')];
    const part = merge.of(kept);
    map.set('joined', ModelList.joined(part.models, [part]));
    map.delete('key');
    expect(budget.bytes).toBeGreaterThan(merged);
    map.delete('joined');
    expect(budget.bytes).toBe(0);
  });

  it('knows the model behind an id', () => {
    rows.current = [alias('c', 'b'), alias('b', 'a'), { ...alias('d', 'a'), hidden: true }, alias('x', 'x')];
    expect(['c', 'b', 'a', 'd', 'x', 'other'].map((id) => merge.originOf(id))).toEqual([
      'a',
      'a',
      'a',
      undefined,
      'x',
      'other',
    ]);
  });
});
