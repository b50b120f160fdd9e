import { afterEach, jest } from '@jest/globals';

/** The time of day as the application sees it, which stands still. Timers are not concerned. */
export interface Clock {
  advance(milliseconds: number): void;
}

afterEach(() => {
  jest.restoreAllMocks();
});

/** Puts the time of day into the hands of a test, until its end. To be called before the application starts. */
export function movableClock(): Clock {
  let now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  return {
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}
