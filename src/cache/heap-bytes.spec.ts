import { describe, expect, it } from '@jest/globals';
import { arrayBytes, heapBytes, mapBytes } from './heap-bytes.js';

/** The fields `a0`, `a1`, … */
function objectOf(fields: number, value: unknown = true): object {
  return Object.fromEntries(Array.from({ length: fields }, (_, index) => [`a${String(index)}`, value]));
}

describe('heapBytes', () => {
  it.each([
    // What V8 keeps in the place of the value itself.
    ['a small number', 2 ** 31 - 1, 0],
    ['a small negative number', 1 - 2 ** 31, 0],
    ['true', true, 0],
    ['null', null, 0],
    ['nothing', undefined, 0],
    // What V8 keeps as an object.
    ['a large number', 2 ** 31, 16],
    ['a large negative number', -(2 ** 31), 16],
    ['a fraction', 0.5, 16],
    ['an empty text', '', 16],
    ['a text', '12345678', 24],
    ['a longer text', '123456789', 32],
    ['a text of one byte a letter', 'ÿ'.repeat(8), 24],
    ['a text of two bytes a letter', 'Ā'.repeat(8), 32],
    ['a text with one letter of two bytes', '1234567☃', 32],
    ['a small object', objectOf(1), 56],
    ['an object without room', objectOf(4), 56],
    ['a larger object', objectOf(5), 112],
    ['an object of an object and a text', { a: { b: 0.5 }, c: 'd' }, 56 + 56 + 16 + 24],
    ['an empty array', [], 48],
    ['an array of numbers and texts', [1, 'a', 'b', 0.5], 48 + 6 * 8 + 24 + 24 + 16],
  ])('of %s', (_name, value, bytes) => {
    expect(heapBytes(value)).toBe(bytes);
  });

  it('counts every occurrence', () => {
    const text = 'x'.repeat(1000);
    expect(heapBytes([text, text]) - heapBytes([text, 1])).toBe(1016);
    expect(heapBytes({ a: text, b: text }) - heapBytes({ a: text, b: 1 })).toBe(1016);
  });
});

it('an array has room for half as much again', () => {
  expect([0, 1, 2, 100].map(arrayBytes)).toEqual([48, 64, 72, 1248]);
});

it('a map takes seven words for an entry', () => {
  expect([0, 1, 100].map(mapBytes)).toEqual([48, 104, 5648]);
});
