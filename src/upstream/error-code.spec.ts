import { expect, it } from '@jest/globals';
import { errorCode } from './error-code.js';

it.each([
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new Error('x', { cause: Object.assign(new Error('y'), { code: 'EPIPE' }) }), 'EPIPE'],
  [Object.assign(new Error('x', { cause: { code: 'EPIPE' } }), { code: 7 }), 'EPIPE'],
  [new Error('x', { cause: 'y' }), 'unknown'],
  [new Error('x'), 'unknown'],
  [null, 'unknown'],
  [undefined, 'unknown'],
  ['EPIPE', 'unknown'],
])('the code of %p is %s', (error, code) => {
  expect(errorCode(error)).toBe(code);
});
