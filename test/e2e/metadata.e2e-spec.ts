import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { PROVIDER_CONTRACTS } from '../contract/provider-contracts.js';
import type { ProviderContract } from '../contract/provider-contracts.js';
import { json, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';

type Fields = Readonly<Record<string, unknown>>;

/** All that an answer may ever say of a model. */
const ALLOWED = new Set([
  'id',
  'object',
  'created',
  'owned_by',
  'display_name',
  'context_length',
  'max_model_len',
  'max_output_tokens',
  'capabilities',
  'lifecycle',
  'deprecates_at',
]);

async function modelsOf({ ask }: Scenario, query = '?include_metadata=true'): Promise<Fields[]> {
  const response = await ask(`/v1/models${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: Fields[] }).data;
}

function metadataOf({ id, object, created, owned_by: owner, ...metadata }: Fields): Fields {
  expect([typeof id, object, typeof created, typeof owner]).toEqual(['string', 'model', 'number', 'string']);
  return metadata;
}

const shared = sharedScenario();

/** A model of a vendor that says of it what is given. */
async function metadataFrom(row: Fields, engine = 'vllm'): Promise<Fields> {
  const body = engine === 'cohere' ? { models: [{ name: 'a', ...row }] } : { data: [{ id: 'a', ...row }] };
  const scenario =
    engine === 'vllm' ? shared(json(body)) : await startScenario(json(body), { MAIN_MODEL_ENGINE: engine });
  return metadataOf((await modelsOf(scenario))[0] ?? {});
}

function fixturesOf({ fixtures, pages }: ProviderContract): Script {
  return (request, response) => {
    const page = pages.find((each) => each.request === request.url);
    response.end(readFileSync(new URL(`../fixtures/${fixtures}/${page?.fixture ?? ''}`, import.meta.url)));
  };
}

/** What the first model of each vendor's fixture says of itself. */
const FIRST: Readonly<Record<string, Fields>> = {
  openai: {},
  nim: {},
  trt_llm: {},
  vllm: { context_length: 32_768, max_model_len: 32_768 },
  anthropic: {
    display_name: 'Claude Opus 4.5',
    context_length: 200_000,
    max_model_len: 200_000,
    max_output_tokens: 64_000,
    capabilities: ['vision'],
    lifecycle: 'active',
  },
  azure: { capabilities: ['chat'], lifecycle: 'active', deprecates_at: 1_790_000_000 },
  cohere: { context_length: 128_000, max_model_len: 128_000, capabilities: ['chat'], lifecycle: 'active' },
  gemini: {
    display_name: 'Gemini 2.5 Pro',
    context_length: 1_048_576,
    max_model_len: 1_048_576,
    max_output_tokens: 65_536,
    capabilities: ['chat', 'reasoning'],
  },
  mistral: {
    context_length: 40_960,
    max_model_len: 40_960,
    capabilities: ['chat', 'vision', 'tools'],
  },
  groq: { context_length: 131_072, max_model_len: 131_072, max_output_tokens: 8192 },
  together: {
    display_name: 'Orbit 70B Turbo',
    context_length: 131_072,
    max_model_len: 131_072,
    capabilities: ['chat'],
  },
  fireworks: { context_length: 163_840, max_model_len: 163_840, capabilities: ['chat', 'tools'] },
  openrouter: {
    display_name: 'Orbit Labs: Large',
    context_length: 262_144,
    max_model_len: 262_144,
    max_output_tokens: 32_000,
    capabilities: ['text_generation', 'vision', 'tools'],
  },
  deepseek: {},
  xai: {},
  ollama: {},
  huggingface: { capabilities: ['text_generation'] },
  cerebras: {},
  sambanova: { context_length: 131_072, max_model_len: 131_072, max_output_tokens: 4096 },
  triton: {},
  github_models: {
    display_name: 'Orbit 4',
    context_length: 131_072,
    max_model_len: 131_072,
    max_output_tokens: 16_384,
    capabilities: ['text_generation', 'tools'],
  },
  databricks: { capabilities: ['chat'] },
  bedrock: { display_name: 'Orbit Large', capabilities: ['text_generation', 'vision'], lifecycle: 'active' },
};

describe.each(PROVIDER_CONTRACTS)('metadata of $engine', (contract) => {
  const { engine, baseUrlVariables, basePath, keyVariables, settings } = contract;

  async function start(): Promise<Scenario> {
    const upstream = await started(startFakeUpstream(fixturesOf(contract)));
    return startScenario(undefined, {
      MAIN_MODEL_ENGINE: engine,
      ...settings,
      MAIN_MODEL_BASE_URL: '',
      [keyVariables[0]]: secret('ours'),
      [baseUrlVariables[0]]: upstream.url + basePath,
    });
  }

  it('is what it says, in our words', async () => {
    const models = await modelsOf(await start());
    expect(metadataOf(models[0] ?? {})).toEqual(FIRST[engine] ?? {});
    for (const model of models) expect(Object.keys(model).filter((name) => !ALLOWED.has(name))).toEqual([]);
    expect(JSON.stringify(models)).not.toMatch(/permission|@company|example\.com|pricing/);
  });
});

describe('include_metadata', () => {
  const RICH = json({ data: [{ id: 'a/b', created: 1, owned_by: 'x', max_model_len: 8, root: '/srv' }] });
  const PLAIN = '{"object":"list","data":[{"id":"a/b","object":"model","created":1,"owned_by":"x"}]}';
  const FULL =
    '{"object":"list","data":[{"id":"a/b","object":"model","created":1,"owned_by":"x",' +
    '"context_length":8,"max_model_len":8}]}';

  it.each([
    ['', {}, PLAIN],
    ['?include_metadata=true', {}, FULL],
    ['?x=1&include_metadata=true', {}, FULL],
    ['?include_metadata=false', {}, PLAIN],
    ['?include_metadata=TRUE', {}, FULL],
    ['?include_metadata=1', {}, PLAIN],
    ['?include_metadata', {}, PLAIN],
    ['?include_metadata=true&include_metadata=true', {}, PLAIN],
    ['', { MODELS_METADATA: 'true' }, FULL],
    ['?include_metadata=false', { MODELS_METADATA: 'true' }, PLAIN],
    ['?include_metadata=maybe', { MODELS_METADATA: 'true' }, FULL],
  ])('%s with %j decides', async (query, env, expected) => {
    const { ask } = await startScenario(RICH, env);
    expect(await (await ask(`/v1/models${query}`)).text()).toBe(expected);
  });

  it('is not sent to the provider', async () => {
    const scenario = shared(RICH);
    await modelsOf(scenario);
    expect(scenario.upstream.requests[0]?.url).toBe('/v1/models');
  });

  it('holds for one model too', async () => {
    const { ask } = shared(RICH);
    const model = { id: 'a/b', object: 'model', created: 1, owned_by: 'x' };
    expect(await (await ask('/v1/models/a/b')).json()).toEqual(model);
    expect(await (await ask('/v1/models/a%2Fb?include_metadata=true')).json()).toEqual({
      ...model,
      context_length: 8,
      max_model_len: 8,
    });
  });

  it('has tags of its own', async () => {
    const { ask } = shared(RICH);
    const [plain, full] = await Promise.all([ask(), ask('/v1/models?include_metadata=true')]);
    expect(full.headers.get('etag')).not.toBe(plain.headers.get('etag'));
    const known = { 'if-none-match': plain.headers.get('etag') ?? '' };
    expect((await ask('/v1/models?include_metadata=true', { headers: known })).status).toBe(200);
  });
});

describe('metadata', () => {
  it.each<[string, Fields]>([
    ['a negative length', { max_model_len: -1 }],
    ['a length of zero', { max_model_len: 0 }],
    ['a part of a token', { max_model_len: 1.5 }],
    ['a length as text', { max_model_len: '8' }],
    ['more tokens than a number can count', { max_model_len: 1e300 }],
    ['no length', { max_model_len: null }],
    ['a length in a list', { max_model_len: [8] }],
    ['a name that is a number', { display_name: 7 }],
    ['an empty name', { display_name: ' ' }],
    ['a name without end', { display_name: 'x'.repeat(1_000_000) }],
    ['a name in two lines', { display_name: 'a\nb' }],
    ['a name that turns the text around', { display_name: 'a\u202Eb' }],
    ['a path', { display_name: '/srv/weights/llama' }],
    ['a path at home', { display_name: '~/weights' }],
    ['a path of Windows', { display_name: 'C:\\weights' }],
    ['the URL of a file', { display_name: 'file:///srv/weights' }],
    ['the URL of a bucket', { display_name: 's3://company-weights/llama' }],
    ['a path in between', { display_name: 'Weights in /srv/models/llama' }],
    ['a path after a sign', { display_name: 'root=/srv/weights/x' }],
    ['a path in brackets', { display_name: '[/srv/weights]' }],
    ['a path after a comma', { display_name: 'Model,/srv/weights' }],
    ['a path in backticks', { display_name: '`/etc/passwd`' }],
    ['a drive after a sign', { display_name: 'x=C:\\models' }],
    ['a URL in brackets', { display_name: '{s3://bucket/key}' }],
    ['an address with spaces', { display_name: 'alice @ example.com' }],
    ['a relative path', { display_name: 'opt/models/llama.gguf' }],
    ['a relative path of Windows', { display_name: 'models\\llama' }],
    ['a path in between that is relative', { display_name: 'From home/bob/weights' }],
    ['an address of full width', { display_name: 'bob\uFF20example.com' }],
    ['an address without a domain', { display_name: 'ann@intranet' }],
    ['an address', { display_name: 'Ann <ann@company.example>' }],
    ['unknown words', { capabilities: ['secret', 'root', '__proto__', 'constructor'], lifecycle: 'dying' }],
    ['words that are none', { capabilities: [1, null, { chat: true }, ['chat']] }],
    ['what it cannot do', { capabilities: { chat: false, vision: { supported: false }, tools: 'true' } }],
    ['a field of prototypes', { __proto__: { display_name: 'x' }, constructor: { name: 'x' } }],
    ['dates that are none', { deprecation: 'soon', shutdown_date: null, expiration_date: {} }],
    ['nested nonsense', { meta: 'n_ctx', architecture: [], top_provider: 7, limits: null }],
    [
      'what is never shown',
      { root: '/srv', permission: [{}], path: '/srv', owner: 'a@b.example', pricing: {} },
    ],
  ])('makes nothing of %s', async (_name, row) => {
    expect(await metadataFrom(row)).toEqual({});
  });

  it.each<[string, Fields, Fields, string]>([
    [
      'llama.cpp',
      { meta: { n_ctx: 4096, n_params: 1 } },
      { context_length: 4096, max_model_len: 4096 },
      'vllm',
    ],
    ['Mistral', { deprecation: '2026-12-01T00:00:00Z' }, { deprecates_at: 1_796_083_200 }, 'mistral'],
    ['OpenAI', { shutdown_date: '2026-12-01' }, { deprecates_at: 1_796_083_200 }, 'openai'],
    [
      'xAI',
      { input_modalities: ['text', 'image'], output_modalities: ['text'] },
      { capabilities: ['text_generation', 'vision'] },
      'xai',
    ],
    [
      'another gateway',
      { capabilities: ['tools', 'chat', 'chat'] },
      { capabilities: ['chat', 'tools'] },
      'my-gateway',
    ],
    [
      'Anthropic',
      { lifecycle: 'deprecated', deprecated_at: '2026-12-01T00:00:00Z', retires_at: '2027-12-01T00:00:00Z' },
      { lifecycle: 'deprecated', deprecates_at: 1_796_083_200 },
      'anthropic',
    ],
    [
      'Cohere',
      { is_deprecated: true, endpoints: ['embed', 'x'] },
      { capabilities: ['embeddings'], lifecycle: 'deprecated' },
      'cohere',
    ],
    ['Cohere', { features: ['tools', 'json_mode'] }, { capabilities: ['tools'] }, 'cohere'],
    ['Cohere', { endpoints: ['summarize'] }, { capabilities: ['other'] }, 'cohere'],
    [
      'Mistral',
      { capabilities: { completion_chat: false, vision: true } },
      { capabilities: ['vision', 'other'] },
      'mistral',
    ],
    [
      'Mistral',
      { capabilities: { completion_chat: false, moderation: true } },
      { capabilities: ['moderation'] },
      'mistral',
    ],
    ['Together', { type: 'video' }, { capabilities: ['other'] }, 'together'],
    ['Fireworks', { supports_chat: false }, { capabilities: ['other'] }, 'fireworks'],
    [
      'OpenRouter',
      { architecture: { output_modalities: ['video'] } },
      { capabilities: ['other'] },
      'openrouter',
    ],
    [
      'a name with slashes in it',
      { display_name: 'Orbit w/ tools (fp8/int4)' },
      { display_name: 'Orbit w/ tools (fp8/int4)' },
      'vllm',
    ],
    ...['generally-available', 'deprecating', 'deprecated', 'retired'].map(
      (status, index): [string, Fields, Fields, string] => [
        `Azure's ${status}`,
        { lifecycle_status: status },
        { lifecycle: ['active', 'deprecated', 'deprecated', 'retired'][index] },
        'azure',
      ],
    ),
    [
      'Azure',
      { capabilities: { chat_completion: false, inference: true } },
      { capabilities: ['other'] },
      'azure',
    ],
  ])('reads %s', async (_name, row, expected, engine) => {
    expect(await metadataFrom(row, engine)).toEqual(expected);
  });
});

describeWithRedis('metadata in a shared cache', () => {
  it('are there for every replica, and only for those who ask', async () => {
    const redis = await started(startRedis());
    const env = { CACHE_TTL_SECONDS: '60', ...redis.env };
    const row = { id: 'a', created: 1, owned_by: 'x', max_model_len: 8, display_name: 'A', root: '/srv' };
    const first = await startScenario(json({ data: [row] }), env);
    await modelsOf(first);
    await redis.stored(1);
    const settings = { ...env, MAIN_MODEL_BASE_URL: first.upstream.url };
    first.upstream.answer(text('', 500));
    const second = await startScenario(undefined, settings);
    expect(await modelsOf(second)).toEqual([
      {
        id: 'a',
        object: 'model',
        created: 1,
        owned_by: 'x',
        display_name: 'A',
        context_length: 8,
        max_model_len: 8,
      },
    ]);
    expect(await modelsOf(second, '')).toEqual([{ id: 'a', object: 'model', created: 1, owned_by: 'x' }]);
    expect(first.upstream.requests).toHaveLength(1);
  });
});
