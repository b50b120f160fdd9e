import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { json, raw, text } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';

const KEY = secret('caller');
const OURS = secret('ours');

const RATE_LIMIT = json({ error: { message: 'Slow down.', code: 'rate_limit_exceeded' } }, 429, {
  'retry-after': '7',
  'x-ratelimit-remaining-requests': '0',
  'x-request-id': 'theirs-1',
});

/** The exception that the SDK has to raise for a provider's answer. */
interface Case {
  readonly name: string;
  readonly script: Script;
  readonly exception: keyof typeof OpenAI & keyof typeof Anthropic;
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>> & { readonly code: string | null };
  /** The type in Anthropic's format. */
  readonly type: string;
}

const CASES: readonly Case[] = [
  {
    name: '400',
    script: json({ error: { message: 'Bad.', type: 'invalid_request_error', param: 'n', code: 'bad' } }, 400),
    exception: 'BadRequestError',
    status: 400,
    fields: { code: 'bad', param: 'n', type: 'invalid_request_error' },
    type: 'invalid_request_error',
  },
  {
    name: '401',
    script: json({ error: { message: `Bad key ${KEY}.`, code: 'invalid_api_key' } }, 401),
    exception: 'AuthenticationError',
    status: 401,
    fields: { code: 'invalid_api_key', type: 'authentication_error' },
    type: 'authentication_error',
  },
  {
    name: '403',
    script: text('<h1>Forbidden</h1>', 403),
    exception: 'PermissionDeniedError',
    status: 403,
    fields: { code: null, type: 'permission_error' },
    type: 'permission_error',
  },
  {
    name: '404',
    script: json({ detail: 'Not Found' }, 404),
    exception: 'NotFoundError',
    status: 404,
    fields: { code: null },
    type: 'not_found_error',
  },
  {
    name: '429',
    script: RATE_LIMIT,
    exception: 'RateLimitError',
    status: 429,
    fields: { code: 'rate_limit_exceeded', type: 'rate_limit_error' },
    type: 'rate_limit_error',
  },
  {
    name: '529',
    script: json({ error: { message: 'Overloaded.' } }, 529),
    exception: 'InternalServerError',
    status: 502,
    fields: { code: 'upstream_error', type: 'upstream_error' },
    type: 'api_error',
  },
  {
    name: 'HTML',
    script: text('<!doctype html>'),
    exception: 'InternalServerError',
    status: 502,
    fields: { code: 'upstream_invalid_response', type: 'upstream_error' },
    type: 'api_error',
  },
  {
    name: 'a closed connection',
    script: raw(''),
    exception: 'InternalServerError',
    status: 502,
    fields: { code: 'upstream_unreachable', type: 'upstream_error' },
    type: 'api_error',
  },
];

async function thrownBy(request: PromiseLike<unknown>): Promise<unknown> {
  return request.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("OpenAI's SDK", () => {
  const LIST = json({
    data: [
      { id: 'meta/llama-3.1-8b-instruct', created: 1700000000, owned_by: 'meta' },
      { id: '/srv/weights/qwen', created: 1700000001, owned_by: 'vllm' },
    ],
  });

  async function start(
    script: Script,
    env: Record<string, string> = {},
    options: { apiKey?: string; maxRetries?: number } = {},
  ): Promise<Scenario & { client: OpenAI }> {
    const scenario = await startScenario(script, env);
    const baseURL = `${scenario.gateway.url}/v1`;
    return { ...scenario, client: new OpenAI({ apiKey: KEY, baseURL, maxRetries: 0, ...options }) };
  }

  it('lists', async () => {
    const { client, upstream } = await start(LIST);
    const page = await client.models.list();
    expect(page.object).toBe('list');
    expect(page.hasNextPage()).toBe(false);
    const models: OpenAI.Model[] = [];
    for await (const model of client.models.list()) models.push(model);
    expect(models).toEqual(page.data);
    expect(models[0]).toEqual({
      id: 'meta/llama-3.1-8b-instruct',
      object: 'model',
      created: 1700000000,
      owned_by: 'meta',
    });
    expect(models).toHaveLength(2);
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it.each(['meta/llama-3.1-8b-instruct', '/srv/weights/qwen'])('retrieves %s', async (id) => {
    const { client } = await start(LIST);
    expect(await client.models.retrieve(id)).toMatchObject({ id, object: 'model' });
  });

  it('raises NotFoundError for an unknown model', async () => {
    const { client } = await start(LIST);
    const error = await thrownBy(client.models.retrieve('unknown'));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
  });

  it.each([
    ['the key of the environment', { VLLM_API_KEY: OURS }, `Bearer ${OURS}`],
    ['no key', {}, undefined],
  ])('with the key not-used sends %s upstream', async (_name, env, authorization) => {
    const { client, upstream } = await start(LIST, env, { apiKey: 'not-used' });
    expect((await client.models.list()).data).toHaveLength(2);
    expect(upstream.requests[0]?.headers.authorization).toBe(authorization);
  });

  it.each(CASES)('raises $exception for $name', async ({ script, exception, status, fields }) => {
    const { client } = await start(script);
    for (const ask of [() => client.models.list(), () => client.models.retrieve('a/b')]) {
      const error = await thrownBy(ask());
      expect(error).toBeInstanceOf(OpenAI[exception]);
      expect(error).toMatchObject({ status, ...fields });
    }
  });

  it('has the message, the headers and the request id of a 429', async () => {
    const { client } = await start(RATE_LIMIT);
    const error = (await thrownBy(client.models.list())) as InstanceType<typeof OpenAI.APIError>;
    expect(error.message).toBe('429 Slow down.');
    expect(error.requestID).toMatch(/^[\da-f-]{36}$/);
    expect(Object.fromEntries(error.headers ?? [])).toMatchObject({
      'retry-after': '7',
      'x-ratelimit-remaining-requests': '0',
      'x-upstream-request-id': 'theirs-1',
    });
  });

  it('does not multiply the retries of the gateway', async () => {
    const { client, upstream } = await start(text('', 503), {}, { maxRetries: 2 });
    expect(await thrownBy(client.models.list())).toBeInstanceOf(OpenAI.InternalServerError);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe("Anthropic's SDK", () => {
  const FIRST = json({
    data: [
      { type: 'model', id: 'claude-b', display_name: 'B', created_at: '2025-11-24T00:00:00Z' },
      { type: 'model', id: 'claude-a', display_name: 'A', created_at: '2025-10-01T00:00:00Z' },
    ],
    has_more: true,
    first_id: 'claude-b',
    last_id: 'claude-a',
  });
  const LAST = json({
    data: [{ type: 'model', id: 'claude-0', display_name: '0', created_at: '2024-01-01T00:00:00Z' }],
    has_more: false,
    first_id: 'claude-0',
    last_id: 'claude-0',
  });
  const twoPages: Script = (request, response) => {
    (request.url?.includes('after_id') ? LAST : FIRST)(request, response);
  };

  async function start(script: Script): Promise<Scenario & { client: Anthropic }> {
    const scenario = await startScenario(script, { MAIN_MODEL_ENGINE: 'anthropic' });
    const client = new Anthropic({ apiKey: KEY, baseURL: scenario.gateway.url, maxRetries: 0 });
    return { ...scenario, client };
  }

  it('lists all pages of the provider in pages of the gateway', async () => {
    const { client, upstream } = await start(twoPages);
    const ids: string[] = [];
    for await (const { id } of client.models.list({ limit: 1 })) ids.push(id);
    expect(ids).toEqual(['claude-b', 'claude-a', 'claude-0']);
    // Each of the three pages is cut from the whole list.
    const pages = ['/v1/models?limit=1000', '/v1/models?limit=1000&after_id=claude-a'];
    expect(upstream.requests.map(({ url }) => url)).toEqual([...pages, ...pages, ...pages]);
  });

  it('gets one last page', async () => {
    const { client } = await start(twoPages);
    const page = await client.models.list();
    expect(page.data).toHaveLength(3);
    expect(page.hasNextPage()).toBe(false);
  });

  it("sends its key to the provider in the provider's header", async () => {
    const { client, upstream } = await start(twoPages);
    await client.models.list();
    const [request] = upstream.requests;
    expect(request?.headers['x-api-key']).toBe(KEY);
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.headers['anthropic-version']).toBe('2023-06-01');
  });

  it('retrieves', async () => {
    const { client } = await start(twoPages);
    expect(await client.models.retrieve('claude-0')).toEqual({
      type: 'model',
      id: 'claude-0',
      display_name: '0',
      created_at: '2024-01-01T00:00:00Z',
      deprecated_at: null,
      retires_at: null,
      line: null,
      max_input_tokens: null,
      max_tokens: null,
      capabilities: null,
    });
  });

  it('raises NotFoundError for an unknown model', async () => {
    const { client } = await start(twoPages);
    const error = await thrownBy(client.models.retrieve('claude-x/y'));
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect(error).toMatchObject({ status: 404 });
  });

  it.each(CASES)('raises $exception for $name', async ({ script, exception, status, fields, type }) => {
    const { client } = await start(script);
    for (const ask of [() => client.models.list(), () => client.models.retrieve('a/b')]) {
      const error = await thrownBy(ask());
      expect(error).toBeInstanceOf(Anthropic[exception]);
      const { requestID } = error as InstanceType<typeof Anthropic.APIError>;
      const details = fields.code === null ? {} : { details: { error_code: fields.code } };
      expect(error).toMatchObject({
        status,
        type,
        error: {
          type: 'error',
          error: { type, message: expect.any(String), ...details },
          request_id: requestID,
        },
      });
      expect(requestID).toMatch(/^[\w-]{36}$/);
      expect(JSON.stringify(error)).not.toContain(KEY);
    }
  });

  it('has the message and the headers of a 429', async () => {
    const { client } = await start(RATE_LIMIT);
    const error = (await thrownBy(client.models.list())) as InstanceType<typeof Anthropic.APIError>;
    expect(error.message).toContain('Slow down.');
    expect(error.headers?.get('retry-after')).toBe('7');
  });
});
