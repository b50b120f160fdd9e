import { describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROCESS_STARTED } from '../../src/catalogue/model.js';
import { failureOf, idsOf } from '../support/answers.js';
import { json, text } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { started, startScenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const IDS = ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3', 'meta/llama-3.1-8b', 'ft:gpt-4o:acme::x@v1'];
const list = (...ids: string[]): Script => json({ data: ids.map((id) => ({ id })) });
const LIST = list(...IDS);

/** A list of Cohere's, which gives the purposes of models. */
const COHERE = json({
  models: [
    { name: 'command', endpoints: ['chat'] },
    { name: 'embed', endpoints: ['embed'] },
    { name: 'rerank', endpoints: ['rerank'] },
    { name: 'new' },
  ],
});

const folder = temporaryFolder();

async function fileWith(content: unknown): Promise<string> {
  const path = join(folder, 'models.json');
  await writeFile(path, JSON.stringify(content));
  return path;
}

describe('MODELS_ALLOW and MODELS_DENY', () => {
  it.each<[env: Record<string, string>, expected: string[]]>([
    [{}, IDS],
    [{ MODELS_ALLOW: 'gpt-*' }, ['gpt-4o', 'gpt-4o-mini']],
    [{ MODELS_ALLOW: '*gpt-4o*' }, ['gpt-4o', 'gpt-4o-mini', 'ft:gpt-4o:acme::x@v1']],
    [{ MODELS_ALLOW: 'meta/*, gpt-4?' }, ['gpt-4o', 'meta/llama-3.1-8b']],
    [{ MODELS_DENY: '*embed*,ft:*' }, ['gpt-4o', 'gpt-4o-mini', 'meta/llama-3.1-8b']],
    [{ MODELS_ALLOW: 'gpt-*', MODELS_DENY: '*-mini' }, ['gpt-4o']],
    [{ MODELS_ALLOW: 'gpt-4o', MODELS_DENY: 'gpt-4o' }, []],
    [{ MODELS_ALLOW: 'GPT-*' }, []],
    [{ MODELS_DENY: '*' }, []],
  ])('%j', async (env, expected) => {
    const { ask } = await startScenario(LIST, env);
    expect(await idsOf(await ask())).toEqual(expected);
  });

  it.each(['gpt-4o', 'meta/llama-3.1-8b', 'meta%2Fllama-3.1-8b'])(
    'hide a model from retrieve too: %s',
    async (id) => {
      const { ask } = await startScenario(LIST, { MODELS_DENY: 'gpt-4o,meta/*' });
      expect(await failureOf(await ask(`/v1/models/${id}`))).toEqual([404, 'model_not_found']);
      expect((await ask('/v1/models/gpt-4o-mini')).status).toBe(200);
    },
  );

  it('hide an id that is too long', async () => {
    const { ask } = await startScenario(list('a', `a${'x'.repeat(5000)}`), { MODELS_ALLOW: 'a*' });
    expect(await idsOf(await ask())).toEqual(['a']);
  });

  it('hide models from Anthropic’s clients too', async () => {
    const { ask } = await startScenario(LIST, { MODELS_ALLOW: 'gpt-*' });
    const response = await ask('/v1/models?limit=1&after_id=gpt-4o', {
      headers: { 'anthropic-version': '2023-06-01' },
    });
    expect(await response.json()).toMatchObject({ data: [{ id: 'gpt-4o-mini' }], has_more: false });
  });

  it('match the ids of several providers as they are shown', async () => {
    const { upstream } = await startScenario(list('shared'));
    const { ask } = await startScenario(undefined, {
      MODEL_ENGINES: 'one,two',
      MAIN_MODEL_BASE_URL: '',
      ONE_BASE_URL: upstream.url,
      TWO_BASE_URL: upstream.url,
      MODELS_PREFIX: 'true',
      MODELS_DENY: 'one/*',
    });
    expect(await idsOf(await ask())).toEqual(['two/shared']);
  });
});

describe('MODELS_TYPES', () => {
  const cohere = { MAIN_MODEL_ENGINE: 'cohere' };

  it.each<[types: string, expected: string[]]>([
    ['chat', ['command', 'new']],
    ['embeddings,rerank', ['embed', 'rerank', 'new']],
    ['vision', ['new']],
  ])('%s lists models of these types and of unknown types', async (types, expected) => {
    const { ask } = await startScenario(COHERE, { ...cohere, MODELS_TYPES: types });
    expect(await idsOf(await ask())).toEqual(expected);
    expect((await ask('/v1/models/embed')).status).toBe(expected.includes('embed') ? 200 : 404);
  });

  it.each<[types: string, expected: string[]]>([
    ['chat', ['seeing', 'plain', 'new', 'writer']],
    ['image_generation', ['seeing', 'plain', 'new', 'writer']],
    ['embeddings', ['seeing', 'plain', 'embed', 'new']],
    ['vision', ['seeing', 'new', 'film']],
    ['other', ['seeing', 'plain', 'new', 'film', 'mute']],
    ['tools,embeddings', ['seeing', 'plain', 'embed', 'new']],
  ])('%s does not take features of a model for its purpose', async (types, expected) => {
    const { ask } = await startScenario(
      json({
        data: [
          { id: 'seeing', architecture: { input_modalities: ['text', 'image'] } },
          { id: 'plain', supported_parameters: ['tools'] },
          { id: 'embed', architecture: { output_modalities: ['embeddings'] } },
          { id: 'new' },
          { id: 'film', architecture: { input_modalities: ['image'], output_modalities: ['video'] } },
          { id: 'mute', supports_chat: false },
          { id: 'writer', architecture: { output_modalities: ['text', 'image'] } },
        ],
      }),
      { MODELS_TYPES: types },
    );
    expect(await idsOf(await ask())).toEqual(expected);
  });

  it('chat lists of local servers what chats, by their own words', async () => {
    const whisper = { input_modalities: ['audio'], output_modalities: ['text'] };
    const { ask } = await startScenario(
      json({
        data: [
          { id: 'xinference-chat', model_type: 'LLM', model_ability: ['chat', 'tools'] },
          { id: 'xinference-embed', model_type: 'embedding' },
          { id: 'xinference-rerank', model_type: 'rerank' },
          { id: 'xinference-image', model_type: 'image', model_ability: ['text2image'] },
          { id: 'xinference-audio', model_type: 'audio', model_ability: ['audio2text'] },
          { id: 'xinference-video', model_type: 'video' },
          { id: 'swap-chat', capabilities: { vision: true, function_calling: true, embeddings: false } },
          { id: 'swap-embed', capabilities: { embeddings: true } },
          { id: 'swap-rerank', capabilities: { reranker: true } },
          { id: 'swap-image', capabilities: { image_generation: true } },
          { id: 'swap-speech', capabilities: { audio_speech: true } },
          { id: 'swap-whisper', capabilities: { audio_transcriptions: true } },
          { id: 'lemonade-chat', labels: ['reasoning', 'tool-calling', 'hot'] },
          { id: 'lemonade-embed', labels: ['embeddings'] },
          { id: 'lemonade-rerank', labels: ['reranking'] },
          { id: 'lemonade-speech', labels: ['tts'] },
          { id: 'lemonade-image', labels: ['image'] },
          { id: 'moonshot', supports_image_in: true, supports_reasoning: true },
          { id: 'whisper', architecture: whisper },
        ],
      }),
      { MODELS_TYPES: 'chat' },
    );
    const chats = ['xinference-chat', 'swap-chat', 'lemonade-chat', 'moonshot'];
    expect(await idsOf(await ask())).toEqual(chats);
  });

  it('lists all models when the vendor gives no type', async () => {
    const { ask } = await startScenario(LIST, { MODELS_TYPES: 'chat' });
    expect(await idsOf(await ask())).toEqual(IDS);
  });
});

describe('MODELS_STATIC', () => {
  it('is served to every caller without a request to the provider', async () => {
    const { ask, upstream, gateway } = await startScenario(LIST, { MODELS_STATIC: 'a, b/c ,a' });
    const response = await ask('/v1/models', { headers: { authorization: `Bearer ${secret('caller')}` } });
    expect(response.headers.has('cache-status')).toBe(false);
    expect(await response.json()).toEqual({
      object: 'list',
      data: ['a', 'b/c'].map((id) => ({
        id,
        object: 'model',
        created: PROCESS_STARTED,
        owned_by: 'vllm',
      })),
    });
    expect(await (await ask('/v1/models/b/c')).json()).toMatchObject({ id: 'b/c' });
    expect(upstream.requests).toEqual([]);
    expect(gateway.logs.join('')).toContain('engine vllm, a static list, no key of its own');
  });

  it('needs neither an address nor a key', async () => {
    const { ask } = await startScenario(LIST, {
      MAIN_MODEL_ENGINE: 'azure',
      MAIN_MODEL_BASE_URL: '',
      MODELS_STATIC: 'a',
      CACHE_TTL_SECONDS: '60',
    });
    expect((await ask('/readyz')).status).toBe(200);
    expect(await idsOf(await ask())).toEqual(['a']);
  });

  it('replaces the lists of several providers', async () => {
    const { ask } = await startScenario(LIST, {
      MODEL_ENGINES: 'openai,anthropic',
      MAIN_MODEL_BASE_URL: '',
      MODELS_STATIC: 'a',
    });
    expect(await (await ask()).json()).toMatchObject({ data: [{ id: 'a', owned_by: 'static' }] });
  });

  it.each([
    ['vLLM', 'vllm'],
    ['Azure-OpenAI', 'azure'],
    ['My-Engine', 'My-Engine'],
  ])('has the owner of the lists of %s', async (engine, owner) => {
    for (const mode of ['replace', 'append']) {
      const { ask } = await startScenario(undefined, {
        MAIN_MODEL_ENGINE: engine,
        MODELS_STATIC: 'a',
        MODELS_STATIC_MODE: mode,
      });
      expect(await (await ask()).json()).toMatchObject({ data: [{ id: 'a', owned_by: owner }] });
    }
  });

  it('is filtered like any other list', async () => {
    const { ask } = await startScenario(LIST, { MODELS_STATIC: 'a,b', MODELS_DENY: 'a' });
    expect(await idsOf(await ask())).toEqual(['b']);
  });

  it('can be appended to the provider’s list', async () => {
    const { ask, upstream } = await startScenario(list('gpt-4o', 'mine'), {
      MODELS_STATIC: 'mine,other',
      MODELS_STATIC_MODE: 'append',
    });
    upstream.answer(
      json({
        data: [
          { id: 'gpt-4o', owned_by: 'x' },
          { id: 'mine', owned_by: 'them' },
        ],
      }),
    );
    const { data } = (await (await ask()).json()) as { data: { id: string; owned_by: string }[] };
    expect(data.map(({ id, owned_by: owner }) => [id, owner])).toEqual([
      ['gpt-4o', 'x'],
      ['mine', 'them'],
      ['other', 'vllm'],
    ]);
    expect((await ask('/v1/models/other')).status).toBe(200);
  });

  it.each([
    [text('', 500), 502],
    [json({ error: { message: 'no' } }, 401), 401],
  ])('does not hide a failure of the provider when it is appended', async (script, status) => {
    const { ask } = await startScenario(script, { MODELS_STATIC: 'a', MODELS_STATIC_MODE: 'append' });
    expect((await ask()).status).toBe(status);
  });
});

describe('MODELS_STATIC_FILE', () => {
  it('has the metadata of each model', async () => {
    const path = await fileWith({
      object: 'list',
      data: ['plain', { id: 'rich', created: 7, owned_by: 'us', context_length: 8, capabilities: ['chat'] }],
    });
    const { ask, upstream } = await startScenario(LIST, { MODELS_STATIC_FILE: path });
    const { data } = (await (await ask('/v1/models?include_metadata=true')).json()) as { data: unknown[] };
    expect(data).toEqual([
      { id: 'plain', object: 'model', created: expect.any(Number), owned_by: 'vllm' },
      {
        id: 'rich',
        object: 'model',
        created: 7,
        owned_by: 'us',
        context_length: 8,
        max_model_len: 8,
        capabilities: ['chat'],
      },
    ]);
    expect(upstream.requests).toEqual([]);
  });

  it.each([[], { data: [] }])('without models is an empty list: %j', async (content) => {
    const { ask, upstream } = await startScenario(LIST, { MODELS_STATIC_FILE: await fileWith(content) });
    expect(await (await ask()).json()).toEqual({ object: 'list', data: [] });
    expect(upstream.requests).toEqual([]);
  });

  it('without models appends none', async () => {
    const { ask } = await startScenario(LIST, {
      MODELS_STATIC_FILE: await fileWith([]),
      MODELS_STATIC_MODE: 'append',
    });
    expect(await idsOf(await ask())).toEqual(IDS);
  });

  it('may be an answer of the gateway', async () => {
    const { ask } = await startScenario(COHERE, { MAIN_MODEL_ENGINE: 'cohere' });
    const answer = await (await ask('/v1/models?include_metadata=true')).json();
    const again = await startScenario(LIST, { MODELS_STATIC_FILE: await fileWith(answer) });
    expect(await (await again.ask('/v1/models?include_metadata=true')).json()).toEqual(answer);
  });
});

describe('perplexity', () => {
  const SONAR = ['sonar', 'sonar-pro', 'sonar-reasoning-pro', 'sonar-deep-research'];

  it('has models that its list lacks, and no list without its own', async () => {
    const env = { MAIN_MODEL_ENGINE: 'perplexity', PERPLEXITY_API_KEY: 'pplx-key' };
    const { ask, upstream } = await startScenario(list('a', 'sonar-pro'), env);
    const [, , ...lacking] = SONAR;
    expect(await idsOf(await ask())).toEqual(['a', 'sonar-pro', 'sonar', ...lacking]);
    expect(upstream.requests[0]?.headers.authorization).toBe('Bearer pplx-key');
    upstream.answer(list());
    expect(await idsOf(await ask())).toEqual(SONAR);
    upstream.answer(text('', 500));
    expect((await ask()).status).toBe(502);
  });

  it('has the operator’s list instead', async () => {
    const env = { MAIN_MODEL_ENGINE: 'perplexity', MODELS_STATIC: 'sonar-2' };
    const { ask, upstream } = await startScenario(LIST, env);
    expect(await idsOf(await ask())).toEqual(['sonar-2']);
    expect(upstream.requests).toEqual([]);
  });

  it('is one of several', async () => {
    const { upstream } = await startScenario(list('a'));
    const { ask } = await startScenario(undefined, {
      MODEL_ENGINES: 'perplexity,lab',
      MAIN_MODEL_BASE_URL: '',
      PERPLEXITY_BASE_URL: upstream.url,
      LAB_BASE_URL: upstream.url,
      MODELS_ALLOW: 'sonar,a',
    });
    expect(await idsOf(await ask())).toEqual(['a', 'sonar']);
  });
});

describeWithRedis('a filter with a shared cache', () => {
  it('is the same at every gateway', async () => {
    const redis = await started(startRedis());
    const env = { CACHE_TTL_SECONDS: '60', ...redis.env };
    const first = await startScenario(LIST, { ...env, MODELS_ALLOW: 'gpt-*' });
    expect(await idsOf(await first.ask())).toEqual(['gpt-4o', 'gpt-4o-mini']);
    await redis.stored(1);
    const second = await startScenario(undefined, { ...env, MAIN_MODEL_BASE_URL: first.upstream.url });
    expect(await idsOf(await second.ask())).toEqual(IDS);
    expect(first.upstream.requests).toHaveLength(1);
  });
});
