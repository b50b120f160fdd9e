import { describe, expect, it } from '@jest/globals';
import { filtered } from '../../test/support/filtered.js';
import { keyCredential } from '../credentials/credential.js';
import { statusError, UpstreamError } from './upstream.error.js';
import type { UpstreamErrorDetails, UpstreamFailure } from './upstream.error.js';
import { UpstreamExceptionFilter } from './upstream-exception.filter.js';

const OWN = { credential: keyCredential('sk-caller-secret') };
const OPERATORS = { credential: keyCredential('sk-operator-secret', 'ORBIT_API_KEY') };

const answerTo = (error: UpstreamError, headers?: Record<string, string>) =>
  filtered(new UpstreamExceptionFilter(), error, headers);
const answerOf = (status: number, body: unknown, details: UpstreamErrorDetails = OWN) =>
  answerTo(statusError(status, { ...details, body: Buffer.from(JSON.stringify(body)) }));

describe('a 4xx of the provider', () => {
  it('is relayed with its words and with the headers that help a client', () => {
    const error = { message: 'Wait.', type: 'tokens', param: 'model', code: 'limit' };
    const headers = { 'retry-after': '7', 'x-request-id': 'p-1', 'x-powered-by': 'x', 'set-cookie': 'a=b' };
    const answer = answerOf(429, { error }, { ...OWN, headers });
    expect(answer).toMatchObject({ status: 429, body: { error } });
    expect(answer.headers).toMatchObject({
      'retry-after': '7',
      'x-upstream-request-id': 'p-1',
      'cache-control': 'no-store',
    });
    for (const name of ['x-powered-by', 'set-cookie', 'x-should-retry']) {
      expect(answer.headers).not.toHaveProperty(name);
    }
  });

  it.each([
    [401, 'authentication_error'],
    [404, 'invalid_request_error'],
  ])('without words has those of this service: %d', (status, type) => {
    const expected = {
      error: { message: `The provider answered ${String(status)}.`, type, param: null, code: null },
    };
    expect(answerOf(status, {})).toMatchObject({ status, body: expected });
    expect(answerTo(statusError(status, OWN))).toMatchObject({ status, body: expected });
  });

  it('shows no secret of the caller, and of the operator none of the words', () => {
    const error = { message: 'Wrong key sk-caller-secret.', code: 'invalid_key', param: 'sk-caller-secret' };
    expect(answerOf(401, { error }).body).toMatchObject({
      error: { message: 'Wrong key [redacted].', code: 'invalid_key', param: '[redacted]' },
    });
    expect(answerOf(401, { error: { ...error, type: 'A sentence.' } }, OPERATORS).body).toEqual({
      error: {
        message: 'The provider answered 401.',
        type: 'authentication_error',
        param: null,
        code: 'invalid_key',
      },
    });
  });

  it('is cut at 2000 characters in each field', () => {
    const long = 'x'.repeat(2001);
    const cut = 'x'.repeat(2000);
    const error = { message: long, type: long, param: long, code: long };
    expect(answerOf(400, { error }).body).toEqual({
      error: { message: cut, type: cut, param: cut, code: cut },
    });
  });

  it('speaks the dialect of the caller', () => {
    const error = statusError(429, { ...OWN, body: Buffer.from('{"error":"Wait."}') });
    expect(answerTo(error, { 'anthropic-version': '2023-06-01' }).body).toEqual({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'Wait.' },
      request_id: 'r-1',
    });
  });
});

describe('a 5xx of the provider', () => {
  it('is a 502 that says why, and when to come again', () => {
    const headers = { 'retry-after': '7', 'x-ratelimit-limit': '9', 'x-request-id': 'p-1' };
    const answer = answerOf(503, { error: 'The model\nloads.' }, { ...OWN, headers });
    expect(answer).toMatchObject({
      status: 502,
      body: {
        error: {
          message: 'The provider answered 503: The model loads.',
          type: 'upstream_error',
          param: null,
          code: 'upstream_error',
        },
      },
    });
    expect(answer.headers).toMatchObject({ 'retry-after': '7', 'x-upstream-request-id': 'p-1' });
    expect(answer.headers).not.toHaveProperty('x-ratelimit-limit');
    expect(answer.headers).not.toHaveProperty('x-should-retry');
  });

  it.each([
    ['there is no body', statusError(500, OWN)],
    ['the body has no words', statusError(500, { ...OWN, body: Buffer.from('<html>') })],
    [
      'a key of the operator was sent',
      statusError(500, { ...OPERATORS, body: Buffer.from('{"error":"Down."}') }),
    ],
  ])('says no more than its status where %s', (_name, error) => {
    expect(answerTo(error).body).toMatchObject({ error: { message: 'The provider answered 500.' } });
  });

  it('that is a 500 is one, too, and a redirect is none', () => {
    const headers = { 'retry-after': '7' };
    const at500 = answerOf(500, { error: 'Down.' }, { ...OWN, headers });
    expect(at500).toMatchObject({
      status: 502,
      headers,
      body: { error: { message: 'The provider answered 500: Down.' } },
    });
    const at302 = answerOf(302, { error: 'Moved.' }, { ...OWN, headers });
    expect(at302).toMatchObject({ status: 502, body: { error: { message: 'The provider answered 302.' } } });
    expect(at302.headers).not.toHaveProperty('retry-after');
  });

  it('has the code of another instance of this service', () => {
    const error = { message: 'No answer.', code: 'upstream_timeout' };
    expect(answerOf(502, { error }).body).toMatchObject({ error: { code: 'upstream_timeout' } });
  });

  it.each([
    ['it was asked twice', { retried: true }],
    ['it says so', { headers: { 'x-should-retry': 'FALSE' } }],
  ])('tells SDKs not to ask again where %s', (_name, details) => {
    expect(answerOf(500, {}, details).headers).toMatchObject({ 'x-should-retry': 'false' });
  });
});

it.each<[UpstreamFailure, string]>([
  ['unreachable', 'upstream_unreachable'],
  ['timeout', 'upstream_timeout'],
  ['failed', 'upstream_error'],
  ['invalid', 'upstream_invalid_response'],
  ['not_configured', 'provider_not_configured'],
])('a failure without an answer is a 502: %s', (failure, code) => {
  const headers = { 'retry-after': '7', 'x-request-id': 'p-1' };
  const body = Buffer.from('{"error":"SECRET"}');
  const answer = answerTo(new UpstreamError(failure, 'What was wrong.', { headers, body }));
  expect(answer).toMatchObject({
    status: 502,
    body: { error: { message: 'What was wrong.', type: 'upstream_error', param: null, code } },
  });
  expect(answer.headers).not.toHaveProperty('retry-after');
  expect(answer.headers['x-should-retry']).toBe(failure === 'timeout' ? 'false' : undefined);
});

it('a refusal of a proxy is a 502, which shows nothing of it', () => {
  const error = new UpstreamError('unreachable', 'The proxy refuses.', {
    status: 407,
    headers: { 'retry-after': '7' },
    body: Buffer.from('{"error":"SECRET"}'),
  });
  const answer = answerTo(error);
  expect(answer).toMatchObject({ status: 502, body: { error: { message: 'The proxy refuses.' } } });
  expect(answer.headers).not.toHaveProperty('retry-after');
});

it('an overload is a 503 for a second', () => {
  expect(answerTo(new UpstreamError('overloaded', 'Too many.'))).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1', 'cache-control': 'no-store' },
    body: { error: { message: 'Too many.', type: 'server_error', param: null, code: 'overloaded' } },
  });
});

it('a caller that has gone gets nothing, and a status for the log', () => {
  const answer = answerTo(new UpstreamError('cancelled', 'Gone.'));
  expect([answer.status, answer.body]).toEqual([499, undefined]);
});
