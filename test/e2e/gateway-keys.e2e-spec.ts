import { beforeEach, describe, expect, it } from '@jest/globals';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failureOf, idsOf } from '../support/answers.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import { logLines } from '../support/log-lines.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const ONE = secret('gateway-one');
const TWO = secret('gateway-two');
const OURS = secret('ours');
const JUNK = secret('junk');
const LIST = json({ data: [{ id: 'a' }, { id: 'b/c' }] });
const UNKNOWN = [401, 'invalid_api_key'] as const;

type Headers = Readonly<Record<string, string>>;

describe('GATEWAY_API_KEYS', () => {
  const shared = sharedScenario({ GATEWAY_API_KEYS: `${ONE}, ${TWO}`, VLLM_API_KEY: OURS });

  it.each<[string, Headers]>([
    ['a bearer token', { authorization: `Bearer ${ONE}` }],
    ['the other key', { authorization: `bearer  ${TWO}` }],
    ['x-api-key', { 'x-api-key': ONE }],
    ['api-key', { 'api-key': TWO }],
    ['a key beside another credential', { authorization: `Bearer ${JUNK}`, 'x-api-key': ONE }],
    ['a key beside Basic', { authorization: 'Basic dTpw', 'api-key': ONE }],
    [
      'a bearer token beside other keys',
      { authorization: `Bearer ${ONE}`, 'x-api-key': JUNK, 'api-key': JUNK },
    ],
    ['a key beside a placeholder', { authorization: 'Bearer null', 'x-api-key': ONE }],
  ])('lets %s in, and sends the key of the operator', async (_name, headers) => {
    const { ask, upstream } = shared(LIST);
    expect(await idsOf(await ask('/v1/models', { headers }))).toEqual(['a', 'b/c']);
    expect((await ask('/v1/models/b/c', { headers })).status).toBe(200);
    const [sent] = upstream.requests.map((request) => request.headers);
    expect([sent?.authorization, sent?.['x-api-key'], sent?.['api-key']]).toEqual([
      `Bearer ${OURS}`,
      undefined,
      undefined,
    ]);
    expect(JSON.stringify(upstream.requests.map((request) => request.headers))).not.toContain('gateway-');
  });

  it.each<[string, Headers]>([
    ['nothing', {}],
    ['another key', { authorization: `Bearer ${JUNK}` }],
    ['the key of the operator', { authorization: `Bearer ${OURS}` }],
    ['a key and more', { authorization: `Bearer ${ONE}x` }],
    ['a part of a key', { authorization: `Bearer ${ONE.slice(0, -1)}` }],
    ['both keys', { authorization: `Bearer ${ONE}, ${TWO}` }],
    ['the setting', { 'x-api-key': `${ONE}, ${TWO}` }],
    ['another scheme', { authorization: `Basic ${ONE}` }],
    ['no scheme', { authorization: ONE }],
    ['a key in another header', { 'x-goog-api-key': ONE, cookie: `key=${ONE}` }],
    ['a placeholder', { authorization: 'Bearer not-used', 'x-api-key': 'null' }],
    ['the headers that name a method', { 'x-http-method-override': 'HEAD', 'x-original-url': '/healthz' }],
  ])('refuses %s, and asks no provider', async (_name, headers) => {
    const { ask, upstream } = shared(LIST);
    for (const path of ['/v1/models', '/models', '/openai/v1/models/a', '/v1/models/b%2Fc', '//v1/models/']) {
      const response = await ask(path, { headers });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await failureOf(response)).toEqual(UNKNOWN);
    }
    const head = await ask('/v1/models', { method: 'HEAD', headers });
    expect(head.status).toBe(401);
    expect(upstream.requests).toEqual([]);
  });

  it('refuses a key in the URL', async () => {
    const { ask } = shared(LIST);
    expect(await failureOf(await ask(`/v1/models?api-key=${ONE}&key=${ONE}`))).toEqual(UNKNOWN);
  });

  it('refuses in Anthropic’s form', async () => {
    const { ask } = shared(LIST);
    const headers = { 'anthropic-version': '2023-06-01', 'x-api-key': JUNK };
    const response = await ask('/v1/models', { headers });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error', details: { error_code: 'invalid_api_key' } },
    });
  });

  it('leaves probes, metrics and documents open', async () => {
    const { ask } = shared(LIST);
    const statuses = ['/healthz', '/readyz', '/metrics', '/docs', '/openapi.json'].map(
      async (path) => (await ask(path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200, 200]);
  });
});

describe('with GATEWAY_API_KEYS', () => {
  it('a provider that checks no key gets no junk key past the gateway', async () => {
    const { ask, upstream } = await startScenario(LIST, { GATEWAY_API_KEYS: ONE });
    expect(await failureOf(await ask('/v1/models', { headers: { 'api-key': JUNK } }))).toEqual(UNKNOWN);
    expect(upstream.requests).toEqual([]);
    expect(await idsOf(await ask('/v1/models', { headers: { 'api-key': ONE } }))).toEqual(['a', 'b/c']);
    expect(upstream.requests.map(({ headers }) => [headers.authorization, headers['api-key']])).toEqual([
      [undefined, undefined],
    ]);
  });

  it('a static list needs a key', async () => {
    const gateway = await started(startGateway({ MODELS_STATIC: 'a', GATEWAY_API_KEYS: ONE }));
    expect(await failureOf(await fetch(`${gateway.url}/v1/models`))).toEqual(UNKNOWN);
    const headers = { authorization: `Bearer ${ONE}` };
    expect(await idsOf(await fetch(`${gateway.url}/v1/models`, { headers }))).toEqual(['a']);
  });

  it('no engine of several gets a caller’s credential, and the log says so', async () => {
    const [first, second] = await Promise.all([LIST, LIST].map((list) => started(startFakeUpstream(list))));
    const gateway = await started(
      startGateway({
        MODEL_ENGINES: 'one,two',
        ONE_BASE_URL: `${first?.url ?? ''}/v1`,
        TWO_BASE_URL: `${second?.url ?? ''}/v1`,
        TWO_API_KEY: OURS,
        FORWARD_AUTHORIZATION_TO: 'one',
        GATEWAY_API_KEYS: ONE,
      }),
    );
    const ask = (headers: Headers): Promise<Response> => fetch(`${gateway.url}/v1/models`, { headers });
    expect(await failureOf(await ask({ authorization: `Bearer ${JUNK}` }))).toEqual(UNKNOWN);
    await idsOf(await ask({ authorization: `Bearer ${JUNK}`, 'x-api-key': ONE }));
    const sent = [first, second].map((each) => each?.requests.map(({ headers }) => headers.authorization));
    expect(sent).toEqual([[undefined], [`Bearer ${OURS}`]]);
    expect(logLines(gateway).map(({ msg }) => msg)).toEqual(
      expect.arrayContaining([
        'Callers need a key of GATEWAY_API_KEYS; their credentials go to no provider.',
        'FORWARD_AUTHORIZATION_TO has no effect beside GATEWAY_API_KEYS.',
      ]),
    );
  });

  it('callers with different keys share one list', async () => {
    const { ask, upstream } = await startScenario(LIST, {
      GATEWAY_API_KEYS: `${ONE},${TWO}`,
      CACHE_TTL_SECONDS: '60',
    });
    for (const key of [ONE, TWO]) await idsOf(await ask('/v1/models', { headers: { 'x-api-key': key } }));
    expect(upstream.requests).toHaveLength(1);
  });

  it('a preflight needs no key, and a page can read why it is refused', async () => {
    const origin = 'https://app.test';
    const { ask } = await startScenario(LIST, { GATEWAY_API_KEYS: ONE, CORS_ORIGINS: origin });
    const preflight = await ask('/v1/models', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'authorization',
    ]);
    const refused = await ask('/v1/models', { headers: { origin } });
    expect(refused.headers.get('access-control-allow-origin')).toBe(origin);
    expect(await failureOf(refused)).toEqual(UNKNOWN);
  });

  it('refusals are counted by reason', async () => {
    const { ask } = await startScenario(LIST, { GATEWAY_API_KEYS: ONE });
    for (const key of ['', 'null', JUNK, ONE]) await ask('/v1/models', { headers: { 'x-api-key': key } });
    const counted = (await (await ask('/metrics')).text()).match(/^models_gateway_refused_keys_total.*$/gm);
    expect(counted?.sort()).toEqual([
      'models_gateway_refused_keys_total{reason="missing"} 2',
      'models_gateway_refused_keys_total{reason="unknown"} 1',
    ]);
  });
});

describe('GATEWAY_API_KEYS_FILE', () => {
  const path = join(temporaryFolder(), 'keys');

  beforeEach(() => writeFile(path, `${ONE}\n`));

  it('is read again, so that two keys overlap in a rotation', async () => {
    const { ask, gateway } = await startScenario(LIST, {
      GATEWAY_API_KEYS_FILE: path,
      KEY_FILE_INTERVAL_MS: '100',
    });
    const statuses = (): Promise<number[]> =>
      Promise.all(
        [ONE, TWO].map(async (key) => (await ask('/v1/models', { headers: { 'api-key': key } })).status),
      );
    const logged = (message: string, times: number): Promise<unknown> =>
      until(`"${message}" is logged`, () => {
        const lines = logLines(gateway).filter(({ msg }) => String(msg).includes(message));
        return lines.length === times;
      });
    /** Without a moment in which the file is empty. */
    const replace = async (keys: string): Promise<void> => {
      await writeFile(`${path}.new`, keys);
      await rename(`${path}.new`, path);
    };
    const newValue = 'A new value was read from GATEWAY_API_KEYS_FILE';
    expect(await statuses()).toEqual([200, 401]);
    await replace(`${ONE}\n${TWO}\n`);
    await logged(newValue, 1);
    expect(await statuses()).toEqual([200, 200]);
    await replace('short');
    await logged('the last valid value stays in use', 1);
    expect(await statuses()).toEqual([200, 200]);
    await replace(TWO);
    await logged(newValue, 2);
    expect(await statuses()).toEqual([401, 200]);
  });
});
