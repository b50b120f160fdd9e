import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { within } from './within.js';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

it('returns the result of an operation, and leaves no timer', async () => {
  expect(await within(100, Promise.resolve('done'))).toBe('done');
  expect(jest.getTimerCount()).toBe(0);
});

it('throws what the operation throws, and leaves no timer', async () => {
  await expect(within(100, Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(jest.getTimerCount()).toBe(0);
});

it('throws when the time is over, and not before', async () => {
  let settled = false;
  const waiting = within(100, new Promise<never>(() => undefined)).finally(() => {
    settled = true;
  });
  const rejected = expect(waiting).rejects.toThrow('time-out');
  await jest.advanceTimersByTimeAsync(99);
  expect(settled).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  await rejected;
});
