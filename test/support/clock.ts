import { afterEach, jest } from '@jest/globals';
import { SYSTEM_CLOCK } from '../../src/concurrency/clock.js';

/** The time as the application sees it, which stands still. Timers are not affected. */
export interface Clock {
  /** Lets time pass. */
  advance(milliseconds: number): void;
  /** Sets the time of day without letting time pass; negative for back. */
  set(milliseconds: number): void;
}

afterEach(() => {
  jest.restoreAllMocks();
});

/** Lets a test set the time, until its end. To be called before the application starts. */
export function movableClock(): Clock {
  // Whole, so that sums are exact.
  let monotonic = Math.round(performance.now());
  let unix = Date.now();
  jest.spyOn(SYSTEM_CLOCK, 'monotonic').mockImplementation(() => monotonic);
  jest.spyOn(Date, 'now').mockImplementation(() => unix);
  return {
    advance(milliseconds) {
      monotonic += milliseconds;
      unix += milliseconds;
    },
    set(milliseconds) {
      unix += milliseconds;
    },
  };
}
