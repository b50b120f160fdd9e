import { describe, expect, it } from '@jest/globals';
import { errorOf, isSignInRefusal, reasonOf, replyKind } from './redis-errors.js';

describe('errorOf', () => {
  const cause = new Error('READONLY You can not write against a read only replica.');

  it.each([
    ['an error', cause, cause],
    ['what an error wraps', new Error('The command failed', { cause }), cause],
    ['a text', 'Socket closed', new Error('Socket closed')],
  ])('returns %s', (_name, thrown, error) => {
    expect(errorOf(thrown)).toEqual(error);
  });

  it('returns an error whose cause is none', () => {
    const error = new Error('connect ECONNREFUSED', { cause: 'a text' });
    expect(errorOf(error)).toBe(error);
  });
});

it.each([
  ['OOM command not allowed when used memory > maxmemory.', 'OOM'],
  ['WRONGPASS invalid username-password pair', 'WRONGPASS'],
  ['Socket closed unexpectedly', undefined],
  ['connect ECONNREFUSED 127.0.0.1:6379', undefined],
  ['TIMEOUT', undefined],
])('the kind of %j is %s', (message, kind) => {
  expect(replyKind(new Error(message))).toBe(kind);
});

it.each([
  ['WRONGPASS invalid username-password pair', true],
  ['NOAUTH Authentication required.', true],
  ['NOPERM this user has no permissions', true],
  ['NOPERMISSION no such kind', false],
  ['ANOAUTH no such kind', false],
  ['READONLY You can not write against a read only replica.', false],
  ['Socket closed unexpectedly', false],
])('%j refuses the user: %s', (message, isRefusal) => {
  expect(isSignInRefusal(new Error(message))).toBe(isRefusal);
});

describe('reasonOf', () => {
  it.each([
    ['WRONGPASS of what was sent: secret', undefined, 'WRONGPASS'],
    ['ERR No such master with that name', undefined, 'ERR No such master with that name'],
    ['ERR No such master: secret', undefined, 'ERR'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6379'],
    ['', 'ECONNREFUSED', 'ECONNREFUSED'],
    ['', undefined, 'unknown error'],
  ])('of %j with the code %s is %j', (message, code, reason) => {
    expect(reasonOf(Object.assign(new Error(message), { code }))).toBe(reason);
  });
});
