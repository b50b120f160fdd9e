import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import {
  callerCredential,
  callerCredentials,
  isCredentialHeader,
  removeCredentials,
} from './caller-credential.js';

const PLACEHOLDERS = new Set(['not-used', 'dummy', 'missing key']);

/** The value of the `Authorization` header for the provider. */
function authorizationOf(headers: IncomingHttpHeaders, placeholders: ReadonlySet<string> = PLACEHOLDERS) {
  return callerCredential(headers, placeholders)?.authorization;
}

describe('callerCredential', () => {
  it.each<[string, IncomingHttpHeaders, string | undefined]>([
    ['no header', {}, undefined],
    ['Authorization', { authorization: 'Bearer sk-a' }, 'Bearer sk-a'],
    ['Authorization in another case', { authorization: 'bearer sk-a' }, 'bearer sk-a'],
    ['Basic', { authorization: 'Basic dXNlcjpwYXNz' }, 'Basic dXNlcjpwYXNz'],
    ['an unknown scheme', { authorization: 'Custom a=b, c=d' }, 'Custom a=b, c=d'],
    ['Authorization without a scheme', { authorization: 'sk-a' }, 'sk-a'],
    ['x-api-key', { 'x-api-key': 'sk-b' }, 'Bearer sk-b'],
    ['api-key', { 'api-key': 'sk-c' }, 'Bearer sk-c'],
    ['all three', { authorization: 'Bearer sk-a', 'x-api-key': 'sk-b', 'api-key': 'sk-c' }, 'Bearer sk-a'],
    ['both key headers', { 'x-api-key': 'sk-b', 'api-key': 'sk-c' }, 'Bearer sk-b'],
    ['another header', { 'x-goog-api-key': 'sk-d', cookie: 'a=b' }, undefined],
  ])('from %s', (_name, headers, expected) => {
    expect(authorizationOf(headers)).toBe(expected);
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['an empty Authorization', { authorization: '' }],
    ['a blank Authorization', { authorization: '  ' }],
    ['Bearer without a token', { authorization: 'Bearer' }],
    ['Bearer with a blank token', { authorization: 'bearer  ' }],
    ['an empty x-api-key', { 'x-api-key': '' }],
    ['an empty api-key', { 'api-key': '' }],
    ['no-break spaces as a key', { 'x-api-key': '\xa0', 'api-key': '\xa0\xa0' }],
    ['the placeholder as a bearer token', { authorization: 'Bearer not-used' }],
    ['the placeholder in another case of the scheme', { authorization: 'bearer not-used' }],
    ['the other placeholder', { authorization: 'Bearer dummy' }],
    ['a placeholder in another case', { authorization: 'Bearer NOT-Used', 'x-api-key': 'DUMMY' }],
    ['a placeholder without a scheme', { authorization: ' not-used' }],
    ['a placeholder in quotes', { authorization: 'Bearer "not-used"' }],
    ['Basic without a token', { authorization: 'Basic' }],
    ['a placeholder of two words', { authorization: 'Bearer Missing Key' }],
    ['the placeholder as x-api-key', { 'x-api-key': 'not-used' }],
    ['the placeholder as api-key', { 'api-key': 'not-used' }],
    [
      'placeholders in all three',
      { authorization: 'Bearer not-used', 'x-api-key': 'dummy', 'api-key': 'not-used' },
    ],
  ])('%s counts as none', (_name, headers) => {
    expect(callerCredential(headers, PLACEHOLDERS)).toBeUndefined();
  });

  it.each<[string, IncomingHttpHeaders, string]>([
    ['an empty Authorization', { authorization: '', 'x-api-key': 'sk-b' }, 'Bearer sk-b'],
    ['Bearer without a token', { authorization: 'Bearer', 'x-api-key': 'sk-b' }, 'Bearer sk-b'],
    ['a placeholder', { authorization: 'Bearer not-used', 'x-api-key': 'sk-b' }, 'Bearer sk-b'],
    [
      'two placeholders',
      { authorization: 'Bearer not-used', 'x-api-key': 'dummy', 'api-key': 'sk-c' },
      'Bearer sk-c',
    ],
    ['an empty x-api-key', { 'x-api-key': '', 'api-key': 'sk-c' }, 'Bearer sk-c'],
  ])('%s gives way to the next header', (_name, headers, expected) => {
    expect(authorizationOf(headers)).toBe(expected);
  });

  it.each<[string, IncomingHttpHeaders, string]>([
    [
      'a token that begins like a placeholder',
      { authorization: 'Bearer not-used-really' },
      'Bearer not-used-really',
    ],
    ['a placeholder with its end in quotes', { authorization: 'Bearer not"-used"' }, 'Bearer not"-used"'],
    ['one with its beginning in quotes', { authorization: 'Bearer "not-"used' }, 'Bearer "not-"used'],
    ['a placeholder under another scheme', { authorization: 'Basic not-used' }, 'Basic not-used'],
  ])('%s counts as a credential', (_name, headers, expected) => {
    expect(authorizationOf(headers)).toBe(expected);
  });

  it('accepts any token when there are no placeholders', () => {
    expect(authorizationOf({ authorization: 'Bearer not-used' }, new Set())).toBe('Bearer not-used');
  });

  it('never has the variable of an operator key', () => {
    expect(callerCredential({ authorization: 'Bearer sk-a' }, PLACEHOLDERS)?.variable).toBeUndefined();
    expect(callerCredential({ 'x-api-key': 'sk-b' }, PLACEHOLDERS)?.variable).toBeUndefined();
  });
});

describe('callerCredentials', () => {
  it('returns those of all headers, without what counts as none', () => {
    const headers = {
      authorization: 'Bearer sk-a',
      'x-api-key': 'not-used',
      'api-key': 'sk-c',
      cookie: 'a=b',
    };
    expect(callerCredentials(headers, PLACEHOLDERS).map(({ token }) => token)).toEqual(['sk-a', 'sk-c']);
    expect(callerCredentials({}, PLACEHOLDERS)).toEqual([]);
  });
});

it('removeCredentials leaves a caller without any, and its other headers', () => {
  const headers = { authorization: 'Bearer sk-a', 'x-api-key': 'sk-b', 'api-key': 'sk-c', accept: '*/*' };
  removeCredentials(headers);
  expect(callerCredentials(headers, new Set())).toEqual([]);
  expect(headers).toEqual({ accept: '*/*' });
});

it.each([
  ['authorization', true],
  ['x-api-key', true],
  ['api-key', true],
  ['x-api-key-id', false],
  ['cookie', false],
])('%s is a header of a credential: %s', (name, expected) => {
  expect(isCredentialHeader(name)).toBe(expected);
});
