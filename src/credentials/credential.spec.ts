import { describe, expect, it } from '@jest/globals';
import { authorizationCredential, keyCredential } from './credential.js';

describe('keyCredential', () => {
  it('makes a bearer token that names its variable', () => {
    expect(keyCredential('sk-abc', 'OPENAI_API_KEY')).toEqual({
      variable: 'OPENAI_API_KEY',
      authorization: 'Bearer sk-abc',
      token: 'sk-abc',
    });
  });

  it('has no variable when a caller sent it', () => {
    expect(keyCredential('sk-abc').variable).toBeUndefined();
  });
});

describe('authorizationCredential', () => {
  it.each([
    ['Bearer sk-abc', 'sk-abc'],
    ['bearer sk-abc', 'sk-abc'],
    ['BEARER   sk-abc', 'sk-abc'],
    ['Bearer sk-abc def', 'sk-abc def'],
    ['Basic dXNlcjpwYXNz', undefined],
    ['Token sk-abc', undefined],
    ['Bearersk-abc', undefined],
    ['sk-abc', undefined],
    ['AWS4-HMAC-SHA256 Credential=a, Signature=b', undefined],
  ])('%s has the token %s', (authorization, token) => {
    expect(authorizationCredential(authorization)).toEqual({ variable: undefined, authorization, token });
  });
});
