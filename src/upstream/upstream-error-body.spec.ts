import { describe, expect, it } from '@jest/globals';
import { readUpstreamErrorBody } from './upstream-error-body.js';
import type { UpstreamErrorBody } from './upstream-error-body.js';

describe('readUpstreamErrorBody', () => {
  it.each<[string, unknown, UpstreamErrorBody]>([
    [
      'OpenAI',
      {
        error: {
          message: 'No such model.',
          type: 'invalid_request_error',
          param: 'model',
          code: 'not_found',
        },
      },
      { message: 'No such model.', type: 'invalid_request_error', param: 'model', code: 'not_found' },
    ],
    [
      'OpenAI with nulls',
      { error: { message: 'No key.', type: 'invalid_request_error', param: null, code: null } },
      { message: 'No key.', type: 'invalid_request_error' },
    ],
    [
      'vLLM, whose code is a number',
      { error: { message: 'No such model.', type: 'NotFoundError', param: null, code: 404 } },
      { message: 'No such model.', type: 'NotFoundError', code: '404' },
    ],
    [
      'xAI, with a code beside the text',
      { code: 'unauthenticated', error: 'No such key.' },
      { message: 'No such key.', code: 'unauthenticated' },
    ],
    [
      'Databricks',
      { error_code: 'PERMISSION_DENIED', message: 'Not here.' },
      { message: 'Not here.', code: 'PERMISSION_DENIED' },
    ],
    [
      'Triton, without param',
      { error: { message: 'Not allowed.', type: 'authentication_error', code: 'invalid_auth' } },
      { message: 'Not allowed.', type: 'authentication_error', code: 'invalid_auth' },
    ],
    ['vLLM and Ollama, whose error is a text', { error: 'Unauthorized' }, { message: 'Unauthorized' }],
    [
      'Text Generation Inference',
      { error: 'Too long.', error_type: 'validation' },
      { message: 'Too long.', type: 'validation' },
    ],
    [
      'TensorRT-LLM and old vLLM, flat',
      { object: 'error', message: 'Bad.', type: 'BadRequestError', param: null, code: 400 },
      { message: 'Bad.', type: 'BadRequestError', code: '400' },
    ],
    ['FastAPI', { detail: 'Not Found' }, { message: 'Not Found' }],
    [
      'the validation of FastAPI',
      {
        detail: [
          { loc: ['query', 'limit'], msg: 'not an integer', type: 'type_error' },
          { loc: ['body', 0, 'id'], msg: 'missing', type: 'missing' },
        ],
      },
      { message: 'query.limit: not an integer; body.0.id: missing' },
    ],
    ['the validation of FastAPI without a place', { detail: [{ msg: 'wrong' }] }, { message: 'wrong' }],
    [
      'the validation of FastAPI among other things',
      { detail: ['x', null, { msg: 7 }, { msg: 'a' }] },
      { message: 'a' },
    ],
    [
      'Anthropic',
      {
        type: 'error',
        error: { type: 'authentication_error', message: 'invalid x-api-key' },
        request_id: 'r',
      },
      { message: 'invalid x-api-key', type: 'authentication_error' },
    ],
    [
      'Anthropic with a code for machines',
      {
        type: 'error',
        error: {
          type: 'rate_limit_error',
          message: 'Limit reached.',
          details: { error_code: 'enforced_spend_limit_reached' },
        },
      },
      { message: 'Limit reached.', type: 'rate_limit_error', code: 'enforced_spend_limit_reached' },
    ],
    [
      'Azure',
      { error: { code: 'Unauthorized', message: 'Wrong key or endpoint.' } },
      { message: 'Wrong key or endpoint.', code: 'Unauthorized' },
    ],
    [
      'Azure, whose code may be digits',
      { error: { code: '401', message: 'Wrong key or endpoint.' } },
      { message: 'Wrong key or endpoint.', code: '401' },
    ],
    ['API Management', { statusCode: 401, message: 'Key required.' }, { message: 'Key required.' }],
    ['Cohere', { id: '00000000-0000', message: 'invalid api token' }, { message: 'invalid api token' }],
    [
      'Google, whose details are a list',
      { error: { code: 400, message: 'Bad key.', status: 'INVALID_ARGUMENT', details: [{ reason: 'x' }] } },
      { message: 'Bad key.', code: '400' },
    ],
    [
      'NVIDIA',
      { status: 401, title: 'Unauthorized', detail: 'Authentication failed' },
      { message: 'Authentication failed' },
    ],
    ['an error without a message beside a detail', { error: {}, detail: 'Why.' }, { message: 'Why.' }],
    [
      'llama-server while it loads',
      { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
      { message: 'Loading model', type: 'unavailable_error', code: '503' },
    ],
    [
      'FastChat',
      { detail: { error: { message: 'No.', type: 'invalid_request_error', code: 40303 } } },
      { message: 'No.', type: 'invalid_request_error', code: '40303' },
    ],
    [
      'KoboldCpp',
      { detail: { error: 'Unauthorized', msg: 'Authentication key is missing.', type: 'unauthorized' } },
      { message: 'Authentication key is missing.', type: 'unauthorized' },
    ],
    ['FastAPI with an object', { detail: { error: 'No.' } }, { message: 'No.' }],
    ['an object as detail', { detail: { msg: 'No' } }, { message: 'No' }],
    ['Baidu', { error_code: 110, error_msg: 'Token invalid' }, { message: 'Token invalid', code: '110' }],
    [
      'Cloudflare',
      { success: false, errors: [{ code: 10000, message: 'Authentication error' }], result: null },
      { message: 'Authentication error', code: '10000' },
    ],
    ['errors that are texts', { errors: ['No.', 'Never.'] }, { message: 'No.; Never.' }],
    [
      'Problem Details without a detail',
      { type: 'about:blank', title: 'Service Unavailable', status: 503 },
      { message: 'Service Unavailable' },
    ],
    [
      'Problem Details',
      { type: 'https://errors.test/limit', title: 'Limit', status: 429, detail: 'Wait.' },
      { message: 'Wait.' },
    ],
    [
      'Spring, whose error is a bare word',
      { status: 503, error: 'Service Unavailable', message: 'The model is loading.' },
      { message: 'The model is loading.' },
    ],
    [
      'OAuth',
      { error: 'invalid_token', error_description: 'The token has expired.' },
      { message: 'The token has expired.' },
    ],
    [
      'NestJS',
      { statusCode: 400, message: ['a is wrong', 'b is wrong'], error: 'Bad Request' },
      { message: 'a is wrong; b is wrong' },
    ],
    [
      'Mistral, whose message is an object',
      { object: 'error', message: { detail: [{ loc: ['query'], msg: 'No.' }] }, type: 'invalid' },
      { message: 'query: No.', type: 'invalid' },
    ],
    [
      "Gemini's compatible API, which answers with a list",
      [{ error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT' } }],
      { message: 'API key not valid.', code: '400' },
    ],
    [
      'an error around an error',
      { message: 'Failed.', error: { message: 'Out of memory.', code: 'oom' } },
      { message: 'Out of memory.', code: 'oom' },
    ],
    [
      'words in angle brackets',
      { error: { message: 'Set <model> to a name.' } },
      { message: 'Set <model> to a name.' },
    ],
    ['a JSON text', 'Unauthorized', { message: 'Unauthorized' }],
    ['an envelope that says "error" only', { type: 'error', error: { message: 'No.' } }, { message: 'No.' }],
    [
      'a place with odd parts',
      { detail: [{ loc: ['a', { b: 1 }, null, 2], msg: 'No.' }] },
      { message: 'a.2: No.' },
    ],
    ['texts among other things', { errors: ['No.', 7, 'Never.'] }, { message: 'No.; Never.' }],
    [
      'five errors in each other',
      { error: { error: { error: { error: { message: 'No.' } } } } },
      { message: 'No.' },
    ],
    ['a message inside messages', { message: { message: { message: 'No.' } } }, { message: 'No.' }],
  ])('reads %s', (_name, body, expected) => {
    expect(definedFields(readUpstreamErrorBody(bytes(JSON.stringify(body))))).toEqual(expected);
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['HTML', '<!doctype html><title>502 Bad Gateway</title>'],
    ['HTML in a sentence', 'Error: <b>no</b>'],
    ['HTML in a field', '{"message":"<html><body>Bad Gateway</body></html>"}'],
    ['XML', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
    ['a list that breaks off', '[{"error":'],
    ['JSON that breaks off', '{"error":{"message":"No'],
    ['a number', '401'],
    ['null', 'null'],
    ['an array', '[{"message":"No"}]'],
    ['an empty object', '{}'],
    ['an empty error', '{"error":""}'],
    ['error: null', '{"error":null}'],
    ['an error that is an array', '{"error":["No"]}'],
    ['an empty list of details', '{"detail":[]}'],
    ['empty fields', '{"error":{"message":"","type":"","param":"","code":""}}'],
    ['fields of other types', '{"error":{"message":1,"type":["a"],"param":{"a":1},"code":true}}'],
    ['bytes that are no text', '\uFFFD\u0000'],
    ['text among bytes', 'Unauthorized\u0007'],
    ['white space in fields', '{"error":{"message":" "}}'],
    ['more than 64 KiB', `{"message":"${'x'.repeat(65_536)}"}`],
    ['messages in messages without end', `${'{"message":'.repeat(9)}{"message":"No"}${'}'.repeat(9)}`],
    ['a list of no errors', '["No"]'],
    ['errors in errors without end', `${'{"error":'.repeat(9)}{"message":"No"}${'}'.repeat(9)}`],
  ])('finds nothing in %s', (_name, text) => {
    expect(definedFields(readUpstreamErrorBody(bytes(text)))).toEqual({});
  });
});

it.each([
  ['a line', 'Unauthorized\n', 'Unauthorized'],
  [
    'lines',
    'upstream connect error\r\nreset before headers',
    'upstream connect error\r\nreset before headers',
  ],
  ['text behind a byte order mark', '\uFEFFNo.', 'No.'],
])('plain text is a message: %s', (_name, text, message) => {
  expect(definedFields(readUpstreamErrorBody(bytes(text)))).toEqual({ message });
});

function bytes(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

/** `toEqual` cannot tell an undefined field from a missing one, so only defined ones are compared. */
function definedFields(body: UpstreamErrorBody): object {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
