import { describe, expect, it } from '@jest/globals';
import { rowsOfSlice, scanBody } from './scan-body.js';
import type { ScanLimits } from './scan-body.js';

/** So small that every body is cut. */
const SMALL: ScanLimits = { slice: 8, row: 60, marks: 50, nested: 30, envelope: 400 };

/** What a scan finds: the envelope, and of each list the rows and how many were left out. */
function found(text: string, limits = SMALL): unknown[] {
  const body = Buffer.from(text);
  const { envelope, lists } = scanBody(body, limits);
  return [
    JSON.parse(envelope),
    ...lists.map(({ slices, skipped }) => [slices.flatMap((slice) => rowsOfSlice(body, slice)), skipped]),
  ];
}

describe('scanBody', () => {
  it.each<[what: string, text: string, expected: unknown[]]>([
    ['a bare array', '[{"id":"a"},{"id":"b"}]', [[0], [[{ id: 'a' }, { id: 'b' }], 0]]],
    [
      'an envelope',
      '{"object":"list","data":[{"id":"a"}],"last_id":"a"}',
      [{ object: 'list', data: [0], last_id: 'a' }, [[{ id: 'a' }], 0]],
    ],
    ['two lists', '{"a":[],"b":[{"id":"a"}]}', [{ a: [0], b: [1] }, [[], 0], [[{ id: 'a' }], 0]]],
    ['an empty list with white space', ' { "data" : [ \n ] } ', [{ data: [0] }, [[], 0]]],
    ['a byte order mark', '\uFEFF[{"id":"a"}]', [[0], [[{ id: 'a' }], 0]]],
    ['no list', '{"data":null,"more":{"a":1}}', [{ data: null, more: { a: 1 } }]],
    [
      'a list in an object in an object',
      `{"a":{"b":{"items":[{"id":"a"},[]]},"c":"${'x'.repeat(40)}"},"next":"x"}`,
      [{ a: { b: { items: [0] }, c: 'x'.repeat(40) }, next: 'x' }, [[{ id: 'a' }], 1]],
    ],
    ['a text', '"[{"', ['[{']],
    [
      'brackets, commas and quotes in strings',
      '[{"id":"],[{\\"\\\\"},{"id":"☃,"}]',
      [[0], [[{ id: '],[{"\\' }, { id: '☃,' }], 0]],
    ],
    [
      'rows that say nothing',
      `[${'{},'.repeat(20)}[],1,null,"a",{"id":"a"}]`,
      [[0], [expect.arrayContaining([{ id: 'a' }]), expect.any(Number)]],
    ],
    ['only rows that say nothing', `[${'{},'.repeat(20)}[[1]]]`, [[0], [[], 21]]],
    [
      'a row that is too large',
      `[{"id":"a"},"${'x'.repeat(60)}",{"id":"b"}]`,
      [[0], [[{ id: 'a' }, { id: 'b' }], 1]],
    ],
    [
      'a last row that is too large',
      `[{"id":"a"},[${'['.repeat(40)}${']'.repeat(40)}]]`,
      [[0], [[{ id: 'a' }], 1]],
    ],
    [
      'a large object beside the rows',
      `{"x":{"y":{"z":"${'1'.repeat(40)}"}},"data":[]}`,
      [{ x: {}, data: [0] }, [[], 0]],
    ],
  ])('reads %s', (_what, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    '',
    '[',
    '{"data":[',
    '[{"id":"a"}',
    '{"data":[{"id":"a"}}',
    '[{"id":"a"}]]',
    '[{"id":"a"}] [{"id":"b"}]',
    '[{"id":"aaaaaaaaaa"},]',
    '[{"id":"aaaaaaaaaa"},,{"id":"b"}]',
    '[,{"id":"aaaaaaaaaa"}]',
    '[{"id":"aaaaaaaaaa"} {"id":"b"}]',
    '[{"id":"a]',
    '{"data":[] "x":1}',
    '{"data":[}',
    `{"a":"${'x'.repeat(400)}","data":[]}`,
    `[{"id":"a"},{"id":"b","x":"${'x'.repeat(60)}"}]`,
    '<html>',
  ])('refuses what is not JSON, or no list: %s', (text) => {
    expect(() => found(text)).toThrow(SyntaxError);
  });

  it('leaves the main thread pieces that are quick to parse: few objects, or long texts', () => {
    const row = (more: string): string => `{"id":"a","x":${more}}`;
    const nested = (depth: number): string => row('['.repeat(depth) + ']'.repeat(depth));
    const slicesOf = (...rows: string[]): unknown[] | undefined =>
      scanBody(Buffer.from(`[${rows.join()}]`)).lists[0]?.slices.map(([start, end]) => end - start);
    const long = row(`"${'x'.repeat(1_000_000)}"`);
    expect(slicesOf(long, long)).toEqual([long.length, long.length]);
    expect(slicesOf(nested(10_000), nested(16_000))).toHaveLength(1);
    expect(() => slicesOf(nested(20_000))).toThrow(SyntaxError);
    expect(() => slicesOf(row(`{${'"a":1,'.repeat(20_000)}"a":1}`))).toThrow(SyntaxError);
    expect(() => slicesOf(row(`"${'x'.repeat(2_097_152)}"`))).toThrow(SyntaxError);
  });
});
