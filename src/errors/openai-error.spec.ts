import { expect, it } from '@jest/globals';
import { anthropicError } from './anthropic-error.js';
import { openAiError, OVERLOADED } from './openai-error.js';

it.each([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'invalid_request_error'],
  [429, 'rate_limit_error'],
  [499, 'invalid_request_error'],
  [500, 'server_error'],
  [503, 'server_error'],
])('the type of a %d is %s', (status, type) => {
  expect(openAiError(status, 'No.')).toEqual({ error: { message: 'No.', type, param: null, code: null } });
});

it('fields that are given count', () => {
  const fields = { type: 't', param: 'p', code: 'c' };
  expect(openAiError(500, 'No.', fields)).toEqual({ error: { message: 'No.', ...fields } });
});

it.each([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [409, 'conflict_error'],
  [413, 'request_too_large'],
  [422, 'invalid_request_error'],
  [429, 'rate_limit_error'],
  [499, 'invalid_request_error'],
  [500, 'api_error'],
  [502, 'api_error'],
])("the type of a %d is %s in Anthropic's form", (status, type) => {
  expect(anthropicError(status, openAiError(status, 'No.'), 'r-1')).toEqual({
    type: 'error',
    error: { type, message: 'No.' },
    request_id: 'r-1',
  });
});

it("the type of an overload is Anthropic's own, and the code is in the details", () => {
  expect(anthropicError(503, openAiError(503, 'Wait.', { code: OVERLOADED }), 'r-1').error).toEqual({
    type: 'overloaded_error',
    message: 'Wait.',
    details: { error_code: 'overloaded' },
  });
});
