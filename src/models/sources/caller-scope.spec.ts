import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { keyCredential } from '../../credentials/credential.js';
import { cacheKey, credentialFor, forwardedHeaders, scopeKey, wantsRevalidation } from './caller-scope.js';
import type { Caller } from './list-source.js';

const RULES = { acceptsCallers: true, placeholders: new Set(['none']) };
const CLOSED = { ...RULES, acceptsCallers: false };
const OPERATORS = keyCredential('sk-operator', 'ORBIT_API_KEY');
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the credential for a request', () => {
  it.each([
    ["the caller's own", { authorization: 'Bearer sk-caller' }, RULES, 'Bearer sk-caller'],
    ["the operator's, for none", {}, RULES, 'Bearer sk-operator'],
    ["the operator's, for a placeholder", { authorization: 'Bearer none' }, RULES, 'Bearer sk-operator'],
    [
      "the operator's, where a caller's does not go",
      { authorization: 'Bearer sk-caller' },
      CLOSED,
      'Bearer sk-operator',
    ],
  ])('is %s', (_whose, headers, rules, authorization) => {
    expect(credentialFor(headers, rules, OPERATORS)?.authorization).toBe(authorization);
  });

  it('is none where there is none', () => {
    expect(credentialFor({}, RULES, undefined)).toBeUndefined();
    expect(credentialFor({ authorization: 'Bearer sk-caller' }, CLOSED, undefined)).toBeUndefined();
  });
});

describe('the scope of a caller', () => {
  const own = keyCredential('sk-caller');
  const key = (headers: IncomingHttpHeaders = {}, credential = own, rules = RULES): string =>
    scopeKey(credential, headers, rules);

  it('is that of every other caller whom the provider cannot tell apart', () => {
    expect(key({ 'openai-organization': 'o', 'user-agent': 'a' })).toBe(key({ 'openai-organization': 'o' }));
    expect(key({ 'openai-organization': 'o' }, own, CLOSED)).toBe(key({}, own, CLOSED));
  });

  it.each<[string, () => string]>([
    ['another key', () => key({}, keyCredential('sk-other'))],
    ['the same key, of the operator', () => key({}, keyCredential('sk-caller', 'ORBIT_API_KEY'))],
    ['no key', () => scopeKey(undefined, {}, RULES)],
    ['an organisation', () => key({ 'openai-organization': 'o' })],
    ['a project of that name', () => key({ 'openai-project': 'o' })],
    ['both', () => key({ 'openai-organization': 'o', 'openai-project': 'o' })],
    ['the name in two parts', () => key({ 'openai-organization': 'o', 'openai-project': 'oo' })],
  ])('is its own for %s', (_name, other) => {
    expect(other()).not.toBe(key());
    expect(other()).not.toBe(key({ 'openai-organization': 'oo', 'openai-project': 'o' }));
  });

  it('is kept as a hash, with what else changes the list', () => {
    const name = cacheKey('target', key());
    expect(name).toMatch(/^[\w-]{43}$/);
    expect(name).toBe(cacheKey('target', key()));
    expect(
      new Set([name, cacheKey('other', key()), cacheKey('target', key({ 'openai-project': 'p' }))]).size,
    ).toBe(3);
  });
});

describe('the headers that go to the provider', () => {
  const forwarded = (headers: IncomingHttpHeaders, rules = RULES, trace?: Caller['trace']) =>
    forwardedHeaders({ headers, requestId: 'r-1', trace } as Caller, rules);
  const sent = {
    authorization: 'Bearer sk-caller',
    cookie: 'a=b',
    'openai-organization': 'o',
    'openai-project': 'p',
    traceparent: TRACEPARENT,
    tracestate: 'a=1',
  };

  it('are the scope, the trace and the id of the request', () => {
    expect(forwarded(sent)).toEqual({
      'x-request-id': 'r-1',
      'openai-organization': 'o',
      'openai-project': 'p',
      traceparent: TRACEPARENT,
      tracestate: 'a=1',
    });
  });

  it('have no scope where callers have none', () => {
    expect(forwarded(sent, CLOSED)).toEqual({
      'x-request-id': 'r-1',
      traceparent: TRACEPARENT,
      tracestate: 'a=1',
    });
  });

  it('have no trace of the caller where the request is traced', () => {
    expect(forwarded(sent, CLOSED, {} as Caller['trace'])).toEqual({ 'x-request-id': 'r-1' });
  });

  it.each([
    { traceparent: 'x' },
    { traceparent: `${TRACEPARENT} ` },
    { tracestate: '' },
    { tracestate: 'é' },
    { tracestate: 'x'.repeat(513) },
    { tracestate: ['a', 'b'] as unknown as string },
    { 'openai-project': ['a', 'b'] },
  ])('have nothing of %j', (headers) => {
    expect(forwarded(headers)).toEqual({ 'x-request-id': 'r-1' });
  });

  it('have a long trace', () => {
    expect(forwarded({ tracestate: 'x'.repeat(512) })).toHaveProperty('tracestate');
  });
});

it.each([
  ['no-cache', true],
  ['NO-CACHE', true],
  ['max-age=0, no-cache', true],
  ['max-age=0,no-cache,no-store', true],
  ['no-cache no-store', true],
  ['no-store', false],
  ['x-no-cache', false],
  ['no-cache=set-cookie', false],
  ['', false],
  [undefined, false],
])('a caller with cache-control %j wants a new answer: %p', (directives, expected) => {
  expect(wantsRevalidation({ 'cache-control': directives })).toBe(expected);
});
