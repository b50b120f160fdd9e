import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../../test/support/runs.js';
import { rowsOfSlice, scanBody } from './scan-body.js';
import type { ScanLimits } from './scan-body.js';

/** Every list is cut, and nothing is too large. */
const CUT_FINELY: ScanLimits = { slice: 8, row: 1e6, marks: 1e6, nested: 1e6, envelope: 1e6 };

it('scanBody finds what JSON.parse finds, and refuses what it refuses', () => {
  const rows = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 12 });
  const damage = fc.tuple(fc.nat(), fc.constantFrom('', ',', ']', '[', '{', '}', '"', ' '));
  fc.assert(
    fc.property(rows, fc.nat(3), fc.option(damage), (data, depth, broken) => {
      const bodies = [
        data,
        { object: 'list', data },
        { a: { items: data }, b: {} },
        { data, b: data.slice(1) },
      ];
      let text = JSON.stringify(bodies[depth]);
      if (broken !== null) {
        const at = broken[0] % (text.length + 1);
        text = text.slice(0, at) + broken[1] + text.slice(at + 1);
      }
      const parsed = attempt(() => JSON.parse(text) as unknown);
      const scanned = attempt(() => scanBody(Buffer.from(text), CUT_FINELY));
      expect(scanned === undefined).toBe(parsed === undefined);
      if (scanned === undefined) return;
      const { envelope, lists } = scanned;
      const bytes = Buffer.from(text);
      const restored: unknown = JSON.parse(envelope, (_name, value: unknown) => {
        if (!Array.isArray(value)) return value;
        const list = lists[Number(value[0])];
        const found = list?.slices.flatMap((slice) => rowsOfSlice(bytes, slice)) ?? [];
        return { rows: found.filter(saysSomething), count: found.length + (list?.skipped ?? 0) };
      });
      expect(restored).toEqual(withLists(parsed));
    }),
    runs(400),
  );
});

/** A value of JSON with the rows of each list that is in no other, without those that say nothing, and their number. */
function withLists(value: unknown): unknown {
  if (Array.isArray(value)) return { rows: value.filter(saysSomething), count: value.length };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withLists(each)]));
}

/** What is left out says nothing. */
function saysSomething(row: unknown): boolean {
  return typeof row === 'object' && row !== null && !Array.isArray(row) && Object.keys(row).length > 0;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return undefined;
  }
}
