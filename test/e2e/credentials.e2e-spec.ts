import { afterEach, describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { failureOf, idsOf } from '../support/answers.js';
import { inTurn, json, startFakeUpstream } from '../support/fake-upstream.js';
import { sendRaw } from '../support/raw-client.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';

const KEY = secret('caller');
const OTHER = secret('other');
const OURS = secret('ours');
const BASIC = `Basic ${Buffer.from(`user:${KEY}`).toString('base64')}`;
const OAUTH = `sk-ant-oat01-${KEY}`;
const JWT = `eyJhbGciOiJub25lIn0.${Buffer.from(KEY).toString('base64url')}.c2lnbmF0dXJl`;

/** An engine for each form in which providers take credentials, and the variable of its key. */
const ENGINES = [
  { engine: 'vllm', variable: 'VLLM_API_KEY' },
  { engine: 'cohere', variable: 'COHERE_API_KEY' },
  { engine: 'anthropic', variable: 'ANTHROPIC_API_KEY' },
  { engine: 'azure', variable: 'AZURE_OPENAI_API_KEY' },
];

/** The credential headers of a request. */
function credentialsOf(headers: IncomingHttpHeaders | undefined): Record<string, unknown> {
  const names = ['authorization', 'x-api-key', 'api-key', 'anthropic-beta', 'cookie'];
  return Object.fromEntries(names.flatMap((name) => (headers?.[name] ? [[name, headers[name]]] : [])));
}

/** The credential headers that the provider gets for a caller's headers. */
async function sentUpstream(
  { ask, upstream }: Scenario,
  headers: Record<string, string>,
): Promise<Record<string, unknown>> {
  expect(await idsOf(await ask('/v1/models', { headers }))).toEqual([]);
  expect(upstream.requests).toHaveLength(1);
  return credentialsOf(upstream.requests[0]?.headers);
}

describe.each(ENGINES)('$engine', ({ engine, variable }) => {
  const withKey = sharedScenario({ MAIN_MODEL_ENGINE: engine, [variable]: OURS });
  const withoutKey = sharedScenario({ MAIN_MODEL_ENGINE: engine });
  const asKey = (key: string): Record<string, string> =>
    ({ anthropic: { 'x-api-key': key }, azure: { 'api-key': key } })[engine] ?? {
      authorization: `Bearer ${key}`,
    };
  const verbatim = engine === 'vllm' || engine === 'cohere';
  const as = (authorization: string, translated: Record<string, string>): Record<string, string> =>
    verbatim ? { authorization } : translated;

  it.each([
    ['a token', { authorization: `Bearer ${KEY}` }, asKey(KEY)],
    ['a token, oddly written', { authorization: `bEARER  ${KEY}` }, as(`bEARER  ${KEY}`, asKey(KEY))],
    ['the Basic scheme', { authorization: BASIC }, { authorization: BASIC }],
    ['an unknown scheme', { authorization: `Hmac a=${KEY}, b` }, { authorization: `Hmac a=${KEY}, b` }],
    ['no scheme', { authorization: KEY }, { authorization: KEY }],
    ['x-api-key', { 'x-api-key': KEY }, asKey(KEY)],
    ['api-key', { 'api-key': KEY }, asKey(KEY)],
    [
      'Authorization before the others',
      { authorization: `Bearer ${KEY}`, 'x-api-key': OTHER, 'api-key': OTHER },
      asKey(KEY),
    ],
    ['an empty Authorization, and a key', { authorization: '', 'x-api-key': KEY }, asKey(KEY)],
    ['an empty Authorization', { authorization: '' }, asKey(OURS)],
    ['empty keys', { 'x-api-key': '', 'api-key': '' }, asKey(OURS)],
    ['nothing', {}, asKey(OURS)],
    ['a placeholder as token', { authorization: 'Bearer not-used' }, asKey(OURS)],
    ['a placeholder as x-api-key', { 'x-api-key': 'not-used' }, asKey(OURS)],
    ['a placeholder as api-key', { 'api-key': 'not-used' }, asKey(OURS)],
    ['a placeholder, and a key', { authorization: 'Bearer not-used', 'api-key': KEY }, asKey(KEY)],
    ['a placeholder and more', { authorization: `Bearer not-used-${KEY}` }, asKey(`not-used-${KEY}`)],
  ])('gets its form of credential for %s', async (_name, headers, expected) => {
    expect(await sentUpstream(withKey(), headers)).toEqual(expected);
  });

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['a placeholder', { authorization: 'Bearer not-used', 'x-api-key': 'not-used', 'api-key': 'not-used' }],
    ['empty headers', { authorization: '', 'x-api-key': '', 'api-key': '' }],
    ['a cookie', { cookie: `session=${KEY}` }],
    ['a proxy credential', { 'proxy-authorization': BASIC }],
  ])('gets no credential for %s without an operator key', async (_name, headers) => {
    expect(await sentUpstream(withoutKey(), headers)).toEqual({});
  });
});

describe('a token of another kind', () => {
  it.each([
    ['authorization', `Bearer ${OAUTH}`],
    ['x-api-key', OAUTH],
  ])("stays a bearer token: Anthropic's OAuth in %s", async (name, value) => {
    const scenario = await startScenario(undefined, { MAIN_MODEL_ENGINE: 'anthropic' });
    expect(await sentUpstream(scenario, { [name]: value })).toEqual({
      authorization: `Bearer ${OAUTH}`,
      'anthropic-beta': 'oauth-2025-04-20',
    });
  });

  it.each([
    ['authorization', `Bearer ${JWT}`],
    ['api-key', JWT],
  ])("stays a bearer token: Azure's JWT in %s", async (name, value) => {
    const scenario = await startScenario(undefined, { MAIN_MODEL_ENGINE: 'azure' });
    expect(await sentUpstream(scenario, { [name]: value })).toEqual({
      authorization: `Bearer ${JWT}`,
    });
  });
});

describe('PLACEHOLDER_API_KEYS', () => {
  const shared = sharedScenario({ PLACEHOLDER_API_KEYS: 'dummy, EMPTY', VLLM_API_KEY: OURS });

  it.each([
    ['dummy', OURS],
    ['EMPTY', OURS],
    ['empty', OURS],
    ['empty-1', 'empty-1'],
    ['not-used', 'not-used'],
  ])('decides whether %s counts', async (token, sent) => {
    expect(await sentUpstream(shared(), { authorization: `Bearer ${token}` })).toEqual({
      authorization: `Bearer ${sent}`,
    });
  });
});

describe('the headers of a caller', () => {
  const noise = {
    cookie: `session=${OTHER}`,
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-host': 'gateway.test',
    forwarded: 'for=10.0.0.1',
    via: '1.1 proxy.test',
    'x-custom': OTHER,
    'proxy-authorization': `Basic ${OTHER}`,
    referer: `https://app.test/?key=${OTHER}`,
    origin: 'https://app.test',
    'user-agent': 'caller/1.0',
    accept: 'text/html',
    'accept-language': 'de',
    'content-type': 'application/json',
    'cache-control': 'no-cache',
    'if-none-match': '"a"',
    range: 'bytes=0-1',
    'anthropic-version': '2099-01-01',
    'anthropic-beta': 'x',
    'x-stainless-lang': 'js',
    te: 'trailers',
  };
  const forwarded = {
    'openai-organization': 'org-1',
    'openai-project': 'proj_1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'a=1,b=2',
    'x-request-id': 'caller-1',
  };
  const own = {
    accept: 'application/json',
    'accept-encoding': expect.any(String),
    'user-agent': expect.stringMatching(/^models-gateway/),
    connection: 'keep-alive',
  };

  it.each(ENGINES)('are not forwarded except a few, with $engine', async ({ engine }) => {
    const { ask, upstream } = await startScenario(undefined, { MAIN_MODEL_ENGINE: engine });
    await ask('/v1/models?key=x', { headers: { ...noise, ...forwarded } });
    expect(upstream.requests.map(({ headers }) => headers)).toEqual([
      {
        ...own,
        ...forwarded,
        ...(engine === 'anthropic' && { 'anthropic-version': '2023-06-01' }),
        host: upstream.host,
      },
    ]);
    expect(upstream.requests[0]?.url).not.toContain('key');
  });

  it.each([
    ['traceparent', '00-1-1-01'],
    ['traceparent', 'x'.repeat(9000)],
    ['tracestate', `a=${'1'.repeat(511)}`],
  ])(
    'are not forwarded when they could make the provider reject other callers: %s %.12s',
    async (name, value) => {
      const { ask, upstream } = await startScenario();
      expect((await ask('/v1/models', { headers: { [name]: value } })).status).toBe(200);
      expect(upstream.requests.map(({ headers }) => headers[name])).toEqual([undefined]);
    },
  );

  it('always include a request id', async () => {
    const { ask, upstream } = await startScenario();
    const response = await ask();
    expect(upstream.requests.map(({ headers }) => headers)).toEqual([
      { ...own, host: upstream.host, 'x-request-id': response.headers.get('x-request-id') },
    ]);
  });
});

describe('a credential goes to no other host', () => {
  afterEach(() => {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) Reflect.deleteProperty(process.env, name);
  });

  it.each([300, 301, 302, 303, 304, 307, 308])('in a redirect with status %d', async (status) => {
    const other = await started(startFakeUpstream());
    const location = `${other.url}/v1/models`;
    const { ask, upstream } = await startScenario(json({ data: [] }, status, { location }), {
      VLLM_API_KEY: OURS,
    });
    for (const headers of [{}, { authorization: `Bearer ${KEY}` }] as Record<string, string>[]) {
      const response = await ask('/v1/models', { headers });
      expect(response.headers.get('location')).toBeNull();
      expect(await failureOf(response)).toEqual([502, 'upstream_error']);
    }
    expect(other.requests).toEqual([]);
    expect(upstream.requests).toHaveLength(2);
  });

  it('in a redirect to the same host', async () => {
    const { ask, upstream } = await startScenario(json({ data: [] }, 302, { location: '/v1/models/' }));
    expect(await failureOf(await ask())).toEqual([502, 'upstream_error']);
    expect(upstream.requests).toHaveLength(1);
  });

  it('through a proxy of the environment', async () => {
    const proxy = await started(startFakeUpstream());
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) process.env[name] = proxy.url;
    const { ask, upstream } = await startScenario();
    expect((await ask('/v1/models', { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    expect(proxy.requests).toEqual([]);
  });

  it('by the caller’s Host header', async () => {
    const other = await started(startFakeUpstream());
    const { gateway, upstream } = await startScenario();
    // fetch would send a Host of its own.
    const headers = `Host: ${other.host}\r\nX-Forwarded-Host: ${other.host}\r\nConnection: close`;
    const response = await sendRaw(gateway.url, `GET /v1/models HTTP/1.1\r\n${headers}\r\n\r\n`);
    expect(response.status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    expect(other.requests).toEqual([]);
  });

  it('in the cursor of a page', async () => {
    const other = await started(startFakeUpstream());
    const next = `${other.url}/v1/models`;
    const { ask, upstream } = await startScenario(
      inTurn(
        json({ data: [{ id: 'a' }], has_more: true, last_id: next, next }),
        json({ data: [{ id: 'b' }], has_more: false }),
      ),
      { MAIN_MODEL_ENGINE: 'anthropic' },
    );
    expect(await idsOf(await ask('/v1/models', { headers: { 'x-api-key': KEY } }))).toEqual(['a', 'b']);
    expect(upstream.requests).toHaveLength(2);
    expect(other.requests).toEqual([]);
  });
});
