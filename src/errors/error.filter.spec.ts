import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HttpException, Logger, NotFoundException } from '@nestjs/common';
import { filtered } from '../../test/support/filtered.js';
import { ErrorFilter } from './error.filter.js';
import { OpenAiException } from './openai.exception.js';

let logged: jest.SpiedFunction<Logger['error']>;

beforeEach(() => {
  logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
});

afterEach(() => {
  jest.restoreAllMocks();
});

const answerTo = (error: unknown, headers?: Record<string, string>) =>
  filtered(new ErrorFilter(), error, headers);

/** An error as Fastify makes it. */
const fastifyError = (statusCode: unknown) => Object.assign(new Error('SECRET'), { statusCode });

it('an error of this service is shown as it is, and never stored', () => {
  const error = new OpenAiException(404, 'There is none.', { param: 'model', code: 'model_not_found' });
  expect(error.message).toBe('There is none.');
  expect(answerTo(error)).toMatchObject({
    status: 404,
    body: {
      error: {
        message: 'There is none.',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    },
    headers: { 'cache-control': 'no-store' },
  });
  expect(logged).not.toHaveBeenCalled();
});

describe('a mistake of the caller that Nest or Fastify finds', () => {
  it.each([
    [400, fastifyError(400)],
    [499, fastifyError(499)],
    [404, new NotFoundException('SECRET')],
    [418, new HttpException('SECRET', 418)],
  ])('is a %d without their words', (status, error) => {
    expect(answerTo(error)).toMatchObject({
      status,
      body: {
        error: {
          message: 'The request is not valid.',
          type: 'invalid_request_error',
          param: null,
          code: null,
        },
      },
      headers: { 'cache-control': 'no-store' },
    });
    expect(logged).not.toHaveBeenCalled();
  });
});

describe('a bug', () => {
  it.each([
    ['an error', new Error('SECRET'), /^Error: SECRET\n +at /],
    ['a status below 400', fastifyError(399), /SECRET/],
    ['a status from 500 on', fastifyError(500), /SECRET/],
    ['a status that is no number', fastifyError('404'), /SECRET/],
    ['an exception from 500 on', new HttpException('SECRET', 503), /SECRET/],
    ['an error without a stack', Object.assign(new Error('SECRET'), { stack: undefined }), /^SECRET$/],
    ['no error', { statusCode: 404 }, /^\[object Object\]$/],
    ['a text', 'SECRET', /^SECRET$/],
  ])('is a 500, and in the log: %s', (_name, error, text) => {
    expect(answerTo(error)).toMatchObject({
      status: 500,
      body: {
        error: {
          message: 'Internal server error.',
          type: 'server_error',
          param: null,
          code: 'internal_error',
        },
      },
    });
    expect(logged.mock.calls).toEqual([[{ msg: expect.stringMatching(text), trace_id: undefined }]]);
  });
});

describe('in the dialect of Anthropic', () => {
  const anthropic = { 'anthropic-version': '2023-06-01' };

  it('an error has the id of its request', () => {
    const { status, body, headers } = answerTo(new OpenAiException(404, 'None.'), anthropic);
    expect([status, body]).toEqual([
      404,
      { type: 'error', error: { type: 'not_found_error', message: 'None.' }, request_id: 'r-1' },
    ]);
    expect(headers).toMatchObject({ 'request-id': 'r-1', 'cache-control': 'no-store' });
  });

  it('a bug has its code', () => {
    expect(answerTo(new Error('SECRET'), anthropic).body).toMatchObject({
      error: {
        type: 'api_error',
        message: 'Internal server error.',
        details: { error_code: 'internal_error' },
      },
    });
  });

  it('no error is that names no version', () => {
    const { body, headers } = answerTo(new Error('SECRET'), { 'anthropic-version': '' });
    expect(body).not.toHaveProperty('request_id');
    expect(headers).not.toHaveProperty('request-id');
  });
});
