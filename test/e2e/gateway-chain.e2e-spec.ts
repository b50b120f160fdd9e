import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { inTurn, json, silence, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { requestLines } from '../support/log-lines.js';
import { started } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';

/** A provider, a gateway in front of it, and another one in front of that. */
interface Chain {
  readonly provider: FakeUpstream;
  readonly inner: Gateway;
  readonly outer: Gateway;
  readonly askInner: (path?: string) => Promise<Response>;
  readonly ask: (path?: string) => Promise<Response>;
}

const CALLER = { authorization: `Bearer ${secret('caller')}` };

async function chain(
  script: Script,
  innerEnv: Readonly<Record<string, string>> = {},
  outerEnv: Readonly<Record<string, string>> = {},
): Promise<Chain> {
  const provider = await started(startFakeUpstream(script));
  const inner = await started(
    startGateway({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: provider.url, ...innerEnv }),
  );
  const outer = await started(
    startGateway({ MAIN_MODEL_ENGINE: 'inner', MAIN_MODEL_BASE_URL: inner.url, ...outerEnv }),
  );
  const asking =
    ({ url }: Gateway) =>
    (path = '/v1/models') =>
      fetch(url + path, { headers: CALLER });
  return { provider, inner, outer, askInner: asking(inner), ask: asking(outer) };
}

function fixture(name: string): Script {
  const file = new URL(`../fixtures/${name}`, import.meta.url);
  return json(JSON.parse(readFileSync(file, 'utf8')));
}

describe('a gateway before a gateway', () => {
  it.each([
    ['openrouter', 'openrouter/list.json', {}],
    ['mistral', 'mistral/list.json', {}],
    ['huggingface', 'huggingface/list.json', {}],
    ['together', 'together/list.json', {}],
    ['xai', 'xai/list.json', {}],
    ['vllm', 'vllm/list.json', {}],
  ])('shows every field of a list of %s as the inner one does', async (engine, name, env) => {
    const { ask, askInner } = await chain(fixture(name), { MAIN_MODEL_ENGINE: engine, ...env });
    const list = (await (await askInner()).json()) as { data: { id: string }[] };
    expect(list.data.length).toBeGreaterThan(0);
    expect(await (await ask()).json()).toEqual(list);
    const path = `/v1/models/${encodeURIComponent(list.data[0]?.id ?? '')}`;
    expect(await (await ask(path)).json()).toEqual(await (await askInner(path)).json());
  });

  it('shows metadata under every name', async () => {
    const model = {
      id: 'a',
      object: 'model',
      created: 5,
      owned_by: 'x',
      display_name: 'A',
      name: 'A',
      context_length: 7,
      max_model_len: 7,
      description: 'What it is.',
      max_output_tokens: 3,
      capabilities: ['chat', 'embeddings', 'tools'],
      architecture: { input_modalities: ['text', 'image'], output_modalities: ['text', 'speech'] },
      pricing: { prompt: '0.1', web_search: '-1' },
      supported_parameters: ['temperature', 'reasoning'],
      lifecycle: 'deprecated',
      deprecates_at: 1_800_000_000,
      shutdown_date: '2030-01-01',
    };
    const { ask } = await chain(json({ object: 'list', data: [model] }));
    expect(await (await ask()).json()).toEqual({ object: 'list', data: [model] });
    expect((await ask('/v1/models/a')).headers.get('sunset')).toBe('Tue, 01 Jan 2030 00:00:00 GMT');
  });

  it('says that the inner one cannot reach its provider, and asks it once', async () => {
    const { provider, inner, ask } = await chain(text(''));
    await provider.close();
    const response = await ask();
    expect([response.status, await errorOf(response)]).toEqual([
      502,
      {
        message: 'The provider answered 502: The provider cannot be reached (ECONNREFUSED).',
        type: 'upstream_error',
        param: null,
        code: 'upstream_unreachable',
      },
    ]);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await requestLines(inner, 1)).toHaveLength(1);
    await started(startFakeUpstream());
  });

  it.each<[string, Script, Record<string, string>, string, string | null, number]>([
    ['is too slow', silence, { UPSTREAM_TIMEOUT_MS: '200' }, 'upstream_timeout', 'false', 1],
    ['fails', text('', 500), {}, 'upstream_error', null, 1],
    ['fails after a retry', text('', 503), {}, 'upstream_error', 'false', 2],
    ['gives no list', text('<p>'), {}, 'upstream_invalid_response', null, 1],
  ])('says that the provider of the inner one %s', async (_name, script, env, code, retry, requests) => {
    const { provider, ask } = await chain(script, env);
    const response = await ask();
    expect(await failureOf(response)).toEqual([502, code]);
    expect(response.headers.get('x-should-retry')).toBe(retry);
    expect(provider.requests).toHaveLength(requests);
  });

  it('says that the inner one lacks a setting, and which', async () => {
    const { ask } = await chain(text(''), { MAIN_MODEL_ENGINE: 'azure', MAIN_MODEL_BASE_URL: '' });
    const { message, code } = await errorOf(await ask());
    expect(code).toBe('provider_not_configured');
    expect(message).toContain('AZURE_OPENAI_ENDPOINT');
  });

  it('says that the inner one has too much to do, and when to come back', async () => {
    const error = { message: 'Too many.', type: 'server_error', param: null, code: 'overloaded' };
    const overloaded = json({ error }, 503, { 'retry-after': '1' });
    const provider = await started(startFakeUpstream(overloaded));
    const outer = await started(
      startGateway({ MAIN_MODEL_ENGINE: 'inner', MAIN_MODEL_BASE_URL: provider.url }),
    );
    const response = await fetch(`${outer.url}/v1/models`);
    expect(await failureOf(response)).toEqual([502, 'overloaded']);
    expect([response.headers.get('retry-after'), response.headers.has('x-should-retry')]).toEqual([
      '1',
      false,
    ]);
    expect(provider.requests).toHaveLength(1);
  });

  it('passes the error of a caller on as it is', async () => {
    const error = {
      message: 'No such key.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    };
    const { ask } = await chain(json({ error }, 401, { 'retry-after': '3' }));
    const response = await ask();
    expect([response.status, await errorOf(response)]).toEqual([401, error]);
    expect(response.headers.get('retry-after')).toBe('3');
  });
});

describe('a gateway before one with several engines', () => {
  const env = (first: FakeUpstream, lab: FakeUpstream): Record<string, string> => ({
    MODEL_ENGINES: 'first,lab',
    FIRST_BASE_URL: first.url,
    LAB_BASE_URL: lab.url,
  });
  const CACHE = { CACHE_ENABLED: 'true', CACHE_TTL_SECONDS: '60' };

  it.each([
    ['without a cache', {}],
    ['with a cache, which does not keep it', CACHE],
  ])('says what the list lacks, %s', async (_name, cache) => {
    const first = await started(startFakeUpstream(json({ data: [{ id: 'early' }] })));
    const lab = await started(
      startFakeUpstream(inTurn(text('', 500), text('', 500), json({ data: [{ id: 'late' }] }))),
    );
    const inner = await started(startGateway(env(first, lab)));
    const outer = await started(
      startGateway({ MAIN_MODEL_ENGINE: 'inner', MAIN_MODEL_BASE_URL: inner.url, ...cache }),
    );
    const response = await fetch(`${outer.url}/v1/models`);
    expect(await idsOf(response)).toEqual(['early']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-models-incomplete': 'inner/lab=upstream_error',
      'cache-control': 'no-store',
    });
    expect((await requestLines(outer, 1))[0]).toMatchObject({ incomplete: 'inner/lab=upstream_error' });
    expect((await fetch(`${outer.url}/v1/models/late`)).status).toBe(502);
    const whole = await fetch(`${outer.url}/v1/models`);
    expect(await idsOf(whole)).toEqual(['early', 'late']);
    expect(whole.headers.has('x-models-incomplete')).toBe(false);
    expect((await requestLines(outer, 3))[2]).not.toHaveProperty('incomplete');
  });
});
