import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { errorOf, idsOf } from '../support/answers.js';
import { json, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';

/** The names of the engines, and their kinds. */
const KINDS: Readonly<Record<string, 'azure' | 'anthropic' | 'vllm'>> = {
  azure_eu: 'azure',
  azure_us: 'azure',
  anthropic: 'anthropic',
  work: 'anthropic',
  gpu_a: 'vllm',
  gpu_b: 'vllm',
  gpu_c: 'vllm',
};
const NAMES = Object.keys(KINDS);

const upstreams = new Map<string, FakeUpstream>();

/** A list in the form of a vendor, with one model of the engine and one that all engines have. */
function listOf(name: string): Script {
  const ids = [`${name}-model`, 'shared'];
  return json({
    data: ids.map((id) => ({ id, object: 'model', created: 1, created_at: '1970-01-01T00:00:01Z' })),
  });
}

/** The environment of all engines, each with an address and a key of its own. */
function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const env: Record<string, string> = { MODEL_ENGINES: NAMES.join().replaceAll('_', '-') };
  for (const [name, kind] of Object.entries(KINDS)) {
    const prefix = name.toUpperCase();
    if (name !== kind) env[`${prefix}_ENGINE`] = kind;
    env[`${prefix}_BASE_URL`] = upstreams.get(name)?.url ?? '';
    env[`${prefix}_API_KEY`] = secret(name);
  }
  return { ...env, ...more };
}

/** The key that a provider was sent, in whichever header. */
function keysAt(name: string): (string | undefined)[] {
  return (upstreams.get(name)?.requests ?? []).map(({ headers }) =>
    String(headers['api-key'] ?? headers['x-api-key'] ?? headers.authorization),
  );
}

beforeAll(async () => {
  for (const name of NAMES) upstreams.set(name, await startFakeUpstream());
});

beforeEach(() => {
  for (const [name, upstream] of upstreams) {
    upstream.answer(listOf(name));
    upstream.requests.length = 0;
  }
});

afterAll(async () => {
  await Promise.all([...upstreams.values()].map((each) => each.close()));
});

describe('two Azure resources, two Anthropic accounts and three vLLMs in one list', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(
      environment({
        MODELS_PREFIX: 'true',
        AZURE_EU_API_VERSION: '2025-01-01-preview',
        AZURE_OPENAI_API_KEY: secret('nobodys'),
        AZURE_OPENAI_API_VERSION: '2020-01-01',
        VLLM_API_KEY: secret('nobodys'),
        OPENAI_API_KEY: secret('nobodys'),
        GPU_A_UPSTREAM_HEADERS: 'X-Tenant: research',
        FORWARD_AUTHORIZATION_TO: 'gpu-c',
        CACHE_TTL_SECONDS: '3600',
      }),
    );
  });

  afterAll(() => gateway.close());

  const ask = (path = '/v1/models', headers: Record<string, string> = {}): Promise<Response> =>
    fetch(gateway.url + path, { headers: { 'cache-control': 'no-cache', ...headers } });

  it('are all listed, under their names', async () => {
    const response = await ask();
    expect(response.headers.has('x-models-incomplete')).toBe(false);
    expect(await idsOf(response)).toEqual(
      NAMES.flatMap((name) => [`${name}/${name}-model`, `${name}/shared`]),
    );
    for (const name of NAMES) {
      expect(await (await ask(`/v1/models/${name}/${name}-model`)).json()).toMatchObject({
        // One vendor is one owner, whatever the account.
        owned_by: KINDS[name],
      });
    }
  });

  it('get their own key, headers and settings, each in the form of its kind', async () => {
    await ask();
    const common = { accept: 'application/json' };
    for (const name of NAMES) {
      const bearer = { authorization: `Bearer ${secret(name)}` };
      const forms = {
        azure: { 'api-key': secret(name) },
        anthropic: { 'x-api-key': secret(name), 'anthropic-version': '2023-06-01' },
        vllm: bearer,
      };
      expect(upstreams.get(name)?.requests).toMatchObject([
        { headers: { ...common, ...forms[KINDS[name] ?? 'vllm'] } },
      ]);
      expect(JSON.stringify(upstreams.get(name)?.requests)).not.toContain('nobodys');
    }
    const askedAt = (name: string): string | undefined => upstreams.get(name)?.requests[0]?.url;
    expect(askedAt('azure_eu')).toBe('/openai/models?api-version=2025-01-01-preview');
    expect(askedAt('azure_us')).toBe('/openai/models?api-version=2024-06-01');
    expect(askedAt('work')).toBe('/v1/models?limit=1000');
    const tenants = NAMES.filter(
      (name) => upstreams.get(name)?.requests[0]?.headers['x-tenant'] !== undefined,
    );
    expect(tenants).toEqual(['gpu_a']);
  });

  it('get the caller’s credential only by name', async () => {
    await ask('/v1/models', { authorization: `Bearer ${secret('caller')}` });
    expect(keysAt('gpu_c')).toEqual([`Bearer ${secret('caller')}`]);
    expect(keysAt('gpu_b')).toEqual([`Bearer ${secret('gpu_b')}`]);
  });

  it('fail, and are measured and logged, each for itself', async () => {
    upstreams.get('work')?.answer(text('', 500));
    upstreams.get('azure_us')?.answer(json({ error: { message: 'no' } }, 401));
    const response = await ask();
    expect(response.headers.get('x-models-incomplete')).toBe('azure_us=upstream_401,work=upstream_error');
    expect(await idsOf(response)).toHaveLength(2 * (NAMES.length - 2));
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    for (const name of NAMES) {
      expect(metrics).toContain(
        `models_gateway_upstream_up{engine="${name}"} ${name === 'work' ? '0' : '1'}`,
      );
    }
    expect(metrics).toContain(
      'http_client_request_duration_seconds_count{engine="azure_us",outcome="4xx"} 1',
    );
    const log = gateway.logs.join('');
    for (const [name, kind] of Object.entries(KINDS)) {
      const said = name === kind ? name : `${name} (${kind})`;
      const url = String(upstreams.get(name)?.url);
      expect(log).toMatch(
        new RegExp(
          `engine ${said.replace(/[()]/g, '\\$&')}, upstream ${url}/\\S*, key from ${name.toUpperCase()}_API_KEY`,
        ),
      );
    }
    expect(log).toContain(`see the log of work at ${String(upstreams.get('work')?.host)}`);
    expect(log).toContain('answered 401 to the key from AZURE_US_API_KEY');
  });
});

describeWithRedis('engines of one kind with a shared cache', () => {
  it('have entries of their own', async () => {
    const redis = await started(startRedis());
    const [first = ''] = NAMES;
    // The same address and the same key are still two engines.
    const same = {
      AZURE_US_BASE_URL: upstreams.get(first)?.url ?? '',
      AZURE_US_API_KEY: secret(first),
      CACHE_TTL_SECONDS: '60',
      ...redis.env,
    };
    const gateway = await started(startGateway(environment(same)));
    expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(200);
    await redis.stored(NAMES.length);
    expect(upstreams.get(first)?.requests).toHaveLength(2);
  });
});

describe('names that are no good', () => {
  it('stop the start, and what is missing is named by them', async () => {
    await expect(startGateway({ MODEL_ENGINES: 'redis,openai' })).rejects.toThrow(
      'MODEL_ENGINES must not hold a name with which variables of the gateway itself begin: REDIS_',
    );
    await expect(startGateway({ MODEL_ENGINES: 'eu,openai', EU_ENGINE: 'azur' })).rejects.toThrow(
      /EU_ENGINE must be one of openai, .*azure, azure_openai/,
    );
    const gateway = await started(startGateway({ MODEL_ENGINES: 'eu,openai', EU_ENGINE: 'azure' }));
    expect(await errorOf(await fetch(`${gateway.url}/readyz`))).toMatchObject({
      message: 'The engine eu needs EU_BASE_URL to be set.',
    });
  });
});
