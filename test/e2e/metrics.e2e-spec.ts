import { describe, expect, it } from '@jest/globals';
import { METRIC_LABELS, METRICS } from '../../src/metrics/metrics.js';
import { arrivals } from '../support/arrivals.js';
import { movableClock } from '../support/clock.js';
import { inTurn, json, silence, text } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { logLines, requestLines } from '../support/log-lines.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { started, startScenario } from '../support/scenario.js';
import { secret, SECRET_MARK, startGateway } from '../support/start-gateway.js';
import { freePort } from '../support/start-process.js';
import { until } from '../support/until.js';

const LIST = json({ data: [{ id: 'model-a' }, { id: 'model-b' }] });
const KEY = { authorization: `Bearer ${secret('one')}` };

type Ask = (path?: string, init?: RequestInit) => Promise<Response>;

/** The samples by name and labels. */
async function samples(ask: Ask): Promise<Map<string, number>> {
  const response = await ask('/metrics');
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('text/plain'),
  ]);
  return new Map(
    (await response.text())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** Waits until a sample has this value, because a request is counted after its answer is sent. */
async function untilSample(ask: Ask, name: string, value: number): Promise<void> {
  await until(`${name} is ${String(value)}`, async () => (await samples(ask)).get(name) === value);
}

describe('requests', () => {
  it.each([
    ['/v1/models', 'GET', '/v1/models', 200],
    ['/v1/models/model-a', 'GET', '/v1/models/*', 200],
    ['/v1/models/secret-path', 'GET', '/v1/models/*', 404],
    ['/nowhere/secret-path', 'GET', 'unmatched', 404],
    ['/v1/models', 'POST', '/v1/models', 405],
    ['/v1/models/secret-path', 'PROPFIND', '/v1/models/*', 405],
  ])('%s by %s are timed by route', async (path, method, route, status) => {
    const { ask } = await startScenario(LIST);
    expect((await ask(path, { method })).status).toBe(status);
    const label = method === 'PROPFIND' ? 'OTHER' : method;
    const name = `http_server_request_duration_seconds_count{method="${label}",route="${route}",status="${String(status)}"}`;
    await untilSample(ask, name, 1);
    const all = await samples(ask);
    expect(all.get('http_server_active_requests')).toBe(0);
    expect([...all.keys()].join()).not.toMatch(/secret-path|PROPFIND|model-a|route="\/metrics"/);
  });
});

describe('durations', () => {
  const HISTOGRAMS = [
    ['http_server_request_duration_seconds', 'method="GET",route="/v1/models",status="200"'],
    ['http_client_request_duration_seconds', 'engine="vllm",outcome="ok"'],
  ] as const;

  it.each(HISTOGRAMS)('of %s are seconds, in buckets from 1 ms to 10 s', async (name, labels) => {
    const pauseMs = 60;
    const { ask } = await startScenario((request, response) => {
      setTimeout(() => {
        LIST(request, response);
      }, pauseMs);
    });
    await ask();
    await untilSample(ask, `${name}_count{${labels}}`, 1);
    const all = await samples(ask);
    const seconds = all.get(`${name}_sum{${labels}}`) ?? NaN;
    expect(seconds).toBeGreaterThan((pauseMs - 10) / 1000);
    expect(seconds).toBeLessThan(5);
    const limits = [...all.keys()].flatMap((key) => {
      const [, limit] = new RegExp(`^${name}_bucket\\{le="([^"]+)",${labels}\\}$`).exec(key) ?? [];
      return limit === undefined ? [] : [limit];
    });
    expect(limits).toEqual('0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf'.split(' '));
  });
});

describe('requests to the provider', () => {
  it.each<[string, Script, string, Record<string, string>]>([
    ['a list', LIST, 'ok', {}],
    ['a 401', json({}, 401), '4xx', {}],
    ['a 500', json({}, 500), '5xx', {}],
    ['silence', silence, 'timeout', { UPSTREAM_TIMEOUT_MS: '300' }],
    ['a redirect', json({}, 302, { location: 'http://127.0.0.1:1/' }), '5xx', {}],
    ['a page of HTML', text('<html>'), 'invalid', {}],
    ['an object that is no list', json({ models: 1 }), 'invalid', {}],
    ['a closed connection', ({ socket }) => socket.destroy(), 'unreachable', { UPSTREAM_MAX_RETRIES: '0' }],
  ])('that end with %s have their own outcome', async (_name, script, outcome, env) => {
    const { ask } = await startScenario(script, env);
    await ask('/v1/models', { headers: KEY });
    const all = await samples(ask);
    const name = `http_client_request_duration_seconds_count{engine="vllm",outcome="${outcome}"}`;
    expect(
      [...all.keys()].filter((key) => key.startsWith('http_client_request_duration_seconds_count')),
    ).toEqual([name]);
    expect(all.get(name)).toBe(1);
    expect(all.get('http_client_active_requests')).toBe(0);
    expect(all.get('models_gateway_upstream_pages_total{engine="vllm"}')).toBe(
      outcome === 'ok' ? 1 : undefined,
    );
    expect(all.get('models_gateway_models{engine="vllm"}')).toBe(outcome === 'ok' ? 2 : undefined);
    // A rejected caller says nothing about the provider's health.
    const up = outcome === 'ok' ? 1 : 0;
    expect(all.get('models_gateway_upstream_up{engine="vllm"}')).toBe(outcome === '4xx' ? undefined : up);
    expect([...all.keys()].join()).not.toContain(SECRET_MARK);
  });

  it('show that a provider which rejects a caller works again', async () => {
    const up = 'models_gateway_upstream_up{engine="vllm"}';
    const refused = json({ error: { message: 'no' } }, 401);
    const { ask } = await startScenario(inTurn(text('', 500), refused));
    await ask();
    expect((await samples(ask)).get(up)).toBe(0);
    expect((await ask()).status).toBe(401);
    expect((await samples(ask)).get(up)).toBe(1);
  });

  it('are counted as cancelled when the caller hangs up', async () => {
    const held = heldAnswers(LIST);
    const { ask, upstream } = await startScenario(held.script, { UPSTREAM_TIMEOUT_MS: '60000' });
    const caller = new AbortController();
    const pending = ask('/v1/models', { signal: caller.signal });
    await upstream.received(1);
    await untilSample(ask, 'http_client_active_requests', 1);
    await untilSample(ask, 'http_server_active_requests', 1);
    caller.abort();
    await expect(pending).rejects.toThrow();
    await held.abandoned();
    await untilSample(
      ask,
      'http_client_request_duration_seconds_count{engine="vllm",outcome="cancelled"}',
      1,
    );
    await untilSample(ask, 'http_server_active_requests', 0);
    const all = await samples(ask);
    expect(all.get('http_client_active_requests')).toBe(0);
    expect(all.has('models_gateway_upstream_up{engine="vllm"}')).toBe(false);
  });

  it('are counted page by page', async () => {
    const first = json({ data: [{ id: 'a' }], has_more: true, last_id: 'a' });
    const { ask } = await startScenario(inTurn(first, json({ data: [{ id: 'b' }], has_more: false })), {
      MAIN_MODEL_ENGINE: 'anthropic',
    });
    expect((await ask()).status).toBe(200);
    const all = await samples(ask);
    expect(all.get('models_gateway_upstream_pages_total{engine="anthropic"}')).toBe(2);
    expect(all.get('http_client_request_duration_seconds_count{engine="anthropic",outcome="ok"}')).toBe(2);
    expect(all.get('models_gateway_models{engine="anthropic"}')).toBe(2);
  });

  it('show whether the provider is up, and keep the size of its last list', async () => {
    const { ask, upstream } = await startScenario(LIST);
    await ask();
    upstream.answer(json({}, 500));
    await ask();
    const failing = await samples(ask);
    expect(failing.get('models_gateway_upstream_up{engine="vllm"}')).toBe(0);
    expect(failing.get('models_gateway_models{engine="vllm"}')).toBe(2);
    upstream.answer(json({ data: [] }));
    await ask();
    const mended = await samples(ask);
    expect(mended.get('models_gateway_upstream_up{engine="vllm"}')).toBe(1);
    expect(mended.get('models_gateway_models{engine="vllm"}')).toBe(0);
  });

  it('are counted when they are retried', async () => {
    const { ask } = await startScenario(inTurn(json({}, 503), LIST));
    expect((await ask()).status).toBe(200);
    const all = await samples(ask);
    expect(all.get('models_gateway_upstream_retries_total{engine="vllm"}')).toBe(1);
    for (const outcome of ['5xx', 'ok']) {
      expect(all.get(`http_client_request_duration_seconds_count{engine="vllm",outcome="${outcome}"}`)).toBe(
        1,
      );
    }
  });

  it('are counted when they are shared', async () => {
    const held = heldAnswers(LIST);
    const { ask, gateway } = await startScenario(held.script, { UPSTREAM_TIMEOUT_MS: '60000' });
    const arrived = arrivals(gateway);
    const pending = [ask(), ask(), ask()];
    await arrived(pending.length);
    await held.release(1);
    await Promise.all(pending);
    expect((await samples(ask)).get('models_gateway_coalesced_requests_total{engine="vllm"}')).toBe(2);
  });
});

it('the outcomes of the cache are counted', async () => {
  const { ask } = await startScenario(LIST, { CACHE_TTL_SECONDS: '60' });
  await ask();
  await ask();
  await ask('/v1/models', { headers: { 'cache-control': 'no-cache' } });
  const all = await samples(ask);
  for (const outcome of ['miss', 'hit', 'revalidated']) {
    expect(all.get(`models_gateway_cache_requests_total{engine="vllm",outcome="${outcome}"}`)).toBe(1);
  }
});

it('stale and shared lists are counted', async () => {
  const clock = movableClock();
  const held = heldAnswers(LIST);
  const { ask, gateway } = await startScenario(inTurn(held.script, LIST), {
    CACHE_TTL_SECONDS: '60',
    CACHE_STALE_SECONDS: '600',
    UPSTREAM_TIMEOUT_MS: '60000',
  });
  const arrived = arrivals(gateway);
  const pending = [ask(), ask()];
  await arrived(pending.length);
  await held.release(1);
  await Promise.all(pending);
  clock.advance(70_000);
  await ask();
  const all = await samples(ask);
  for (const outcome of ['miss', 'collapsed', 'stale']) {
    expect(all.get(`models_gateway_cache_requests_total{engine="vllm",outcome="${outcome}"}`)).toBe(1);
  }
});

it('every sample has a type and a description, and METRIC_LABELS lists every name', async () => {
  const { ask } = await startScenario(LIST, { CACHE_TTL_SECONDS: '60' });
  await ask('/v1/models', { headers: KEY });
  await samples(ask);
  const lines = (await (await ask('/metrics')).text()).split('\n').filter((line) => line !== '');
  const helped = new Set(lines.map((line) => /^# HELP (\S+) \S/.exec(line)?.[1]));
  const types = new Map(
    lines.flatMap((line) => {
      const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, type] as const];
    }),
  );
  for (const line of lines.filter((each) => !each.startsWith('#'))) {
    const name = /^([a-z][a-z\d_]*)(?:\{[^}]*\})? \S+$/.exec(line)?.[1] ?? line;
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    expect([line, types.has(family), helped.has(family)]).toEqual([line, true, true]);
  }
  const own = [...types.keys()].filter((name) => /^(http|models_gateway)_/.test(name));
  // Only with a shared cache.
  expect([...own, 'models_gateway_shared_cache_up'].sort()).toEqual(Object.keys(METRIC_LABELS).sort());
  expect(lines.join()).not.toContain(SECRET_MARK);
});

it('requests for metrics are not logged', async () => {
  const { ask, gateway } = await startScenario(LIST);
  await ask('/metrics');
  const [line] = await requestLines(gateway, 1);
  expect(line).toMatchObject({ route: '/metrics', level: 20 });
});

describe('METRICS_PORT', () => {
  it('serves metrics only, until the service stops', async () => {
    const port = await freePort();
    const { ask, gateway } = await startScenario(LIST, { METRICS_PORT: String(port), HOST: '127.0.0.1' });
    const address = `http://127.0.0.1:${String(port)}`;
    const figures: Ask = (path = '/metrics', init = {}) => fetch(`${address}${path}`, init);
    expect(logLines(gateway).map(({ msg }) => msg)).toContain(`Metrics are at ${address}/metrics.`);
    expect((await ask()).status).toBe(200);
    expect((await ask('/metrics')).status).toBe(404);
    const name = 'http_server_request_duration_seconds_count{method="GET",route="unmatched",status="404"}';
    await untilSample(figures, name, 1);
    expect((await figures('/metrics', { method: 'HEAD' })).status).toBe(200);
    expect((await figures('/v1/models')).status).toBe(404);
    const refused = await figures('/metrics', { method: 'POST' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    // Another address of this machine: HOST applies to this port too.
    await expect(fetch(`http://127.0.0.2:${String(port)}/metrics`)).rejects.toThrow();
    await gateway.app.close();
    await expect(figures()).rejects.toThrow();
  });

  it('must differ from PORT', async () => {
    await expect(startGateway({ METRICS_PORT: '8000' })).rejects.toThrow(
      'The configuration is not valid:\n  METRICS_PORT must differ from PORT',
    );
  });
});

describeWithRedis('a shared cache', () => {
  it('the shared cache is up or down', async () => {
    const redis = await started(startRedis());
    const { ask } = await startScenario(LIST, { CACHE_TTL_SECONDS: '60', ...redis.env });
    await ask();
    expect((await samples(ask)).get('models_gateway_shared_cache_up')).toBe(1);
    await redis.kill();
    await until('Redis is seen to be down', async () => {
      await ask('/v1/models', { headers: { 'cache-control': 'no-cache' } });
      return (await samples(ask)).get('models_gateway_shared_cache_up') === 0;
    });
  });
});

it('the build information names the engine, `custom` for one that is not built in', async () => {
  const { ask } = await startScenario(LIST, { MAIN_MODEL_ENGINE: 'my-own-engine' });
  const names = [...(await samples(ask)).keys()];
  expect(names.find((name) => name.startsWith('models_gateway_build_info'))).toContain('engine="custom"');
  expect(names.join()).not.toContain('my-own-engine');
  expect(names).toContain('process_resident_memory_bytes');
});

it('metrics can be turned off', async () => {
  const { ask, gateway } = await startScenario(LIST, { METRICS_ENABLED: 'false' });
  expect(gateway.app.get(METRICS)).toBeUndefined();
  expect((await ask()).status).toBe(200);
  expect((await ask('/metrics')).status).toBe(404);
});

it('a POST is not allowed', async () => {
  const { ask } = await startScenario(LIST);
  const response = await ask('/metrics', { method: 'POST' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
