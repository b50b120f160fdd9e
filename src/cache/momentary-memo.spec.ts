import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { memoizeForAMoment } from './momentary-memo.js';

describe('memoizeForAMoment', () => {
  const compute = jest.fn((text: string) => text.length);
  let lengthOf: (text: string) => number;

  beforeEach(() => {
    jest.useFakeTimers();
    compute.mockClear();
    lengthOf = memoizeForAMoment(compute);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('computes a value once', () => {
    expect([lengthOf('ab'), lengthOf('abc'), lengthOf('ab')]).toEqual([2, 3, 2]);
    expect(compute.mock.calls).toEqual([['ab'], ['abc']]);
  });

  it('forgets all texts a second after the first one', () => {
    lengthOf('ab');
    jest.advanceTimersByTime(999);
    lengthOf('abc');
    jest.advanceTimersByTime(1);
    expect(jest.getTimerCount()).toBe(0);
    for (const text of ['ab', 'abc']) lengthOf(text);
    expect(compute).toHaveBeenCalledTimes(4);
  });

  it('remembers no more than a thousand texts', () => {
    for (let number = 0; number < 1001; number += 1) lengthOf(String(number));
    compute.mockClear();
    expect([lengthOf('0'), lengthOf('999'), lengthOf('1000')]).toEqual([1, 3, 4]);
    expect(compute.mock.calls).toEqual([['1000']]);
  });

  it('remembers no long text', () => {
    const [long, longer] = ['a'.repeat(4096), 'a'.repeat(4097)];
    for (const text of [long, longer, long, longer]) expect(lengthOf(text)).toBe(text.length);
    expect(compute.mock.calls).toEqual([[long], [longer], [longer]]);
  });
});
