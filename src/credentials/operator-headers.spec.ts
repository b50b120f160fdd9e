import { expect, it } from '@jest/globals';
import { OperatorHeaders, querySecrets } from './operator-headers.js';

it('the values of headers are secret from six characters on', () => {
  const headers = { 'x-key': 'Token abc', 'x-short': 'abcde', 'x-six': 'abcdef' };
  const operatorHeaders = new OperatorHeaders(headers);
  expect(operatorHeaders.headers).toBe(headers);
  expect(operatorHeaders.secrets.map(({ authorization }) => authorization)).toEqual(['Token abc', 'abcdef']);
});

it.each([
  ['https://gw.test/v1', []],
  ['https://gw.test/v1?key=abcdef&k=abcde&token=a%20b%20c%20d', ['abcdef', 'a b c d']],
  ['https://gw.test/v1?api-version=2024-10-21&Version=2024-10-21&version-key=abcdef', ['abcdef']],
])('the secrets of %s are %j', (url, secrets) => {
  expect(querySecrets(new URL(url)).map(({ authorization }) => authorization)).toEqual(secrets);
});
