import { expect, it, jest } from '@jest/globals';
import { memoize } from './memoize.js';

it.each([['a value'], [undefined]])('computes %s once for each object', (value) => {
  const compute = jest.fn((): string | undefined => value);
  const memoized = memoize(compute);
  const [one, other] = [{ id: 'a' }, { id: 'a' }];
  for (const key of [one, other, one]) expect(memoized(key)).toBe(value);
  expect(compute.mock.calls).toEqual([[one], [other]]);
});
