import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SYSTEM_CLOCK } from '../../concurrency/clock.js';
import { FirstSeenDates, nowOf } from './first-seen-dates.js';

const NOW = 1_764_216_000;

let dates: FirstSeenDates;
/** Unix seconds. */
let time: number;

beforeEach(() => {
  time = NOW;
  jest.spyOn(SYSTEM_CLOCK, 'unix').mockImplementation(() => time * 1000);
  dates = new FirstSeenDates();
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** The date of a model in an answer. */
function seen(created: number, id = 'a', headers: Record<string, string> = {}): number | undefined {
  return dates.of([{ id, created, ownedBy: 'x' }], nowOf(headers))[0]?.created;
}

describe('FirstSeenDates', () => {
  it('keeps the first date of a model that is always of now', () => {
    expect(seen(NOW)).toBe(NOW);
    for (const later of [1, 60, 86_400]) {
      time = NOW + later;
      expect(seen(time - 4)).toBe(NOW);
    }
  });

  it('takes a date of ten seconds ago or ahead for now', () => {
    expect([seen(NOW - 10, 'past'), seen(NOW + 10, 'ahead')]).toEqual([NOW - 10, NOW + 10]);
    time = NOW + 60;
    expect([seen(time, 'past'), seen(time, 'ahead')]).toEqual([NOW - 10, NOW + 10]);
  });

  it('keeps a date for each model', () => {
    seen(NOW);
    time = NOW + 60;
    expect([seen(time, 'b'), seen(time)]).toEqual([time, NOW]);
  });

  it.each([NOW - 11, NOW + 11, 0])('leaves a date alone that is not now: %d', (created) => {
    expect(seen(created)).toBe(created);
    time = NOW + 60;
    expect(seen(created)).toBe(created);
  });

  it('leaves a model alone that was made a moment before it was seen', () => {
    expect(seen(NOW - 5)).toBe(NOW - 5);
    time = NOW + 60;
    expect(seen(NOW - 5)).toBe(NOW - 5);
  });

  it('shows the date of a model that is not of now any more', () => {
    seen(NOW);
    time = NOW + 60;
    expect(seen(NOW + 30)).toBe(NOW + 30);
  });

  it('knows the time of a provider whose clock is wrong', () => {
    const theirs = (offset: number): Record<string, string> => ({
      date: new Date((NOW + offset) * 1000).toUTCString(),
    });
    expect(seen(NOW + 3600, 'a', theirs(3600))).toBe(NOW + 3600);
    time = NOW + 60;
    expect(seen(NOW + 3660, 'a', theirs(3660))).toBe(NOW + 3600);
  });

  it('reads the time of a provider once, however many models it has', () => {
    const parse = jest.spyOn(Date, 'parse');
    const headers = { date: new Date(NOW * 1000).toUTCString() };
    const models = Array.from({ length: 100 }, (_, at) => ({ id: String(at), created: 5, ownedBy: 'x' }));
    expect(dates.of(models, nowOf(headers))).toEqual(models);
    expect(parse).toHaveBeenCalledTimes(1);
  });

  it('changes nothing but the dates', () => {
    const models = [
      { id: 'a', created: NOW, ownedBy: 'x', metadata: { display_name: 'A' } },
      { id: 'old', created: 5, ownedBy: 'x' },
    ];
    dates.of(models, nowOf({}));
    time = NOW + 60;
    const moved = models.map((model) => (model.id === 'a' ? { ...model, created: time } : model));
    expect(dates.of(moved, nowOf({}))).toEqual(models);
  });

  it('remembers a bounded number of models', () => {
    seen(NOW, 'first');
    // Ids of a kilobyte.
    for (let count = 0; count < 1000; count += 1) seen(NOW, String(count).padStart(1024));
    time = NOW + 60;
    expect(seen(time, '999'.padStart(1024))).toBe(NOW);
    expect(seen(time, 'first')).toBe(time);
  });
});
