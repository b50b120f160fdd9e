import type { WaitErrors } from '../../src/concurrency/coalescer.js';

/** The error of a caller that waits in vain. */
export class WaitError extends Error {
  constructor(
    readonly failure: 'timeout' | 'cancelled',
    message: string,
  ) {
    super(message);
  }
}

export const WAIT_ERRORS: WaitErrors = {
  timedOut: (timeoutMs) => new WaitError('timeout', `There was no result within ${String(timeoutMs)} ms.`),
  hungUp: () => new WaitError('cancelled', 'The caller has hung up.'),
};
