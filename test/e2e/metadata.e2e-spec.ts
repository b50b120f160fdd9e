import { describe, expect, it } from '@jest/globals';
import { json, text } from '../support/fake-upstream.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';

type Fields = Readonly<Record<string, unknown>>;

async function modelsOf({ ask }: Scenario, query = ''): Promise<Fields[]> {
  const response = await ask(`/v1/models${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: Fields[] }).data;
}

function metadataOf({ id, object, created, owned_by: owner, ...metadata }: Fields): Fields {
  expect([typeof id, object, typeof created, typeof owner]).toEqual(['string', 'model', 'number', 'string']);
  return metadata;
}

const shared = sharedScenario();

/** The metadata of a model whose row has these fields. */
async function metadataFrom(row: Fields): Promise<Fields> {
  const scenario = shared(json({ data: [{ id: 'a', ...row }] }));
  return metadataOf((await modelsOf(scenario))[0] ?? {});
}

describe('include_metadata', () => {
  const RICH = json({ data: [{ id: 'a/b', created: 1, owned_by: 'x', max_model_len: 8, root: '/srv' }] });
  const PLAIN = '{"object":"list","data":[{"id":"a/b","object":"model","created":1,"owned_by":"x"}]}';
  const FULL =
    '{"object":"list","data":[{"id":"a/b","object":"model","created":1,"owned_by":"x",' +
    '"context_length":8,"max_model_len":8}]}';

  it.each([
    ['', {}, FULL],
    ['', { MODELS_METADATA: 'false' }, PLAIN],
    ['?include_metadata=true', {}, FULL],
    ['?x=1&include_metadata=true', {}, FULL],
    ['?include_metadata=false', {}, PLAIN],
    ['?include_metadata=TRUE', {}, FULL],
    ['?include_metadata=maybe', {}, FULL],
    ['?include_metadata=TRUE', { MODELS_METADATA: 'false' }, FULL],
    ['?include_metadata=1', { MODELS_METADATA: 'false' }, PLAIN],
    ['?include_metadata', { MODELS_METADATA: 'false' }, PLAIN],
    ['?include_metadata=true&include_metadata=true', { MODELS_METADATA: 'false' }, PLAIN],
  ])('%s takes precedence over %j', async (query, env, expected) => {
    const { ask } = await startScenario(RICH, env);
    expect(await (await ask(`/v1/models${query}`)).text()).toBe(expected);
  });

  it('is not sent to the provider', async () => {
    const scenario = shared(RICH);
    await modelsOf(scenario);
    expect(scenario.upstream.requests[0]?.url).toBe('/v1/models');
  });

  it('applies to one model too', async () => {
    const { ask } = shared(RICH);
    const model = { id: 'a/b', object: 'model', created: 1, owned_by: 'x' };
    expect(await (await ask('/v1/models/a/b?include_metadata=false')).json()).toEqual(model);
    expect(await (await ask('/v1/models/a%2Fb')).json()).toEqual({
      ...model,
      context_length: 8,
      max_model_len: 8,
    });
  });

  it('has its own entity tags', async () => {
    const { ask } = shared(RICH);
    const [plain, full] = await Promise.all([ask('/v1/models?include_metadata=false'), ask()]);
    expect(full.headers.get('etag')).not.toBe(plain.headers.get('etag'));
    const known = { 'if-none-match': plain.headers.get('etag') ?? '' };
    expect((await ask('/v1/models', { headers: known })).status).toBe(200);
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
    ['a name that reverses the direction of text', { display_name: 'a\u202Eb' }],
    ['a path', { display_name: '/srv/weights/llama' }],
    ['a path in the home folder', { display_name: '~/weights' }],
    ['a path of Windows', { display_name: 'C:\\weights' }],
    ['the URL of a file', { display_name: 'file:///srv/weights' }],
    ['the URL of a bucket', { display_name: 's3://company-weights/llama' }],
    ['a path inside a text', { display_name: 'Weights in /srv/models/llama' }],
    ['a path after an equals sign', { display_name: 'root=/srv/weights/x' }],
    ['a path in brackets', { display_name: '[/srv/weights]' }],
    ['a path after a comma', { display_name: 'Model,/srv/weights' }],
    ['a path in backticks', { display_name: '`/etc/passwd`' }],
    ['a drive after an equals sign', { display_name: 'x=C:\\models' }],
    ['a URL in brackets', { display_name: '{s3://bucket/key}' }],
    ['an address with spaces', { display_name: 'alice @ example.com' }],
    ['a relative path', { display_name: 'opt/models/llama.gguf' }],
    ['a relative path of Windows', { display_name: 'models\\llama' }],
    ['a relative path inside a text', { display_name: 'From home/bob/weights' }],
    ['an address of full width', { display_name: 'bob\uFF20example.com' }],
    ['an address without a domain', { display_name: 'ann@intranet' }],
    ['an address', { display_name: 'Ann <ann@company.example>' }],
    ['unknown words', { capabilities: ['secret', 'root', '__proto__', 'constructor'], lifecycle: 'dying' }],
    ['words that are no text', { capabilities: [1, null, { chat: true }, ['chat']] }],
    [
      'capabilities that are false',
      { capabilities: { chat: false, vision: { supported: false }, tools: 'true' } },
    ],
    ['fields of the prototype', { __proto__: { display_name: 'x' }, constructor: { name: 'x' } }],
    ['invalid dates', { deprecation: 'soon', shutdown_date: 'never', expiration_date: null }],
    ['nested fields of other types', { meta: 'n_ctx', architecture: [], top_provider: 7, limits: null }],
    [
      'fields that are never relayed',
      { root: '/srv', permission: [{}], path: '/srv', owner: 'a@b.example', pricing: {} },
    ],
  ])('ignores %s', async (_name, row) => {
    expect(await metadataFrom(row)).toEqual({});
  });
});

describe('a description', () => {
  it.each<[what: string, given: unknown, shown: string | undefined]>([
    ['a sentence', 'A model for all.', 'A model for all.'],
    ['blanks and line breaks', ' A\n\nmodel\u200b for\tall. ', 'A model for all.'],
    ['a link', 'By [Orbit Labs](https://orbit.example/x), free.', 'By Orbit Labs, free.'],
    ['a URL in its second sentence', 'A model. See https://orbit.example. More.', 'A model.'],
    ['an e-mail address in its second sentence', 'A model! Ask ann@orbit.example.', 'A model!'],
    ['a path in its first sentence', 'Read from /srv/weights.', undefined],
    ['500 characters', 'x'.repeat(500), 'x'.repeat(500)],
    ['501 characters', 'x'.repeat(501), `${'x'.repeat(499)}…`],
    ['too many words', 'words '.repeat(200), `${'words '.repeat(83).trim()}…`],
    ['nothing but blanks', ' \n', undefined],
    ['no text', ['A model.'], undefined],
    ['an encoded path', 'See %2Fetc%2Fpasswd', undefined],
    ['an encoded address', 'Ask alice%40corp.example', undefined],
    ['an address with an entity', 'Ask alice&#64;corp.example', undefined],
    ['a path with other slashes', 'In \u2215srv\u2215weights', undefined],
    ['a path in a variable', 'In $HOME/weights', undefined],
  ])('of %s', async (_what, description, shown) => {
    expect(await metadataFrom({ description })).toEqual(shown === undefined ? {} : { description: shown });
  });
});

describe('the inputs of a model', () => {
  it.each<[what: string, row: Fields, inputs: string[] | undefined]>([
    ['that has vision', { capabilities: ['chat', 'vision'] }, ['text', 'image']],
    [
      'that has vision and says what it takes',
      { capabilities: ['vision'], input_modalities: ['image'] },
      ['image'],
    ],
    ['of which neither is known', { capabilities: ['chat'] }, undefined],
  ])('%s', async (_what, row, inputs) => {
    const { architecture } = (await metadataFrom(row)) as { architecture?: unknown };
    expect(architecture).toEqual(inputs && { input_modalities: inputs });
  });
});

describe('metadata of OpenRouter', () => {
  it('passes in its own form, without what has no known meaning', async () => {
    expect(
      await metadataFrom({
        architecture: {
          input_modalities: ['image', 'text', 'smell'],
          output_modalities: ['text'],
          tokenizer: 'x',
        },
        pricing: {
          prompt: '0.000002',
          completion: '-1',
          request: '0',
          image: 1,
          owner: 'x',
          web_search: 'free',
        },
        supported_parameters: ['tools', 'top_p', 'a b', '/srv', 7],
        expiration_date: '2026-12-01',
      }),
    ).toEqual({
      capabilities: ['text_generation', 'vision', 'tools'],
      architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'] },
      pricing: { prompt: '0.000002', completion: '-1', request: '0' },
      supported_parameters: ['tools', 'top_p'],
      deprecates_at: 1_796_083_200,
      shutdown_date: '2026-12-01',
    });
  });
});

describe('a retrieved model', () => {
  it.each<[what: string, row: Fields, deprecation: string | null, sunset: string | null]>([
    ['no date', {}, null, null],
    ['the date of the end', { shutdown_date: '2026-12-01' }, null, 'Tue, 01 Dec 2026 00:00:00 GMT'],
    ['a day that there is not', { shutdown_date: '2027-02-30' }, null, null],
    ['no end', { shutdown_date: null }, null, null],
    ['the date of the deprecation', { deprecation: '2026-12-01T01:00:00Z' }, '@1796086800', null],
    [
      'both dates',
      { deprecates_at: 1_796_086_800, shutdown_date: '2027-01-01' },
      '@1796086800',
      'Fri, 01 Jan 2027 00:00:00 GMT',
    ],
  ])('with %s says so in its headers', async (_what, row, deprecation, sunset) => {
    const { ask } = shared(json({ data: [{ id: 'a', ...row }] }));
    for (const headers of [{}, { 'anthropic-version': '2023-06-01' }]) {
      const { headers: answered } = await ask('/v1/models/a', { headers });
      expect([answered.get('deprecation'), answered.get('sunset')]).toEqual([deprecation, sunset]);
    }
    const { headers: list } = await ask();
    expect([list.get('deprecation'), list.get('sunset')]).toEqual([null, null]);
  });
});

describeWithRedis('metadata in a shared cache', () => {
  it('is shared by replicas', async () => {
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
        name: 'A',
        context_length: 8,
        max_model_len: 8,
      },
    ]);
    expect(await modelsOf(second, '?include_metadata=false')).toEqual([
      { id: 'a', object: 'model', created: 1, owned_by: 'x' },
    ]);
    expect(first.upstream.requests).toHaveLength(1);
  });
});
