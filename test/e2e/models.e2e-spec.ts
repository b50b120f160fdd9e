import { describe, expect, it } from '@jest/globals';
import { errorOf, failureOf, idsOf, modelsOf } from '../support/answers.js';
import { movableClock } from '../support/clock.js';
import { json, text } from '../support/fake-upstream.js';
import { logLines, requestLines } from '../support/log-lines.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import { startGateway } from '../support/start-gateway.js';

const INVALID = [502, 'upstream_invalid_response'];

const shared = sharedScenario();

describe('the list', () => {
  it('has the four fields of OpenAI and no other', async () => {
    const row = { id: 'a', created: 1700000000, owned_by: 'x', root: '/secret/path' };
    const { ask } = shared(json({ object: 'list', data: [row], has_more: false }));
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.text()).toBe(
      '{"object":"list","data":[{"id":"a","object":"model","created":1700000000,"owned_by":"x"}]}',
    );
  });

  it("has the provider's order", async () => {
    const ids = ['z', '10', 'a', '2', 'B', 'é'];
    const { ask } = shared(json({ data: ids.map((id) => ({ id })) }));
    expect(await idsOf(await ask())).toEqual(ids);
  });

  it('follows the provider from request to request', async () => {
    const { ask, upstream } = shared();
    for (const ids of [['a'], ['a', 'b'], ['b'], []]) {
      upstream.answer(json({ data: ids.map((id) => ({ id })) }));
      expect(await idsOf(await ask())).toEqual(ids);
    }
  });

  it('has the first of several rows with the same id', async () => {
    const data = [
      { id: 'a', owned_by: 'first' },
      { id: 'b', owned_by: 'only' },
      { id: 'a', owned_by: 'second' },
    ];
    const { ask } = shared(json({ data }));
    const models = await modelsOf(await ask());
    expect(models.map(({ id, owned_by }) => [id, owned_by])).toEqual([
      ['a', 'first'],
      ['b', 'only'],
    ]);
    expect(await (await ask('/v1/models/a')).json()).toMatchObject({ owned_by: 'first' });
  });

  it('omits rows that are no model, and logs it once', async () => {
    const rows = [null, 'a', 7, ['a'], {}, { id: '' }, { id: null }, { id: 7 }, { name: 'a' }];
    const good = { id: 'good', created: 1 };
    const { ask, gateway, upstream } = await startScenario(json({ data: [...rows, good] }));
    const warnings = (): unknown[] =>
      logLines(gateway)
        .map(({ msg }) => msg)
        .filter((msg) => /\brows\b/.test(String(msg)));
    for (const path of ['/v1/models', '/v1/models', '/v1/models/good']) {
      expect((await ask(path)).status).toBe(200);
    }
    expect(await idsOf(await ask())).toEqual(['good']);
    // The bytes differ, the number of bad rows does not.
    upstream.answer(json({ data: [good, ...rows] }));
    expect(await idsOf(await ask())).toEqual(['good']);
    await requestLines(gateway, 5);
    expect(warnings()).toEqual([expect.stringMatching(/\b9\b/)]);
    upstream.answer(json({ data: [good, null] }));
    expect(await idsOf(await ask())).toEqual(['good']);
    await requestLines(gateway, 6);
    expect(warnings()).toEqual([expect.anything(), expect.stringMatching(/\b1\b/)]);
  });
});

describe('created', () => {
  it.each([
    ['an integer', { created: 1700000000 }, 1700000000],
    ['zero', { created: 0 }, 0],
    ['a float', { created: 1700000000.987 }, 1700000000],
    ['the largest number of seconds', { created: 999_999_999_999 }, 999_999_999_999],
    ['the smallest number of milliseconds', { created: 1_000_000_000_000 }, 1_000_000_000],
    ['milliseconds', { created: 1700000000987 }, 1700000000],
    ['RFC 3339 in UTC', { created_at: '2024-02-29T00:00:00Z' }, 1709164800],
    ['RFC 3339 with an offset', { created_at: '2024-02-29T02:00:00.5+02:00' }, 1709164800],
    ['RFC 3339 in the other field', { created: '2024-02-29T00:00:00Z' }, 1709164800],
  ])('is read from %s', async (_name, row, created) => {
    const { ask } = shared(json({ data: [{ id: 'a', ...row }] }));
    expect((await modelsOf(await ask()))[0]?.created).toBe(created);
  });

  it.each([
    ['nothing', {}],
    ['null', { created: null }],
    ['a text', { created: 'yesterday' }],
    ['an object', { created: {} }],
  ])('is the start of the process for %s', async (_name, row) => {
    const { ask } = shared(json({ data: [{ id: 'a', ...row }] }));
    const [model] = await modelsOf(await ask());
    expect(Number.isInteger(model?.created)).toBe(true);
    const processStarted = Date.now() / 1000 - process.uptime();
    expect(Math.abs((model?.created ?? 0) - processStarted)).toBeLessThan(2);
  });

  it('stays what it is where the provider says nothing', async () => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(json({ data: [{ id: 'a' }] }));
    const [first] = await modelsOf(await ask());
    clock.advance(60_000);
    upstream.answer(json({ data: [{ id: 'b' }] }));
    expect(await modelsOf(await ask())).toEqual([{ ...first, id: 'b' }]);
  });
});

describe('owned_by', () => {
  it.each(['vllm', 'anthropic', 'azure', 'cohere', 'my-engine'])(
    "is the upstream's where it names one, with %s",
    async (engine) => {
      const { ask } = await startScenario(json({ data: [{ id: 'a', owned_by: 'somebody' }] }), {
        MAIN_MODEL_ENGINE: engine,
      });
      expect((await modelsOf(await ask()))[0]?.owned_by).toBe('somebody');
    },
  );

  const cases = [
    ['openai', 'openai'],
    ['nim', 'nim'],
    ['vllm', 'vllm'],
    ['trt_llm', 'trt_llm'],
    ['anthropic', 'anthropic'],
    ['azure', 'azure'],
    ['azure_openai', 'azure'],
    ['cohere', 'cohere'],
    ['My-Engine', 'My-Engine'],
  ];
  it.each(cases)('is, with %s, %s when the provider gives none', async (engine, owner) => {
    const rows = [
      { id: 'a' },
      { id: 'b', owned_by: '' },
      { id: 'c', owned_by: null },
      { id: 'd', owned_by: 1 },
    ];
    const { ask } = await startScenario(json({ data: rows }), { MAIN_MODEL_ENGINE: engine });
    expect((await modelsOf(await ask())).map((model) => model.owned_by)).toEqual(rows.map(() => owner));
  });
});

describe('the body of a provider', () => {
  const rows = [{ id: 'a' }, { id: 'b' }];

  it.each([
    ['{data}', { object: 'list', data: rows }],
    ['{models}', { models: rows }],
    ['both, where data takes precedence', { models: [{ id: 'x' }], data: rows }],
    ['a bare array', rows],
  ])('may be %s', async (_name, body) => {
    const { ask } = shared(json(body));
    expect(await idsOf(await ask())).toEqual(['a', 'b']);
  });

  it.each([
    ['data: null', { object: 'list', data: null }],
    ['data: []', { object: 'list', data: [] }],
    ['models: []', { models: [] }],
    ['[]', []],
  ])('may say that there are none: %s', async (_name, body) => {
    const { ask } = shared(json(body));
    expect(await idsOf(await ask())).toEqual([]);
    expect(await failureOf(await ask('/v1/models/a'))).toEqual([404, 'model_not_found']);
  });

  it('may come under any content type', async () => {
    const { ask } = shared(text(JSON.stringify({ data: rows })));
    expect(await idsOf(await ask())).toEqual(['a', 'b']);
  });

  it.each([
    ['HTML', '<!doctype html><title>Sign in, SECRET0</title>'],
    ['truncated JSON', '{"object":"list","data":[{"id":"a"},{"id":'],
    ['two JSON texts', '{"data":[]}{"data":[]}'],
    ['nothing', ''],
    ['an object with neither', '{"object":"list"}'],
    ['an empty object', '{}'],
    ['an error with status 200', '{"error":{"message":"no such tenant SECRET0"}}'],
    ['data that is an object', '{"data":{"a":{"id":"a"}}}'],
    ['data that is a text', '{"data":"a"}'],
    ['models that is null', '{"models":null}'],
    ['a text', '"a"'],
    ['a number', '7'],
    ['null', 'null'],
    ['true', 'true'],
  ])('must not be %s', async (_name, body) => {
    const { ask } = shared(text(body));
    const response = await ask();
    expect(response.status).toBe(502);
    const { message, type, code } = await errorOf(response);
    expect([type, code]).toEqual(['upstream_error', 'upstream_invalid_response']);
    expect(message).not.toContain('SECRET0');
    expect(await failureOf(await ask('/v1/models/a'))).toEqual(INVALID);
  });

  it('must be a list each time', async () => {
    const { ask, upstream } = shared(json({ data: rows }));
    expect(await idsOf(await ask())).toEqual(['a', 'b']);
    upstream.answer(text('<!doctype html>'));
    expect(await failureOf(await ask())).toEqual(INVALID);
    upstream.answer(json({ data: rows }));
    expect(await idsOf(await ask())).toEqual(['a', 'b']);
  });
});

describe('an engine that is not built in, without a URL', () => {
  it('has an empty list, with or without keys', async () => {
    const gateway = await started(
      startGateway({ MAIN_MODEL_ENGINE: 'my-custom-engine', OPENAI_API_KEY: 'sk-SECRET0' }),
    );
    const headers = { authorization: 'Bearer sk-SECRET0-caller' };
    for (const init of [{}, { headers }]) {
      const response = await fetch(`${gateway.url}/v1/models`, init);
      expect(await response.text()).toBe('{"object":"list","data":[]}');
      expect(response.status).toBe(200);
    }
    expect(await failureOf(await fetch(`${gateway.url}/v1/models/a`))).toEqual([404, 'model_not_found']);
    const lines = await requestLines(gateway, 3);
    for (const line of lines) expect(line).not.toHaveProperty('upstreamStatus');
  });
});
