import { describe, expect, it } from '@jest/globals';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { movableClock } from '../support/clock.js';
import { inTurn, json, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { requestLines } from '../support/log-lines.js';
import { sendRaw } from '../support/raw-client.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import { startGateway } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const IDS = ['meta/llama-3.1-8b', 'a//b', '/opt/model', 'gpt-4.1'];
const listOf = (...ids: string[]): Script =>
  json({ data: ids.map((id) => ({ id, created: 1, owned_by: 'x' })) });
const MODELS = listOf(...IDS);
const SPELLINGS = ['/models', '/v1/v1/models', '/openai/models', '/openai/v1/models'];
const ANTHROPIC = { headers: { 'anthropic-version': '2023-06-01' } };
const CACHE = { CACHE_TTL_SECONDS: '60', CACHE_STALE_SECONDS: '600', UPSTREAM_MAX_RETRIES: '0' };

const shared = sharedScenario();
const below = sharedScenario({ BASE_PATH: '/llm/eu-1/', CORS_ORIGINS: 'https://app.test' });

async function idOf(response: Response): Promise<unknown> {
  const { id } = (await response.json()) as { id?: string };
  return id;
}

describe.each(SPELLINGS)('%s', (path) => {
  it.each(['', '/', '//', '?limit=1', '/?x'])('with %j behind it is the list', async (end) => {
    const { ask, upstream } = shared(MODELS);
    expect(await idsOf(await ask(path + end))).toEqual(IDS);
    expect(await idsOf(await ask(path.replaceAll('/', '//') + end))).toEqual(IDS);
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/v1/models', '/v1/models']);
  });

  it.each(IDS.flatMap((id) => [id, encodeURIComponent(id), `${encodeURIComponent(id)}/?x=/y`]))(
    'with /%s is one model',
    async (end) => {
      const { ask } = shared(MODELS);
      const id = decodeURIComponent(end.replace('/?x=/y', ''));
      expect(await idOf(await ask(`${path}/${end}`))).toBe(id);
    },
  );

  it('has HEAD, errors and other methods as /v1/models', async () => {
    const { ask } = shared(MODELS);
    for (const end of ['', '/gpt-4.1']) {
      const head = await ask(path + end, { method: 'HEAD' });
      expect([head.status, head.headers.get('etag')]).toEqual([
        200,
        (await ask(`/v1/models${end}`)).headers.get('etag'),
      ]);
      const refused = await ask(path + end, { method: 'POST', body: '{' });
      expect(await failureOf(refused)).toEqual([405, 'method_not_allowed']);
      expect(refused.headers.get('allow')).toBe('GET, HEAD');
    }
    expect(await failureOf(await ask(`${path}/unknown`))).toEqual([404, 'model_not_found']);
    expect(await failureOf(await ask(`${path}/%zz`))).toEqual([400, 'invalid_url']);
  });

  it("speaks Anthropic's dialect", async () => {
    const { ask } = shared(MODELS);
    const list: unknown = await (await ask(`${path}?limit=2`, ANTHROPIC)).json();
    expect(list).toMatchObject({ has_more: true, first_id: IDS[0], last_id: IDS[1] });
    expect(await (await ask(`${path}/gpt-4.1`, ANTHROPIC)).json()).toMatchObject({ type: 'model' });
    expect(await (await ask(`${path}/unknown`, ANTHROPIC)).json()).toMatchObject({ type: 'error' });
  });

  it('is found in the absolute form', async () => {
    const { gateway } = shared(MODELS);
    const request = `GET http://else.test${path}/gpt-4.1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    expect(await idOf(await sendRaw(gateway.url, request))).toBe('gpt-4.1');
  });

  it('is logged and measured as the same routes', async () => {
    const { ask, gateway } = await startScenario(MODELS);
    await ask(path);
    await ask(`${path}/secret-id`);
    await ask(path, { method: 'DELETE' });
    const routes = (await requestLines(gateway, 3)).map(({ route }) => route);
    expect(routes).toEqual(['/v1/models', '/v1/models/*', '/v1/models']);
    const metrics = await (await ask('/metrics')).text();
    const labels = [...metrics.matchAll(/^http_server_request_duration_seconds_count.*route="([^"]*)"/gm)];
    expect(new Set(labels.map(([, route]) => route))).toEqual(new Set(['/v1/models', '/v1/models/*']));
  });
});

it.each([
  '/v1/v1/v1/models',
  '/openai/openai/models',
  '/v1/openai/models',
  '/xmodels',
  '/models2',
  '/v2/models',
])('%s is no such route', async (path) => {
  const { ask } = shared(MODELS);
  expect(await failureOf(await ask(path))).toEqual([404, 'unknown_url']);
});

it.each(['/v1/chat/completions', '/llm/v1/models'])('the 404 of %s says what is served', async (path) => {
  const { ask, upstream } = shared(MODELS);
  const response = await ask(path, { method: 'POST' });
  expect(response.status).toBe(404);
  const { message, code } = await errorOf(response);
  expect(code).toBe('unknown_url');
  expect(message).toContain('only lists models, at GET /v1/models');
  expect(message).toContain('Chats go to the provider');
  expect(upstream.requests).toEqual([]);
});

describe('BASE_PATH', () => {
  const PREFIX = '/llm/eu-1';

  it.each(['/v1/models', '//v1/models//', ...SPELLINGS])(
    'has the list at %s, and without it',
    async (path) => {
      const { ask } = below(MODELS);
      for (const prefix of ['', PREFIX, '//llm//eu-1', `${PREFIX}/`]) {
        expect(await idsOf(await ask(prefix + path))).toEqual(IDS);
        expect(await idsOf(await ask(`${prefix}${path}?limit=1`))).toEqual(IDS);
      }
    },
  );

  it.each(IDS.flatMap((id) => [id, encodeURIComponent(id)]))('has the model %s', async (id) => {
    const { ask } = below(MODELS);
    for (const path of ['/v1/models', ...SPELLINGS]) {
      expect(await idOf(await ask(`${PREFIX}${path}/${id}`))).toBe(decodeURIComponent(id));
    }
  });

  it.each(['/healthz', '/readyz', '/readyz/', '/docs', '/docs/', '/docs/start.js', '/openapi.json'])(
    'has %s as without it',
    async (path) => {
      const { ask } = below();
      const [with_, without] = await Promise.all([ask(PREFIX + path), ask(path)]);
      expect(with_.status).toBe(200);
      expect(await with_.text()).toBe(await without.text());
    },
  );

  it.each(['/metrics', '/metrics/', '//metrics', '/metrics?x', '/metrics#', '/%6detrics', '/m%65tric%73/'])(
    'does not have %s',
    async (path) => {
      const { gateway } = below();
      const get = (target: string): Promise<Response> =>
        sendRaw(gateway.url, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect((await get(path)).status).toBe(200);
      expect((await get(PREFIX + path)).status).toBe(404);
      expect((await get(`http://x${PREFIX}${path}`)).status).toBe(404);
    },
  );

  it.each(['/llm', '/llm/eu-10/v1/models', '/llm/eu-1x', '/LLM/eu-1/v1/models'])(
    'has nothing at %s',
    async (path) => {
      const { ask } = below(MODELS);
      expect(await failureOf(await ask(path))).toEqual([404, 'unknown_url']);
    },
  );

  it('has other methods, URLs that cannot be decoded and preflights', async () => {
    const { ask } = below(MODELS);
    const refused = await ask(`${PREFIX}/v1/models/x`, { method: 'PUT' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await failureOf(await ask(`${PREFIX}/v1/models/%zz`))).toEqual([400, 'invalid_url']);
    expect(await failureOf(await ask(`${PREFIX}/%zz`))).toEqual([400, 'invalid_url']);
    expect((await ask(`${PREFIX}/v1/models?x=%zz`)).status).toBe(200);
    const headers = { origin: 'https://app.test', 'access-control-request-method': 'GET' };
    expect((await ask(`${PREFIX}/v1/models`, { method: 'OPTIONS', headers })).status).toBe(204);
  });

  it('is no part of the route in the log', async () => {
    const { ask, gateway } = await startScenario(MODELS, { BASE_PATH: '/llm' });
    await ask('/llm/v1/models');
    await ask('/llm/nowhere');
    await ask('/llm/healthz');
    expect((await requestLines(gateway, 3)).map(({ route }) => route)).toEqual([
      '/v1/models',
      'unknown',
      '/healthz',
    ]);
  });

  it.each(['/v1', '/openai', '/openai/v1'])('may be %s', async (prefix) => {
    const { ask } = await startScenario(MODELS, { BASE_PATH: prefix });
    for (const path of [
      '/v1/models',
      '/models',
      `${prefix}/v1/models`,
      `${prefix}/models`,
      '/openai/models',
    ]) {
      expect(await idsOf(await ask(path))).toEqual(IDS);
      expect(await idOf(await ask(`${path}/gpt-4.1`))).toBe('gpt-4.1');
    }
    expect((await ask(`${prefix}/healthz`)).status).toBe(200);
  });

  it.each([[''], ['/llm']])(
    'leaves the server of the description relative to it, behind %j',
    async (prefix) => {
      const { ask } = await startScenario(MODELS, { BASE_PATH: '/llm' });
      const response = await ask(`${prefix}/openapi.json`);
      const { servers } = (await response.json()) as { servers: { url: string }[] };
      const urls = servers.map(({ url }) => new URL(url, response.url).pathname);
      expect(urls).toEqual([`${prefix}/`]);
    },
  );
});

describe('an id without its first slash', () => {
  it.each(['/v1/models/opt/model', '/v1/models/opt%2Fmodel', '/models/opt/model/'])(
    'is found by %s',
    async (path) => {
      const { ask } = shared(MODELS);
      expect(await idOf(await ask(path))).toBe('/opt/model');
      expect(await (await ask(path, ANTHROPIC)).json()).toMatchObject({ id: '/opt/model' });
    },
  );

  it('comes after the id as it is written', async () => {
    const { ask } = shared(listOf('/opt/model', 'opt/model'));
    expect(await idOf(await ask('/v1/models/opt/model'))).toBe('opt/model');
  });
});

describe(':latest', () => {
  const OLLAMA = ['llama3.2:latest', 'llama3.2:1b', 'qwen3:8b', 'both', 'both:latest'];

  it('is what an id without a tag means at ollama', async () => {
    const { ask } = await startScenario(listOf(...OLLAMA), { MAIN_MODEL_ENGINE: 'ollama' });
    expect(await idOf(await ask('/v1/models/llama3.2'))).toBe('llama3.2:latest');
    expect(await idOf(await ask('/v1/models/llama3.2:1b'))).toBe('llama3.2:1b');
    expect(await idOf(await ask('/v1/models/both'))).toBe('both');
    expect(await (await ask('/v1/models/llama3.2', ANTHROPIC)).json()).toMatchObject({
      id: 'llama3.2:latest',
    });
    expect(await failureOf(await ask('/v1/models/qwen3'))).toEqual([404, 'model_not_found']);
    // What Ollama calls the namespace of names without one.
    expect(await idOf(await ask('/v1/models/library/llama3.2'))).toBe('llama3.2:latest');
    expect(await idOf(await ask('/v1/models/library%2Fqwen3:8b'))).toBe('qwen3:8b');
    expect((await ask('/v1/models/other/qwen3:8b')).status).toBe(404);
  });

  it('does not find a hidden model', async () => {
    const env = { MAIN_MODEL_ENGINE: 'ollama', MODELS_DENY: 'llama3.2:*' };
    const { ask } = await startScenario(listOf(...OLLAMA), env);
    expect((await ask('/v1/models/llama3.2')).status).toBe(404);
  });

  it('means nothing at another engine', async () => {
    const { ask } = shared(listOf(...OLLAMA));
    expect((await ask('/v1/models/llama3.2')).status).toBe(404);
  });

  it.each([
    ['false', '', 'lab-only'],
    ['true', 'ollama/', 'lab/lab-only'],
  ])('is that of ollama only among several, with MODELS_PREFIX=%s', async (prefix, name, other) => {
    const ollama = await started(startFakeUpstream(listOf(...OLLAMA)));
    const lab = await started(startFakeUpstream(listOf('lab-only:latest')));
    const { url } = await started(
      startGateway({
        MODEL_ENGINES: 'lab,ollama',
        LAB_BASE_URL: lab.url,
        OLLAMA_BASE_URL: ollama.url,
        MODELS_PREFIX: prefix,
      }),
    );
    expect(await idOf(await fetch(`${url}/v1/models/${name}llama3.2`))).toBe(`${name}llama3.2:latest`);
    expect(await idOf(await fetch(`${url}/v1/models/${name}library/qwen3:8b`))).toBe(`${name}qwen3:8b`);
    expect((await fetch(`${url}/v1/models/${other}`)).status).toBe(404);
    expect((await fetch(`${url}/v1/models/${other}:latest`)).status).toBe(200);
  });
});

describe('a model that is newer than the kept list', () => {
  it('is found, and the list is kept', async () => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(inTurn(listOf('old'), listOf('old', 'new')), CACHE);
    await ask();
    clock.advance(5000);
    const response = await ask('/v1/models/new');
    expect(await idOf(response)).toBe('new');
    expect(response.headers.get('cache-status')).toBe('models-gateway; fwd=request; stored; ttl=60');
    const list = await ask();
    expect(list.headers.get('cache-status')).toBe('models-gateway; hit; ttl=60');
    expect(await idsOf(list)).toEqual(['old', 'new']);
    expect(upstream.requests).toHaveLength(2);
  });

  it("is found by Anthropic's clients too", async () => {
    const clock = movableClock();
    const { ask } = await startScenario(inTurn(listOf('old'), listOf('new')), CACHE);
    await ask();
    clock.advance(5000);
    expect(await (await ask('/v1/models/new', ANTHROPIC)).json()).toMatchObject({ type: 'model', id: 'new' });
  });

  it('is not asked for where the list came from the provider, or has the model', async () => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(MODELS, CACHE);
    expect((await ask('/v1/models/unknown')).status).toBe(404);
    clock.advance(4999);
    expect((await ask('/v1/models/unknown')).status).toBe(404);
    clock.advance(10_000);
    for (const id of ['gpt-4.1', 'opt/model', 'gpt-4.1/']) {
      expect((await ask(`/v1/models/${id}`)).status).toBe(200);
    }
    expect(upstream.requests).toHaveLength(1);
  });

  it('is asked for once in five seconds, whatever the ids', async () => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(MODELS, CACHE);
    await ask();
    for (let round = 1; round <= 3; round += 1) {
      clock.advance(5000);
      for (const id of ['a', 'b', 'a', 'c']) {
        expect(await failureOf(await ask(`/v1/models/${id}`))).toEqual([404, 'model_not_found']);
      }
      expect(upstream.requests).toHaveLength(1 + round);
    }
  });

  it('is asked for once by simultaneous callers', async () => {
    const clock = movableClock();
    const held = heldAnswers(listOf('new', 'newer'));
    const { ask, upstream } = await startScenario(MODELS, CACHE);
    await ask();
    clock.advance(5000);
    upstream.answer(held.script);
    const answers = ['new', 'newer', 'new', 'x'].map((id) => ask(`/v1/models/${id}`));
    await held.release(1);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 404]);
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([
    ['a failure', text('', 500)],
    ['no list', text('no list')],
    ['a rate limit', json({ error: { message: 'slow' } }, 429, { 'retry-after': '60' })],
  ])('is a 404 out of the kept list after %s, without a second request', async (_name, script) => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(inTurn(MODELS, script), CACHE);
    await ask();
    clock.advance(5000);
    const response = await ask('/v1/models/new');
    expect(await failureOf(response)).toEqual([404, 'model_not_found']);
    expect(upstream.requests).toHaveLength(2);
  });

  it('is a 401 when the provider refuses the key meanwhile', async () => {
    const clock = movableClock();
    const { ask } = await startScenario(inTurn(MODELS, json({ error: { message: 'no' } }, 401)), CACHE);
    await ask();
    clock.advance(5000);
    expect((await ask('/v1/models/new')).status).toBe(401);
  });

  it('is not asked for again soon after a failure, and the kept list goes on', async () => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(inTurn(MODELS, text('', 500), listOf('new')), CACHE);
    await ask();
    clock.advance(5000);
    expect((await ask('/v1/models/new')).status).toBe(404);
    clock.advance(4999);
    expect((await ask('/v1/models/new')).status).toBe(404);
    expect(await idsOf(await ask())).toEqual(IDS);
    expect(upstream.requests).toHaveLength(2);
    clock.advance(1);
    expect((await ask('/v1/models/new')).status).toBe(200);
  });

  it('is asked for with the key of its caller only', async () => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(MODELS, CACHE);
    const caller = (name: string): RequestInit => ({ headers: { authorization: `Bearer ${name}` } });
    await ask('/v1/models', caller('one'));
    await ask('/v1/models', caller('two'));
    clock.advance(5000);
    await ask('/v1/models/x', caller('one'));
    await ask('/v1/models/x', caller('two'));
    await ask('/v1/models/x', caller('one'));
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual(
      ['one', 'two', 'one', 'two'].map((name) => `Bearer ${name}`),
    );
  });

  it('is found behind a stale list, whose refresh it shares', async () => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(inTurn(listOf('old'), listOf('new')), CACHE);
    await ask();
    clock.advance(61_000);
    expect(await idOf(await ask('/v1/models/new'))).toBe('new');
    expect(upstream.requests).toHaveLength(2);
  });

  it('is found among several engines', async () => {
    const clock = movableClock();
    const one = await started(startFakeUpstream(listOf('a')));
    const two = await started(startFakeUpstream(inTurn(listOf('b'), listOf('b', 'new'))));
    const { url } = await started(
      startGateway({ MODEL_ENGINES: 'one,two', ONE_BASE_URL: one.url, TWO_BASE_URL: two.url, ...CACHE }),
    );
    await fetch(`${url}/v1/models`);
    clock.advance(5000);
    expect(await idOf(await fetch(`${url}/v1/models/new`))).toBe('new');
    clock.advance(5000);
    one.answer(text('', 500));
    expect(await failureOf(await fetch(`${url}/v1/models/other`))).toEqual([404, 'model_not_found']);
  });

  it('is no longer asked for when its caller has gone', async () => {
    const clock = movableClock();
    const held = heldAnswers(listOf('new'));
    const { ask, upstream, gateway } = await startScenario(MODELS, CACHE);
    await ask();
    clock.advance(5000);
    upstream.answer(held.script);
    const leaving = new AbortController();
    const gone = ask('/v1/models/new', { signal: leaving.signal }).catch(() => 'gone');
    await upstream.received(2);
    leaving.abort();
    expect(await gone).toBe('gone');
    await held.abandoned();
    await until('it is logged', async () =>
      (await requestLines(gateway, 2)).some(({ status }) => status === 499),
    );
  });
});
