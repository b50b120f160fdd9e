import { expect, it } from '@jest/globals';
import { reasonOf } from './reasons.js';

it.each([
  ['upstream_403', 'refused the key'],
  ['upstream_timeout', 'gave no answer in time'],
  ['upstream_400', 'answered with HTTP 400'],
  ['upstream_408', 'answered with HTTP 408'],
  ['upstream_422', 'answered with HTTP 422'],
  ['upstream_503', 'answered with HTTP 503'],
  ['internal_error', 'gave no list'],
])('%s is a reason in words', (code, reason) => {
  expect(reasonOf(code)).toBe(reason);
});
