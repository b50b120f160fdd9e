import { afterEach, jest } from '@jest/globals';

/** The application's time of day, which stands still. Timers are not affected. */
export interface Clock {
  advance(milliseconds: number): void;
}

afterEach(() => {
  jest.restoreAllMocks();
});

/** Lets a test set the time of day, until its end. To be called before the application starts. */
export function movableClock(): Clock {
  let now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  return {
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}
