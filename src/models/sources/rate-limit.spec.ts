import { describe, expect, it } from '@jest/globals';
import { authorizationCredential, keyCredential } from '../../credentials/credential.js';
import type { UpstreamErrorDetails } from '../../upstream/upstream.error.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { rateLimitOf, RepeatedRejection } from './rate-limit.js';

const CALLERS = keyCredential('sk-caller-secret');
const OPERATORS = keyCredential('sk-operator-secret', 'ORBIT_API_KEY');

const limitOf = (details: UpstreamErrorDetails = {}, message = 'No.') =>
  rateLimitOf(new UpstreamError('rejected', message, { status: 429, ...details }));

/** The error that a later caller gets. */
function later(details: UpstreamErrorDetails, remainingMs = 1500): UpstreamError {
  const error = limitOf(details)?.errorFor(remainingMs);
  if (!(error instanceof RepeatedRejection)) throw new Error('there is no limit');
  return error;
}

describe('rateLimitOf', () => {
  it.each([
    [408, true],
    [429, true],
    [400, false],
    [401, false],
    [undefined, false],
  ])('of a %p is one: %p', (status, isLimit) => {
    const error = new UpstreamError('rejected', 'No.', status === undefined ? {} : { status });
    expect(rateLimitOf(error) !== undefined).toBe(isLimit);
  });

  it('has the pause that the provider announces', () => {
    expect(limitOf({ headers: { 'retry-after': '30' } })?.pauseMs).toBe(30_000);
    expect(limitOf()?.pauseMs).toBeUndefined();
  });

  it('repeats the answer with the seconds that are left', () => {
    const headers = { 'retry-after': '30', 'retry-after-ms': '30000', 'x-ratelimit-limit': ['1', '2'] };
    const body = Buffer.from('{"error":"Wait."}');
    const error = later({ status: 408, headers, body }, 1001);
    expect(error).toMatchObject({ failure: 'rejected', message: 'No.' });
    expect(error.details).toMatchObject({
      status: 408,
      headers: { 'retry-after': '2', 'x-ratelimit-limit': ['1', '2'] },
      body,
    });
    expect(error.details.headers).not.toHaveProperty('retry-after-ms');
    expect([1000, 1, 0, -5].map((ms) => later({}, ms).details.headers)).toEqual(
      [1, 1, 1, 1].map((seconds) => ({ 'retry-after': String(seconds) })),
    );
  });

  it('keeps no credential of a caller, and no text that has one', () => {
    const { details } = later({
      credential: CALLERS,
      headers: { 'x-request-id': 'for sk-caller-secret' },
      body: Buffer.from('{"error":"sk-caller-secret waits."}'),
    });
    expect(details.credential).toBeUndefined();
    expect(details.headers).toMatchObject({ 'x-request-id': ['for [redacted]'] });
    expect(details.body?.toString()).toBe('{"error":"[redacted] waits."}');
  });

  it('keeps those of the operator, by which texts are redacted later', () => {
    const body = Buffer.from('{"error":"sk-operator-secret waits."}');
    const otherSecrets = [authorizationCredential('header-secret')];
    const { details } = later({ credential: OPERATORS, otherSecrets, body });
    expect(details).toMatchObject({ credential: OPERATORS, otherSecrets, body });
    expect(later({ body }).details).toMatchObject({ otherSecrets: [], body });
  });

  it('forgets a long body', () => {
    expect(later({ body: Buffer.alloc(4096) }).details.body).toHaveLength(4096);
    expect(later({ body: Buffer.alloc(4097) }).details).not.toHaveProperty('body');
  });

  it('counts what it keeps', () => {
    const bytes = (details: UpstreamErrorDetails, message?: string) => limitOf(details, message)?.bytes ?? 0;
    const least = bytes({});
    expect(least).toBeGreaterThan(1000);
    expect(bytes({ body: Buffer.alloc(4096) }) - least).toBe(4096);
    expect(bytes({ body: Buffer.alloc(4097) })).toBe(least);
    expect(bytes({}, 'x'.repeat(1003)) - least).toBe(2000);
    expect(bytes({ headers: { a: 'x'.repeat(1000) } }) - least).toBeGreaterThanOrEqual(2000);
  });
});
