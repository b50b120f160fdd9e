import { expect, it, jest } from '@jest/globals';
import { keepLast } from './keep-last.js';

it('keepLast makes a result once for the object of the last time, and again for another one', () => {
  const make = jest.fn((argument: { readonly name: string }) => ({ of: argument.name }));
  const kept = keepLast(make);
  const [a, b] = [{ name: 'a' }, { name: 'b' }];
  const first = kept(a);
  expect(first).toEqual({ of: 'a' });
  expect(kept(a)).toBe(first);
  expect(kept(b)).toEqual({ of: 'b' });
  expect(kept(a)).toEqual({ of: 'a' });
  expect(make).toHaveBeenCalledTimes(3);
});
