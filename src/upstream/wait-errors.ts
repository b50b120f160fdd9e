import type { WaitErrors } from '../concurrency/coalescer.js';
import { UpstreamError } from './upstream.error.js';

/** The errors of callers that wait for a provider in vain. */
export const UPSTREAM_WAIT_ERRORS: WaitErrors = {
  timedOut: (timeoutMs) =>
    new UpstreamError('timeout', `The provider gave no complete answer within ${String(timeoutMs)} ms.`),
  hungUp: () => new UpstreamError('cancelled', 'The caller has hung up.'),
};
