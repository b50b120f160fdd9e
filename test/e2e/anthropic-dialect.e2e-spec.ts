import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from '@jest/globals';
import { errorOf } from '../support/answers.js';
import { json, silence, text, waitsFor } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { sharedScenario, startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';

const VERSION = { 'anthropic-version': '2023-06-01' };
const IDS = ['meta/llama-3.1-8b', 'b:1', 'c@2', 'd', 'modèle "e"'];
/** A list of vLLM's. */
const LIST: Script = json({
  object: 'list',
  data: IDS.map((id, index) => ({
    id,
    object: 'model',
    created: 1_700_000_000 + index,
    owned_by: 'vllm',
    root: '/srv/weights',
    max_model_len: 4096,
  })),
});

/** Fields of Anthropic's that vLLM does not give. */
const UNKNOWN = { deprecated_at: null, retires_at: null, line: null, max_tokens: null, capabilities: null };
/** Models of every lifecycle. */
const STAGES: Script = json({
  data: [
    { id: 'new', lifecycle: 'active' },
    { id: 'old', lifecycle: 'deprecated', deprecates_at: 1_690_000_000 },
    { id: 'ending', lifecycle: 'deprecated', deprecates_at: 4_000_000_000 },
    { id: 'gone', lifecycle: 'retired', deprecates_at: 1_780_000_000 },
    { id: 'unknown', deprecates_at: 1_790_000_000 },
    { id: 'newer', lifecycle: 'active', deprecates_at: 1_790_000_000 },
  ],
});

const shared = sharedScenario();

interface Page {
  readonly data: readonly { readonly id: string }[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

async function pageOf(scenario: Scenario, query: string): Promise<[ids: string[], page: Page]> {
  const response = await scenario.ask(`/v1/models${query}`, { headers: VERSION });
  const page = (await response.json()) as Page;
  expect(response.status).toBe(200);
  return [page.data.map(({ id }) => id), page];
}

describe('a request with anthropic-version', () => {
  it('gets the list in Anthropic’s format', async () => {
    const { ask } = shared(LIST);
    const response = await ask('/v1/models?limit=2', { headers: VERSION });
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('vary')).toContain('anthropic-version');
    expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
    expect(await response.json()).toEqual({
      data: [
        {
          type: 'model',
          id: 'meta/llama-3.1-8b',
          display_name: 'meta/llama-3.1-8b',
          created_at: '2023-11-14T22:13:20Z',
          ...UNKNOWN,
          max_input_tokens: 4096,
        },
        {
          type: 'model',
          id: 'b:1',
          display_name: 'b:1',
          created_at: '2023-11-14T22:13:21Z',
          ...UNKNOWN,
          max_input_tokens: 4096,
        },
      ],
      has_more: true,
      first_id: 'meta/llama-3.1-8b',
      last_id: 'b:1',
    });
  });

  it.each<[query: string, from: number, to: number, hasMore: boolean]>([
    ['', 0, 5, false],
    ['?limit=5', 0, 5, false],
    ['?limit=4', 0, 4, true],
    ['?limit=1000', 0, 5, false],
    ['?limit=1&after_id=d', 4, 5, false],
    ['?limit=1&after_id=c%402', 3, 4, true],
    ['?after_id=meta/llama-3.1-8b', 1, 5, false],
    ['?limit=2&before_id=d', 1, 3, true],
    ['?limit=3&before_id=d', 0, 3, false],
    ['?before_id=b:1', 0, 1, false],
    ['?limit=2&unknown=1', 0, 2, true],
    ['?limit=2&after_id=&before_id=', 0, 2, true],
  ])('gets a page for %s', async (query, from, to, hasMore) => {
    const scenario = shared(LIST);
    const [ids, page] = await pageOf(scenario, query);
    expect(ids).toEqual(IDS.slice(from, to));
    expect(page).toMatchObject({ has_more: hasMore, first_id: ids[0], last_id: ids.at(-1) });
  });

  it('gets 1,000 models on a page without a limit', async () => {
    const ids = Array.from({ length: 1001 }, (_, index) => `m${String(index)}`);
    const scenario = shared(json({ data: ids.map((id) => ({ id })) }));
    const [first, { has_more: hasMore }] = await pageOf(scenario, '');
    expect([first, hasMore]).toEqual([ids.slice(0, 1000), true]);
    expect((await pageOf(scenario, '?after_id=m999'))[0]).toEqual(['m1000']);
  });

  it.each<[query: string, ids: string[], hasMore: boolean]>([
    ['', ['new', 'old', 'ending', 'unknown', 'newer'], false],
    ['?lifecycle=retired', ['gone'], false],
    ['?lifecycle[]=retired&lifecycle[]=deprecated', ['old', 'ending', 'gone'], false],
    ['?lifecycle%5B%5D=active&limit=2', ['new', 'unknown'], true],
    ['?limit=1&after_id=old', ['ending'], true],
    ['?limit=1&after_id=gone', ['unknown'], true],
    ['?limit=2&before_id=unknown', ['old', 'ending'], true],
    ['?limit=1&before_id=gone', ['ending'], true],
    ['?lifecycle=retired&after_id=unknown', [], false],
  ])('gets the models of the selected lifecycles: %s', async (query, ids, hasMore) => {
    const [found, page] = await pageOf(shared(STAGES), query);
    expect([found, page.has_more]).toEqual([ids, hasMore]);
  });

  it('gets consecutive pages of each selection', async () => {
    const scenario = await startScenario(STAGES, { CACHE_TTL_SECONDS: '60' });
    expect((await pageOf(scenario, ''))[0]).toContain('new');
    expect((await pageOf(scenario, '?lifecycle=retired'))[0]).toEqual(['gone']);
    expect((await pageOf(scenario, '?lifecycle=active'))[0]).toEqual(['new', 'unknown', 'newer']);
    expect((await pageOf(scenario, ''))[0]).toContain('old');
  });

  it('gets the date of a deprecation when it has passed, else that of the end', async () => {
    const scenario = shared(STAGES);
    const [, { data }] = await pageOf(scenario, '?lifecycle=active&lifecycle=deprecated&lifecycle=retired');
    expect(data).toMatchObject([
      { lifecycle: 'active', deprecated_at: null },
      { lifecycle: 'deprecated', deprecated_at: '2023-07-22T04:26:40Z', retires_at: null },
      { lifecycle: 'deprecated', deprecated_at: null, retires_at: '2096-10-02T07:06:40Z' },
      { lifecycle: 'retired', deprecated_at: null, retires_at: null },
      { deprecated_at: null },
      { lifecycle: 'active', deprecated_at: null },
    ]);
    const response = await scenario.ask('/v1/models/gone', { headers: VERSION });
    expect(await response.json()).toMatchObject({ id: 'gone', lifecycle: 'retired' });
  });

  it.each(['?after_id=modèle "e"', '?before_id=meta/llama-3.1-8b'])(
    'gets an empty page after the last model: %s',
    async (query) => {
      const [, page] = await pageOf(shared(LIST), query);
      expect(page).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
    },
  );

  it('gets an empty page of an empty list', async () => {
    const [, page] = await pageOf(shared(), '');
    expect(page).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=1e3', 'limit'],
    ['limit=01', 'limit'],
    ['limit=2.5', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['lifecycle=dead', 'lifecycle'],
    ['lifecycle[]=active&lifecycle[]=', 'lifecycle'],
    ['after_id=unknown', 'after_id'],
    ['after_id=d&before_id=d', 'before_id'],
    ['after_id=d&after_id=d', 'after_id'],
    [`after_id=${'x'.repeat(5000)}`, 'after_id'],
    ['after_id=__proto__', 'after_id'],
  ])('is rejected with ?%s', async (query, parameter) => {
    const { ask } = shared(LIST);
    const response = await ask(`/v1/models?${query}`, { headers: VERSION });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { type: string; message: string } };
    expect(error.type).toBe('invalid_request_error');
    expect(error.message.startsWith(`${parameter} `) || error.message.includes(` ${parameter} `)).toBe(true);
    expect(error.message.length).toBeLessThan(200);
  });

  it('with a malformed parameter causes no request to the provider', async () => {
    const { ask, upstream } = shared(LIST);
    expect((await ask('/v1/models?limit=0', { headers: VERSION })).status).toBe(400);
    expect(upstream.requests).toEqual([]);
  });

  it.each(['meta/llama-3.1-8b', 'meta%2Fllama-3.1-8b', 'b:1', 'c@2'])('gets one model: %s', async (path) => {
    const { ask } = shared(LIST);
    const response = await ask(`/v1/models/${path}`, { headers: VERSION });
    expect(await response.json()).toMatchObject({ type: 'model', id: decodeURIComponent(path) });
  });

  it.each<[string, string, number, string, string]>([
    ['an unknown model', '/v1/models/unknown', 404, 'not_found_error', 'model_not_found'],
    ['an unknown route', '/v1/nothing', 404, 'not_found_error', 'unknown_url'],
    ['a malformed URL', '/v1/models/%E0%A4%A', 400, 'invalid_request_error', 'invalid_url'],
  ])('gets errors in Anthropic’s format: %s', async (_name, path, status, type, code) => {
    const { ask } = shared(LIST);
    const response = await ask(path, { headers: { ...VERSION, 'x-request-id': 'mine-1' } });
    expect(response.status).toBe(status);
    expect(response.headers.get('request-id')).toBe('mine-1');
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type, message: expect.any(String), details: { error_code: code } },
      request_id: 'mine-1',
    });
  });

  it('gets a 405 in Anthropic’s format', async () => {
    const { ask } = shared(LIST);
    const response = await ask('/v1/models', { method: 'POST', headers: VERSION });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  it('never gets the provider’s text about the operator’s key', async () => {
    const key = secret('ours');
    const { ask } = await startScenario(json({ error: { message: `Bad key ${key}` } }, 401), {
      VLLM_API_KEY: key,
    });
    const response = await ask('/v1/models', { headers: VERSION });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('Bad key');
  });

  it('gets the same headers for HEAD as for GET', async () => {
    const { ask } = shared(LIST);
    const [get, head] = [
      await ask('/v1/models?limit=2', { headers: VERSION }),
      await ask('/v1/models?limit=2', { method: 'HEAD', headers: VERSION }),
    ];
    expect(await head.text()).toBe('');
    for (const name of ['content-length', 'content-type', 'etag', 'vary']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
  });

  it('gets its pages from the cache, which both dialects share', async () => {
    const { ask, upstream } = await startScenario(LIST, { CACHE_TTL_SECONDS: '60' });
    expect((await ask()).status).toBe(200);
    const response = await ask('/v1/models?limit=1&after_id=b:1', { headers: VERSION });
    expect(await response.json()).toMatchObject({ data: [{ id: 'c@2' }], has_more: true });
    expect(response.headers.get('cache-status')).toMatch(/^models-gateway; hit/);
    expect(upstream.requests).toHaveLength(1);
  });

  it('does not forward the header', async () => {
    const { ask, upstream } = shared(LIST);
    await ask('/v1/models', { headers: VERSION });
    expect(upstream.requests[0]?.headers).not.toHaveProperty('anthropic-version');
  });

  it('gets other entity tags than the other dialect', async () => {
    const { ask } = shared(LIST);
    const plain = (await ask()).headers.get('etag') ?? '';
    const response = await ask('/v1/models', { headers: { ...VERSION, 'if-none-match': plain } });
    expect(response.status).toBe(200);
    const own = response.headers.get('etag') ?? '';
    expect(own).not.toBe(plain);
    const again = await ask('/v1/models', { headers: { ...VERSION, 'if-none-match': own } });
    expect([again.status, again.headers.get('request-id')]).toEqual([304, again.headers.get('x-request-id')]);
    expect((await ask('/v1/models', { headers: { 'if-none-match': own } })).status).toBe(200);
  });
});

describe('a request without anthropic-version', () => {
  it.each<[string, Record<string, string>]>([
    ['x-api-key alone', { 'x-api-key': 'sk-ant-x' }],
    ['both credentials, as Jan sends them', { 'x-api-key': 'sk-x', authorization: 'Bearer sk-x' }],
    ['an empty version', { 'anthropic-version': '' }],
    ['the header of browsers', { 'anthropic-dangerous-direct-browser-access': 'true' }],
  ])('gets OpenAI’s format: %s', async (_name, headers) => {
    const { ask } = shared(LIST);
    const plain = await (await ask()).text();
    // Parameters of the other dialect are ignored.
    const response = await ask('/v1/models?limit=1&after_id=unknown', { headers });
    expect(await response.text()).toBe(plain);
    expect(response.headers.has('request-id')).toBe(false);
    expect((await errorOf(await ask('/v1/models/unknown', { headers }))).code).toBe('model_not_found');
  });
});

describe('the discovery of Claude Code', () => {
  it.each<[string, Record<string, string>]>([
    ['with the version', VERSION],
    ['without it', {}],
  ])('finds all models %s', async (_name, headers) => {
    const { ask } = await startScenario(LIST, { VLLM_API_KEY: secret('ours') });
    const response = await ask('/v1/models?limit=1000', {
      headers: { authorization: `Bearer ${secret('caller')}`, ...headers },
      redirect: 'error',
      signal: AbortSignal.timeout(3000),
    });
    const { data } = (await response.json()) as Page;
    expect(data.map(({ id }) => id)).toEqual(IDS);
  });
});

describe("Anthropic's SDK in front of another provider", () => {
  async function start(
    script: Script,
    env: Record<string, string> = {},
  ): Promise<Scenario & { client: Anthropic }> {
    const scenario = await startScenario(script, env);
    const client = new Anthropic({ apiKey: secret('caller'), baseURL: scenario.gateway.url, maxRetries: 0 });
    return { ...scenario, client };
  }

  it('reads the list with one model a page', async () => {
    const { client, upstream } = await start(LIST);
    const ids: string[] = [];
    for await (const { id } of client.models.list({ limit: 1 })) ids.push(id);
    expect(ids).toEqual(IDS);
    expect(upstream.requests).toHaveLength(IDS.length);
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${secret('caller')}`);
  });

  it('reads the list backwards', async () => {
    const { client } = await start(LIST);
    let page = await client.models.list({ limit: 2, before_id: 'modèle "e"' });
    const ids = [page.data.map(({ id }) => id)];
    while (page.hasNextPage()) {
      page = await page.getNextPage();
      ids.push(page.data.map(({ id }) => id));
    }
    expect(ids).toEqual([IDS.slice(2, 4), IDS.slice(0, 2)]);
  });

  it('lists retired models', async () => {
    const { client } = await start(STAGES);
    const { data } = await client.models.list({ lifecycle: ['retired', 'deprecated'] });
    expect(data.map(({ id }) => id)).toEqual(['old', 'ending', 'gone']);
  });

  it.each(IDS)('retrieves %s', async (id) => {
    const { client } = await start(LIST);
    expect(await client.models.retrieve(id)).toMatchObject({ type: 'model', id });
  });

  it.each<[string, Script, 'InternalServerError' | 'AuthenticationError', string]>([
    ['a 503', text('busy', 503), 'InternalServerError', 'upstream_error'],
    ['silence', silence, 'InternalServerError', 'upstream_timeout'],
    ['a 401', json({ error: { message: 'no', code: 'bad_key' } }, 401), 'AuthenticationError', 'bad_key'],
  ])('raises its own exception for %s', async (_name, script, exception, code) => {
    const { client } = await start(script, waitsFor(script));
    const error: unknown = await client.models.list().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Anthropic[exception]);
    expect(error).toMatchObject({ error: { error: { details: { error_code: code } } } });
  });
});
