import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { keyCredential } from '../credentials/credential.js';
import { statusError, UpstreamError } from './upstream.error.js';
import type { UpstreamErrorDetails, UpstreamFailure } from './upstream.error.js';
import { UPSTREAM_WAIT_ERRORS } from './wait-errors.js';

const error = (failure: UpstreamFailure, details?: UpstreamErrorDetails) =>
  new UpstreamError(failure, 'What was wrong.', details);

describe('UpstreamError', () => {
  it('shows its credential to no logger', () => {
    const secret = error('rejected', { credential: keyCredential('sk-secret'), status: 401 });
    expect([inspect(secret, { depth: 9 }), JSON.stringify(secret)].join()).not.toContain('sk-secret');
    expect(secret.name).toBe('UpstreamError');
  });

  it.each<[string, boolean, UpstreamError]>([
    ['a failed connection', false, error('unreachable')],
    ['a failed connection after another', true, error('unreachable', { retried: true })],
    ['a timeout', true, error('timeout')],
    ['an answer that says so', true, error('failed', { headers: { 'x-should-retry': 'False' } })],
    ['an answer that says the contrary', false, error('failed', { headers: { 'x-should-retry': 'true' } })],
    ['a 4xx that says so', false, error('rejected', { headers: { 'x-should-retry': 'false' } })],
    ['one of several that is', true, error('failed', { causes: [error('failed'), error('timeout')] })],
    ['several of which none is', false, error('failed', { causes: [error('failed')] })],
  ])('knows whether a retry is futile: %s', (_name, isFutile, { isRetryFutile }) => {
    expect(isRetryFutile).toBe(isFutile);
  });

  it('after a retry is the same failure', () => {
    const details = { status: 503, headers: { a: 'b' } };
    const again = error('failed', details).afterRetry();
    expect(again).toMatchObject({ failure: 'failed', message: 'What was wrong.' });
    expect(again.details).toEqual({ ...details, retried: true });
  });

  it('has the status of a 4xx as its code', () => {
    expect(error('rejected', { status: 429 }).code).toBe('upstream_429');
  });
});

describe('statusError', () => {
  it.each([
    [302, 'failed'],
    [399, 'failed'],
    [400, 'rejected'],
    [499, 'rejected'],
    [500, 'failed'],
    [503, 'failed'],
  ])('of a %d is %s', (status, failure) => {
    const made = statusError(status, { headers: { a: 'b' } });
    expect(made).toMatchObject({ failure, message: `The provider answered ${String(status)}.` });
    expect(made.details).toMatchObject({ status, headers: { a: 'b' } });
  });

  const codeOf = (status: number, code: string): string =>
    statusError(status, { body: Buffer.from(JSON.stringify({ error: { code } })) }).code;

  it.each([
    'upstream_unreachable',
    'upstream_timeout',
    'upstream_error',
    'upstream_invalid_response',
    'provider_not_configured',
    'overloaded',
  ])('has the code of another instance of this service: %s', (code) => {
    expect(codeOf(500, code)).toBe(code);
  });

  it('has no other code of a provider', () => {
    expect(codeOf(500, 'cancelled')).toBe('upstream_error');
    expect(codeOf(500, 'server_down')).toBe('upstream_error');
    expect(codeOf(404, 'upstream_timeout')).toBe('upstream_404');
    expect(codeOf(302, 'upstream_timeout')).toBe('upstream_error');
    expect(statusError(500, {}).code).toBe('upstream_error');
  });
});

it('callers that wait in vain learn why', () => {
  expect(UPSTREAM_WAIT_ERRORS.timedOut(1500)).toMatchObject({
    failure: 'timeout',
    message: 'The provider gave no complete answer within 1500 ms.',
  });
  expect(UPSTREAM_WAIT_ERRORS.hungUp()).toMatchObject({
    failure: 'cancelled',
    message: 'The caller has hung up.',
  });
});
