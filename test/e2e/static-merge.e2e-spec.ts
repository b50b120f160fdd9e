import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { idsOf } from '../support/answers.js';
import { json, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { started } from '../support/scenario.js';
import { startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const ROWS = [
  { id: 'lab/big', context_length: 1, max_output_tokens: 99, capabilities: ['chat'] },
  { id: 'lab/embed', hidden: true },
  { id: 'best', alias_of: 'lab/big', display_name: 'The best one' },
  { id: 'find', alias_of: 'lab/embed' },
  { id: 'top', alias_of: 'best' },
  { id: 'lost', alias_of: 'lab/none' },
  { id: 'lab/small', alias_of: 'lab/big' },
  { id: 'extra', created: 5, owned_by: 'us', capabilities: ['chat'] },
];
const LIST = [
  { id: 'big', object: 'model', created: 2, owned_by: 'them', max_model_len: 4096 },
  { id: 'embed', object: 'model', created: 3, owned_by: 'them', capabilities: ['embeddings'] },
  { id: 'small', object: 'model', created: 4, owned_by: 'them' },
];

const path = join(temporaryFolder(), 'models.json');
let upstream: FakeUpstream;

/** Replaces the file in one step. */
async function rewrite(content: string): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

beforeAll(async () => {
  upstream = await startFakeUpstream();
});

beforeEach(() => {
  upstream.answer(json({ object: 'list', data: LIST }));
  upstream.requests.length = 0;
});

afterAll(() => upstream.close());

const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  MODEL_ENGINES: 'lab,openai',
  LAB_ENGINE: 'vllm',
  LAB_BASE_URL: upstream.url,
  OPENAI_MODELS_STATIC: 'gpt',
  MODELS_PREFIX: 'true',
  MODELS_STATIC_FILE: path,
  MODELS_STATIC_MODE: 'merge',
  KEY_FILE_INTERVAL_MS: '100',
  ...more,
});

describe('MODELS_STATIC_MODE=merge', () => {
  let gateway: Gateway;
  const ask = (query = '', init?: RequestInit): Promise<Response> =>
    fetch(`${gateway.url}/v1/models${query}`, init);

  beforeAll(async () => {
    await rewrite(JSON.stringify(ROWS));
    gateway = await startGateway(environment({ CACHE_TTL_SECONDS: '3600' }));
  });

  afterAll(() => gateway.close());

  afterEach(async () => {
    await rewrite(JSON.stringify(ROWS));
    await until('the file is read again', async () => (await idsOf(await ask())).includes('extra'));
  });

  it('adds fields, aliases and models, and takes models away', async () => {
    const { data } = (await (await ask()).json()) as { data: unknown[] };
    const fields = {
      max_output_tokens: 99,
      capabilities: ['chat'],
      context_length: 4096,
      max_model_len: 4096,
    };
    expect(data).toEqual([
      { id: 'lab/big', object: 'model', created: 2, owned_by: 'them', ...fields },
      { id: 'lab/small', object: 'model', created: 4, owned_by: 'them' },
      { id: 'openai/gpt', object: 'model', created: expect.any(Number), owned_by: 'openai' },
      {
        id: 'best',
        object: 'model',
        created: 2,
        owned_by: 'them',
        display_name: 'The best one',
        name: 'The best one',
        ...fields,
      },
      { id: 'find', object: 'model', created: 3, owned_by: 'them', capabilities: ['embeddings'] },
      {
        id: 'top',
        object: 'model',
        created: 2,
        owned_by: 'them',
        display_name: 'The best one',
        name: 'The best one',
        ...fields,
      },
      { id: 'extra', object: 'model', created: 5, owned_by: 'us', capabilities: ['chat'] },
    ]);
  });

  it('shows aliases in every dialect, and each by its id', async () => {
    const ids = ['lab/big', 'lab/small', 'openai/gpt', 'best', 'find', 'top', 'extra'];
    const codex = (await (await ask('?client_version=1')).json()) as { models: { slug: string }[] };
    expect(codex.models.map(({ slug }) => slug)).toEqual(ids);
    const headers = { 'anthropic-version': '2023-06-01' };
    const page = (await (await ask('', { headers })).json()) as { data: { id: string }[] };
    expect(page.data.map(({ id }) => id)).toEqual(ids);
    expect(await (await ask('/best', { headers })).json()).toMatchObject({
      type: 'model',
      id: 'best',
      display_name: 'The best one',
      max_input_tokens: 4096,
    });
    expect(await (await ask('/top')).json()).toMatchObject({ id: 'top', context_length: 4096 });
    for (const id of ['lab/embed', 'lost']) expect((await ask(`/${id}`)).status).toBe(404);
  });

  it('says once what becomes of an alias without a model', async () => {
    await rewrite('[{"id":"gone","alias_of":"none"},{"id":"openai/gpt","alias_of":"lab/big"}]');
    const lines = (): string[] => gateway.logs.filter((line) => line.includes('the alias gone is left out'));
    await until('the log says so', async () => (await ask()).ok && lines().length > 0);
    await ask('', { headers: { 'cache-control': 'no-cache' } });
    expect(lines().map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'MODELS_STATIC_FILE: the alias gone is left out, because it leads to no model of the list: none',
    ]);
    expect(gateway.logs.join('')).toContain('the alias openai/gpt is left out, because the list has a model');
  });

  it('follows its file, also with a kept list, and keeps the last good one', async () => {
    const before = await ask();
    const etag = before.headers.get('etag');
    const hasChanged = async (): Promise<boolean> => (await ask()).headers.get('etag') !== etag;
    expect(await hasChanged()).toBe(false);
    const asked = upstream.requests.length;

    await rewrite('[{"id":"second","alias_of":"lab/big"}]');
    await until('the file is read again', hasChanged);
    const second = ['lab/big', 'lab/embed', 'lab/small', 'openai/gpt', 'second'];
    expect(await idsOf(await ask())).toEqual(second);

    await rewrite('[{"id":"third","contextlength":1}]');
    await until('the log says so', () =>
      gateway.logs.some((line) => line.includes('the last valid value stays')),
    );
    expect(await idsOf(await ask())).toEqual(second);

    await rewrite(JSON.stringify(ROWS));
    await until('the file is read again', async () => !(await hasChanged()));
    expect(gateway.logs.filter((line) => line.includes('the last valid value stays'))).toHaveLength(1);
    expect(upstream.requests).toHaveLength(asked);
  });
});

describe('what is merged', () => {
  const start = async (env: Readonly<Record<string, string>>, rows: unknown = ROWS): Promise<string> => {
    await rewrite(JSON.stringify(rows));
    const { url } = await started(startGateway(environment(env)));
    return `${url}/v1/models`;
  };

  it('is chosen from, by the ids and the capabilities that are shown', async () => {
    const url = await start({ MODELS_DENY: 'lab/*', MODELS_TYPES: 'chat' });
    // Of a model without known capabilities any purpose is possible.
    expect(await idsOf(await fetch(url))).toEqual(['openai/gpt', 'best', 'top', 'extra']);
  });

  it('may be missing with its provider, which is no 404', async () => {
    upstream.answer(text('', 500));
    const url = await start({});
    const list = await fetch(url);
    expect(list.headers.get('x-models-incomplete')).toBe('lab=upstream_error');
    // A model that only the file has is added, even if the missing provider could have it.
    expect(await idsOf(list)).toEqual(['openai/gpt', 'lab/big', 'best', 'top', 'lab/small', 'extra']);
    const statusOf = async (id: string): Promise<number> => (await fetch(`${url}/${id}`)).status;
    expect(await statusOf('find')).toBe(502);
    expect(await statusOf('lab/embed')).toBe(404);
    expect(await statusOf('nothing')).toBe(404);
  });

  it('may be the list of one of several, whose aliases are those of its own ids', async () => {
    const url = await start(
      {
        MODELS_STATIC_FILE: '',
        LAB_MODELS_STATIC_FILE: path,
        LAB_MODELS_STATIC_MODE: 'merge',
        MODELS_STATIC_MODE: '',
      },
      [
        { id: 'fast', alias_of: 'small' },
        { id: 'embed', hidden: true },
      ],
    );
    expect(await idsOf(await fetch(url))).toEqual(['lab/big', 'lab/small', 'lab/fast', 'openai/gpt']);
  });

  it('may be a list that replaces the provider’s: it follows its file too', async () => {
    const url = await start({ MODELS_STATIC_MODE: '' }, ['a', { id: 'b', alias_of: 'a' }]);
    expect(await idsOf(await fetch(url))).toEqual(['a', 'b']);
    await rewrite('["c"]');
    await until('the file is read again', async () => (await idsOf(await fetch(url))).includes('c'));
    expect(await idsOf(await fetch(url))).toEqual(['c']);
    expect(upstream.requests).toEqual([]);
  });
});
