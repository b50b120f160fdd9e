import { expect, it } from '@jest/globals';
import { lifecycleDates } from './model-metadata.js';
import { PROCESS_STARTED, uniqueById } from './model.js';

it('uniqueById keeps the first of models with the same id, in their order', () => {
  const model = (id: string, created: number) => ({ id, created, ownedBy: 'x' });
  expect(uniqueById([model('b', 1), model('a', 2), model('b', 3)])).toEqual([model('b', 1), model('a', 2)]);
});

it('PROCESS_STARTED is the time in seconds at which the process started', () => {
  expect(Number.isInteger(PROCESS_STARTED)).toBe(true);
  expect(Math.abs(PROCESS_STARTED - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
});

const END_DAY = '2026-06-01';
const END = Date.UTC(2026, 5, 1) / 1000;

it.each([
  ['neither date', {}, undefined, undefined],
  ['no end', { shutdown_date: null }, undefined, undefined],
  ['no end, but a date', { shutdown_date: null, deprecates_at: 5 }, 5, undefined],
  ['a date alone', { deprecates_at: 5 }, 5, undefined],
  ['an end alone', { shutdown_date: END_DAY }, undefined, END],
  ['a date before the end', { deprecates_at: END - 1, shutdown_date: END_DAY }, END - 1, END],
  ['the first second of the end', { deprecates_at: END, shutdown_date: END_DAY }, undefined, END],
  [
    'the last second of the end',
    { deprecates_at: END + 86_399, shutdown_date: END_DAY },
    undefined,
    END + 86_399,
  ],
  ['a date after the end', { deprecates_at: END + 86_400, shutdown_date: END_DAY }, END + 86_400, END],
])('of %s, lifecycleDates tells which date is which', (_name, metadata, deprecates, ends) => {
  expect(lifecycleDates(metadata)).toEqual({ deprecates, ends });
});
