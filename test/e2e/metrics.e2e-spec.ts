import { describe, expect, it } from '@jest/globals';
import { arrivals } from '../support/arrivals.js';
import { inTurn, json, silence } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { startScenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';
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

/** Waits until a sample has this value: a request is counted when its answer has gone out. */
async function untilSample(ask: Ask, name: string, value: number): Promise<void> {
  await until(`${name} is ${String(value)}`, async () => (await samples(ask)).get(name) === value);
}

describe('requests', () => {
  it.each([
    ['/v1/models', 'GET', '/v1/models', 200],
    ['/v1/models/model-a', 'GET', '/v1/models/*', 200],
    ['/v1/models/secret-path', 'GET', '/v1/models/*', 404],
    ['/nowhere/secret-path', 'GET', 'unmatched', 404],
    ['/v1/models', 'POST', 'unmatched', 405],
    ['/v1/models', 'PROPFIND', 'unmatched', 405],
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

describe('requests to the provider', () => {
  it.each<[string, Script, string, Record<string, string>]>([
    ['a list', LIST, 'ok', {}],
    ['a 401', json({}, 401), '4xx', {}],
    ['a 500', json({}, 500), '5xx', {}],
    ['silence', silence, 'timeout', { UPSTREAM_TIMEOUT_MS: '300' }],
    ['a closed connection', ({ socket }) => socket.destroy(), 'unreachable', { UPSTREAM_MAX_RETRIES: '0' }],
  ])('that end with %s are told apart', async (_name, script, outcome, env) => {
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
    // A caller that is refused says nothing of the provider.
    const up = { ok: 1, '4xx': undefined }[outcome] ?? (outcome === '4xx' ? undefined : 0);
    expect(all.get('models_gateway_upstream_up{engine="vllm"}')).toBe(up);
    expect([...all.keys()].join()).not.toContain(secret('one'));
  });

  it('are counted when they are sent again', async () => {
    const { ask } = await startScenario(inTurn(json({}, 503), LIST));
    expect((await ask()).status).toBe(200);
    expect((await samples(ask)).get('models_gateway_upstream_retries_total{engine="vllm"}')).toBe(1);
  });

  it('are counted when they are shared', async () => {
    const held = heldAnswers(LIST);
    const { ask, gateway } = await startScenario(held.script, { UPSTREAM_TIMEOUT_MS: '60000' });
    const arrived = arrivals(gateway);
    const asking = [ask(), ask(), ask()];
    await arrived(asking.length);
    await held.release(1);
    await Promise.all(asking);
    expect((await samples(ask)).get('models_gateway_coalesced_requests_total')).toBe(2);
  });
});

it('the cache says how it answered', async () => {
  const { ask } = await startScenario(LIST, { CACHE_TTL_SECONDS: '60' });
  await ask();
  await ask();
  await ask('/v1/models', { headers: { 'cache-control': 'no-cache' } });
  const all = await samples(ask);
  for (const outcome of ['miss', 'hit', 'revalidated']) {
    expect(all.get(`models_gateway_cache_requests_total{outcome="${outcome}"}`)).toBe(1);
  }
});

it('what runs is told, and an engine that is not built in is a custom one', async () => {
  const { ask } = await startScenario(LIST, { MAIN_MODEL_ENGINE: 'my-own-engine' });
  const names = [...(await samples(ask)).keys()];
  expect(names.find((name) => name.startsWith('models_gateway_build_info'))).toContain('engine="custom"');
  expect(names.join()).not.toContain('my-own-engine');
  expect(names).toContain('process_resident_memory_bytes');
});

it('nothing is collected when metrics are off', async () => {
  const { ask } = await startScenario(LIST, { METRICS_ENABLED: 'false' });
  expect((await ask()).status).toBe(200);
  expect((await ask('/metrics')).status).toBe(404);
});

it('a POST is not allowed', async () => {
  const { ask } = await startScenario(LIST);
  const response = await ask('/metrics', { method: 'POST' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
