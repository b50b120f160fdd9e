import { describe, expect, it } from '@jest/globals';
import { asRow, firstOf, isName, unixSeconds, valueAt } from './row.js';

describe('asRow', () => {
  it.each([[null], [undefined], ['a'], [1], [true], [['a']]])('rejects %j', (value) => {
    expect(asRow(value)).toBeUndefined();
  });

  it('accepts an object', () => {
    const row = { id: 'a' };
    expect(asRow(row)).toBe(row);
  });
});

describe('unixSeconds', () => {
  it.each([
    ['seconds', 1_700_000_000, 1_700_000_000],
    ['zero', 0, 0],
    ['a float', 1_700_000_000.987, 1_700_000_000],
    ['the largest number of seconds', 999_999_999_999, 999_999_999_999],
    ['the smallest number of milliseconds', 1_000_000_000_000, 1_000_000_000],
    ['milliseconds', 1_767_323_045_678, 1_767_323_045],
    ['float milliseconds', 1_767_323_045_678.9, 1_767_323_045],
    ['RFC 3339 in UTC', '2026-01-02T03:04:05Z', 1_767_323_045],
    ['RFC 3339 with a fraction', '2026-01-02T03:04:05.999999Z', 1_767_323_045],
    ['RFC 3339 east of Greenwich', '2026-01-02T05:04:05+02:00', 1_767_323_045],
    ['RFC 3339 west of Greenwich', '2026-01-01T21:34:05-05:30', 1_767_323_045],
    ['RFC 3339 in lower case', '2026-01-02t03:04:05z', 1_767_323_045],
    ['the epoch, which Anthropic gives for an unknown date', '1970-01-01T00:00:00Z', 0],
  ])('reads %s', (_name, value, expected) => {
    expect(unixSeconds(value)).toBe(expected);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['other text', 'yesterday'],
    ['digits as text', '1700000000'],
    ['a date without a time', '2026-01-02'],
    ['a time without a zone', '2026-01-02T03:04:05'],
    ['a month that does not exist', '2026-13-02T03:04:05Z'],
    ['the zero time of Go', '0001-01-01T00:00:00Z'],
    ['a negative number', -1],
    ['a small negative number', -0.5],
    ['NaN', NaN],
    ['infinity', Infinity],
    ['more than a safe integer', Number.MAX_VALUE],
    ['milliseconds whose seconds would be milliseconds', 2 ** 53],
    ['true', true],
    ['an object', { seconds: 1 }],
    ['an array', [1_700_000_000]],
  ])('rejects %s', (_name, value) => {
    expect(unixSeconds(value)).toBeUndefined();
  });
});

it.each([
  ['a', 1],
  ['b', { c: { d: 2 } }],
  ['b.c.d', 2],
  ['b.x', undefined],
  ['a.x', undefined],
  ['list.0', undefined],
  ['x.y.z', undefined],
])('valueAt reads at %s %j', (path, expected) => {
  expect(valueAt(path)({ a: 1, b: { c: { d: 2 } }, list: ['e'] })).toEqual(expected);
});

it('firstOf gives the first result that is defined, and reads no further', () => {
  const read: number[] = [];
  const found = firstOf([1, 2, 3], (each) => {
    read.push(each);
    return each === 2 ? 0 : undefined;
  });
  expect([found, read]).toEqual([0, [1, 2]]);
  expect(firstOf([], () => 1)).toBeUndefined();
});

it.each([
  ['a', true],
  [' ', true],
  ['\u{1f600}', true],
  ['', false],
  ['a\ud83d', false],
  ['\ude00a', false],
  [7, false],
  [null, false],
  [['a'], false],
])('isName(%j) is %p', (value, expected) => {
  expect(isName(value)).toBe(expected);
});
