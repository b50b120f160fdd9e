import { expect, it } from '@jest/globals';
import { UpstreamError } from './upstream.error.js';
import { UPSTREAM_WAIT_ERRORS } from './wait-errors.js';

it('a caller that waits in vain gets an error of the provider, which says how long it waited', () => {
  expect(UPSTREAM_WAIT_ERRORS.timedOut(100)).toEqual(
    new UpstreamError('timeout', 'The provider gave no complete answer within 100 ms.'),
  );
  expect(UPSTREAM_WAIT_ERRORS.timedOut(100)).toMatchObject({ failure: 'timeout' });
});

it('a caller that hangs up cancels its request', () => {
  expect(UPSTREAM_WAIT_ERRORS.hungUp()).toBeInstanceOf(UpstreamError);
  expect(UPSTREAM_WAIT_ERRORS.hungUp()).toMatchObject({ failure: 'cancelled' });
});
