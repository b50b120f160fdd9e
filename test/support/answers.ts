import { expect } from '@jest/globals';
import type { OpenAiError, OpenAiErrorBody } from '../../src/errors/openai-error.js';

/** A model as the gateway lists it. */
interface ListedModel {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly owned_by: string;
}

/** The models of an answer, after a check that it is a list. */
export async function modelsOf(response: Response): Promise<readonly ListedModel[]> {
  const body = (await response.json()) as { data: ListedModel[] };
  expect([response.status, body]).toEqual([200, { object: 'list', data: expect.any(Array) }]);
  return body.data;
}

/** The ids of an answer, after a check that it is a list. */
export async function idsOf(response: Response): Promise<string[]> {
  return (await modelsOf(response)).map(({ id }) => id);
}

/** The error of an answer, after a check that it is complete: OpenAI's four fields, and a request id. */
export async function errorOf(response: Response): Promise<OpenAiError> {
  const body = (await response.json()) as OpenAiErrorBody;
  const textOrNull = { asymmetricMatch: (value: unknown) => value === null || typeof value === 'string' };
  expect(body).toEqual({
    error: { message: expect.any(String), type: expect.any(String), param: textOrNull, code: textOrNull },
  });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('x-request-id')).toMatch(/^[\w.:-]{1,128}$/);
  return body.error;
}

/** The status and the code of an error, after a check that it is complete. */
export async function failureOf(response: Response): Promise<[status: number, code: string | null]> {
  return [response.status, (await errorOf(response)).code];
}
