import { expect, it } from '@jest/globals';
import { SYSTEM_CLOCK } from './clock.js';

it('the clock of the system has the time since the start of the process, and that of day', () => {
  const before = performance.now();
  const monotonic = SYSTEM_CLOCK.monotonic();
  expect(monotonic).toBeGreaterThanOrEqual(before);
  expect(monotonic).toBeLessThanOrEqual(performance.now());
  // The time of day may be set back at any moment: only its size is sure.
  expect(SYSTEM_CLOCK.unix()).toBeGreaterThan(Date.UTC(2020));
});
