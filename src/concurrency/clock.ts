/** The two clocks of a process, in ms. */
export interface Clock {
  /** For durations: it runs evenly, from an arbitrary start, and cannot be set. */
  monotonic(): number;
  /** For what other processes read: Unix time, which may be set forward and back. */
  unix(): number;
}

/** An object, so that a test can move the clocks of the whole application. */
export const SYSTEM_CLOCK: Clock = {
  monotonic: () => performance.now(),
  unix: () => Date.now(),
};
