import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { ProviderRegistry } from '../../src/providers/provider.registry.js';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { inTurn, json, text } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { logLines } from '../support/log-lines.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const KEY = secret('caller');
const CALLER = { headers: { authorization: `Bearer ${KEY}` } };

const shared = sharedScenario();

function rejection(
  error: Record<string, unknown>,
  status = 401,
  headers: Record<string, string> = {},
): Script {
  return json({ error }, status, headers);
}

describe('an answer of the provider that is neither a 200 nor a 4xx', () => {
  it.each([
    201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 500, 501, 502, 503, 504, 505, 520, 529, 599,
  ])('%d is a 502', async (status) => {
    const { ask } = shared(text(status === 204 || status === 304 ? '' : `down ${KEY}`, status));
    const response = await ask('/v1/models', CALLER);
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toEqual({
      message: `The provider answered ${String(status)}${status < 500 ? '.' : ': down [redacted]'}`,
      type: 'upstream_error',
      param: null,
      code: 'upstream_error',
    });
    expect(await failureOf(await ask('/v1/models/a'))).toEqual([502, 'upstream_error']);
  });

  it('is a 502 with a body over the limit too', async () => {
    const { ask } = await startScenario(text('x'.repeat(2000), 500), { UPSTREAM_MAX_RESPONSE_BYTES: '1000' });
    expect(await failureOf(await ask())).toEqual([502, 'upstream_error']);
  });
});

describe('what the provider says of a 5xx', () => {
  const loading = { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } };

  it('reaches the caller, with the time to come back', async () => {
    const headers = { 'retry-after': '20', 'x-ratelimit-reset': '1', 'www-authenticate': 'Bearer' };
    const { ask } = shared(json(loading, 503, { ...headers, 'x-request-id': 'theirs-1' }));
    const response = await ask('/v1/models', CALLER);
    expect([response.status, (await errorOf(response)).message]).toEqual([
      502,
      'The provider answered 503: Loading model',
    ]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'retry-after': '20',
      'x-upstream-request-id': 'theirs-1',
    });
    for (const name of ['x-ratelimit-reset', 'www-authenticate'])
      expect(response.headers.has(name)).toBe(false);
  });

  it.each([
    ['lines', text('one\r\ntwo\u2028\u200b[1m', 500), ': one two [1m'],
    ['JSON that is called HTML', text('{"detail":"Wait."}', 500), ': Wait.'],
    ['many words', text('word '.repeat(100), 500), `: ${'word '.repeat(59).trim()}…`],
    ['HTML', text('<h1>Bad Gateway</h1>', 500), '.'],
    ['control characters', text('a\u0000b', 500), '.'],
    ['nothing', text('', 500), '.'],
  ])('is one short line: %s', async (_name, script, end) => {
    const { ask } = shared(script);
    expect((await errorOf(await ask())).message).toBe(`The provider answered 500${end}`);
  });

  it('reaches only the log where a secret of the operator was sent', async () => {
    const ours = secret('ours');
    const body = { error: `Down for ${ours} and CRET0-ou.` };
    const { ask, gateway } = await startScenario(json(body, 503, { 'retry-after': '9' }), {
      VLLM_API_KEY: ours,
    });
    const response = await ask();
    expect((await errorOf(response)).message).toBe('The provider answered 503.');
    expect(response.headers.get('retry-after')).toBe('9');
    const line = await until('the log has it', () =>
      logLines(gateway).find(({ msg }) => String(msg).includes('answered 503')),
    );
    expect(line['msg']).toMatch(
      /^The provider answered 503: Down for \[redacted\] and \[redacted\]\. vllm at .+ is loading a model, or overloaded/,
    );
  });
});

describe('a 4xx of the provider', () => {
  it.each([
    400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 418, 422, 423, 424, 425, 429, 451, 498, 499,
  ])('%d keeps its number and its error', async (status) => {
    const error = { message: `No. (${String(status)})`, type: 'a_type', param: 'a_param', code: 'a_code' };
    const { ask, upstream } = shared(rejection(error, status));
    for (const path of ['/v1/models', '/v1/models/a']) {
      const response = await ask(path);
      expect(response.status).toBe(status);
      expect(await errorOf(response)).toEqual(error);
      expect(response.headers.get('x-should-retry')).toBeNull();
    }
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([
    ['a message only', { error: { message: 'No.' } }, { message: 'No.' }],
    ['a text as error', { error: 'No.' }, { message: 'No.' }],
    ['a number as code', { error: { message: 'No.', code: 401 } }, { message: 'No.', code: '401' }],
    ['no envelope', { object: 'error', message: 'No.', type: 'x' }, { message: 'No.', type: 'x' }],
    ['a detail', { detail: 'No.' }, { message: 'No.' }],
    ['details', { detail: [{ loc: ['query', 'n'], msg: 'No.' }] }, { message: 'query.n: No.' }],
    [
      "Anthropic's envelope",
      { type: 'error', error: { type: 'x', message: 'No.', details: { error_code: 'y' } } },
      { message: 'No.', type: 'x', code: 'y' },
    ],
    ['an array', ['No.'], {}],
    ['nulls', { error: { message: null, type: null, param: null, code: null } }, {}],
  ])('is read with %s', async (_name, body, expected) => {
    const { ask } = shared(json(body, 401));
    expect(await errorOf(await ask())).toEqual({
      message: 'The provider answered 401.',
      type: 'authentication_error',
      param: null,
      code: null,
      ...expected,
    });
  });

  it.each([
    ['no body', ''],
    ['HTML', '<h1>Forbidden</h1>'],
    ['truncated JSON', '{"error":{"message":"No'],
  ])('has a message of this service with %s', async (_name, body) => {
    const { ask } = shared(text(body, 403));
    const response = await ask();
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toEqual({
      message: 'The provider answered 403.',
      type: 'permission_error',
      param: null,
      code: null,
    });
  });

  it('is read from a compressed body', async () => {
    const body = gzipSync(JSON.stringify({ error: { message: 'No.', code: 'x' } }));
    const { ask } = shared(text(body, 429, { 'content-encoding': 'gzip' }));
    expect(await errorOf(await ask())).toMatchObject({ message: 'No.', code: 'x' });
  });

  it.each([
    ['too large', text('x'.repeat(2000), 401)],
    ['too large once decompressed', text(gzipSync('x'.repeat(2000)), 401, { 'content-encoding': 'gzip' })],
    ['damaged', text('x', 401, { 'content-encoding': 'gzip' })],
    ['in an unknown encoding', text('x', 401, { 'content-encoding': 'zstd' })],
  ])('keeps its number when its body is %s', async (_name, script) => {
    const { ask } = await startScenario(script, { UPSTREAM_MAX_RESPONSE_BYTES: '1000' });
    expect(await failureOf(await ask())).toEqual([401, null]);
  });

  it.each([
    ['ASCII', 'x', 2000],
    ['three bytes each', '☃', 2000],
  ])('is cut at 2,000 characters: %s', async (_name, character, length) => {
    const message = character.repeat(3000);
    const { ask } = shared(rejection({ message }));
    expect((await errorOf(await ask())).message).toBe(character.repeat(length));
  });

  it('is not cut at exactly 2,000 characters', async () => {
    const message = 'x'.repeat(2000);
    const { ask } = shared(rejection({ message }));
    expect((await errorOf(await ask())).message).toBe(message);
  });
});

describe('the headers of a 4xx', () => {
  const relayed = {
    'retry-after': '7',
    'retry-after-ms': '7001',
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset': '1793800000',
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-reset': '2026-11-01T00:00:00Z',
    'www-authenticate': 'Bearer realm="models"',
  };
  const withheld = {
    'set-cookie': 'session=1',
    server: 'nginx',
    location: 'https://elsewhere.test/',
    'x-powered-by': 'magic',
    'cf-ray': '1',
    'openai-organization': 'org-1',
    'anthropic-organization-id': 'org-1',
    'x-should-retry': 'true',
    'x-internal-host': '10.0.0.7',
    'cache-control': 'public, max-age=60',
    etag: '"a"',
    'x-ratelimits': '1',
    'content-language': 'en',
  };

  it.each([400, 401, 429])('are relayed if clients need them, with %d', async (status) => {
    const { ask } = shared(rejection({ message: 'No.' }, status, { ...relayed, ...withheld }));
    const headers = Object.fromEntries((await ask()).headers);
    expect(headers).toMatchObject(relayed);
    const other = Object.entries(headers).filter(([name]) => !(name in relayed));
    for (const [name, value] of Object.entries(withheld)) expect(other).not.toContainEqual([name, value]);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it.each(['x-request-id', 'request-id', 'apim-request-id', 'x-ms-request-id'])(
    'have the %s of the provider beside that of this service',
    async (name) => {
      const { ask } = shared(rejection({ message: 'No.' }, 400, { [name]: 'theirs-1' }));
      const response = await ask('/v1/models', { headers: { 'x-request-id': 'ours-1' } });
      expect(response.headers.get('x-request-id')).toBe('ours-1');
      expect(response.headers.get('x-upstream-request-id')).toBe('theirs-1');
    },
  );

  it('are not relayed with a list', async () => {
    const { ask } = shared(json({ data: [] }, 200, { ...relayed, ...withheld }));
    const headers = Object.fromEntries((await ask()).headers);
    for (const [name, value] of Object.entries({ ...relayed, ...withheld }))
      expect(headers[name]).not.toBe(value);
  });
});

describe('a credential that the provider repeats', () => {
  /** A provider that repeats the credential in every place. */
  const echo: Script = (request, response) => {
    const { authorization = '', 'x-api-key': apiKey, 'api-key': azureKey } = request.headers;
    const sent = String(apiKey ?? azureKey ?? authorization.replace(/^Bearer /, ''));
    rejection(
      {
        message: `Incorrect API key provided: ${sent}, or ${encodeURIComponent(sent)}; header ${authorization}.`,
        type: `type.${sent}`,
        param: `param.${sent}`,
        code: `code.${sent}`,
      },
      401,
      {
        'www-authenticate': `Bearer realm="${sent}"`,
        'retry-after': sent,
        'x-ratelimit-key': sent,
        'x-request-id': `req-${sent}`,
      },
    )(request, response);
  };

  async function shownBy(response: Response): Promise<string> {
    return JSON.stringify([response.status, ...response.headers, await response.text()]);
  }

  it.each([
    ['vllm', { authorization: `Bearer ${KEY}` }],
    ['vllm', { authorization: `Hmac ${KEY}` }],
    ['vllm', { authorization: KEY }],
    ['vllm', { 'x-api-key': `${KEY}/+=` }],
    ['vllm', { 'api-key': KEY }],
    ['anthropic', { 'x-api-key': KEY }],
    ['anthropic', { authorization: `Bearer sk-ant-oat01-${KEY}` }],
    ['azure', { 'api-key': KEY }],
    ['cohere', { authorization: `bearer ${KEY}` }],
  ])("is redacted when it is the caller's: %s, %j", async (engine, headers) => {
    const { ask } = await startScenario(echo, { MAIN_MODEL_ENGINE: engine });
    const response = await ask('/v1/models', { headers });
    expect(response.status).toBe(401);
    const shown = await shownBy(response);
    expect(shown).not.toContain(KEY);
    expect(shown).toContain('Incorrect API key provided: [redacted]');
    for (const text of ['type.[redacted]', 'param.[redacted]', 'code.[redacted]', 'req-[redacted]']) {
      expect(shown).toContain(text);
    }
  });

  it('is redacted in the user name and password of the Basic scheme', async () => {
    const { ask } = shared(rejection({ message: `No user op with password ${KEY}.` }));
    const authorization = `Basic ${Buffer.from(`op:${KEY}`).toString('base64')}`;
    const response = await ask('/v1/models', { headers: { authorization } });
    expect((await errorOf(response)).message).toBe('No user op with password [redacted].');
  });

  it('is redacted before the message is cut', async () => {
    const before = 'x'.repeat(1995);
    const { ask } = shared(rejection({ message: `${before}${KEY}` }));
    expect((await errorOf(await ask('/v1/models', CALLER))).message).toBe(`${before}[reda`);
  });

  it.each([
    ['vllm', 'OPENAI_API_KEY'],
    ['anthropic', 'ANTHROPIC_API_KEY'],
    ['azure', 'AZURE_OPENAI_API_KEY'],
    ['cohere', 'COHERE_API_KEY'],
  ])('withholds the whole text when it is the operator’s: %s, %s', async (engine, variable) => {
    const ours = secret('ours');
    const { ask, gateway } = await startScenario(echo, { MAIN_MODEL_ENGINE: engine, [variable]: ours });
    const response = await ask();
    const shown = await shownBy(response);
    expect(response.status).toBe(401);
    expect(shown).not.toContain(ours);
    expect(shown).not.toContain('Incorrect');
    expect(shown).toContain('The provider answered 401.');
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    const warning = await until('the operator is warned', () =>
      logLines(gateway).find(
        ({ msg }) => String(msg).includes(variable) && String(msg).includes('answered 401'),
      ),
    );
    expect(warning['level']).toBe(40);
  });

  it.each([401, 403, 429])('withholds all text beside the operator’s key: %d', async (status) => {
    const error = { message: 'Key ending in CRET0 is used up.', type: 'quota', code: 'key ending in CRET0' };
    const { ask } = await startScenario(rejection(error, status), { VLLM_API_KEY: secret('ours') });
    const response = await ask();
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toEqual({
      message: `The provider answered ${String(status)}.`,
      type: 'quota',
      param: null,
      code: null,
    });
  });

  it('does not withhold the text from callers that sent their own', async () => {
    const { ask } = await startScenario(rejection({ message: 'No.' }), { VLLM_API_KEY: secret('ours') });
    expect((await errorOf(await ask('/v1/models', CALLER))).message).toBe('No.');
  });

  it.each([404, 500])('withholds a %d that repeats the query string of the base URL', async (status) => {
    const { upstream } = await startScenario((request, response) => {
      json({ message: `Route GET:${String(request.url)} not found` }, status)(request, response);
    });
    const messages = async (query: string): Promise<(string | undefined)[]> => {
      const gateway = await started(
        startGateway({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: `${upstream.url}/v1?${query}` }),
      );
      const { message } = await errorOf(await fetch(`${gateway.url}/v1/models`, CALLER));
      const line = await until('the log has it', () =>
        logLines(gateway).find(({ msg }) => String(msg).includes(`answered ${String(status)}`)),
      );
      return [message, String(line['msg'])];
    };
    const [message, line] = await messages(`subscription-key=${secret('query')}`);
    expect(message).toBe(`The provider answered ${String(status)}.`);
    expect(line).toContain('subscription-key=[redacted] not found');
    expect(line).not.toContain(secret('query'));
    const [harmless] = await messages('api-version=2024-06-01');
    expect(harmless).toContain('Route GET:/v1/models?api-version=2024-06-01 not found');
  });
});

describe('x-should-retry', () => {
  it.each([
    ['is false after a retry', inTurn(text('', 503), text('', 503)), {}, 2, 'false'],
    ['is false after a retry with another failure', inTurn(text('', 503), text('', 500)), {}, 2, 'false'],
    ['is false after a retry without a list', inTurn(text('', 503), text('<p>')), {}, 2, 'false'],
    [
      'is false after a retry of another page',
      inTurn(text('', 503), json({ data: [{ id: 'a' }], has_more: true, last_id: 'a' }), text('', 500)),
      { MAIN_MODEL_ENGINE: 'anthropic' },
      3,
      'false',
    ],
    ['is absent without a retry: 500', text('', 500), {}, 1, null],
    ['is absent without a retry: 302', text('', 302), {}, 1, null],
    ['is absent without a retry: HTML', text('<p>'), {}, 1, null],
    ['is absent without a retry: none allowed', text('', 503), { UPSTREAM_MAX_RETRIES: '0' }, 1, null],
    [
      'is false, without a retry, if the provider says so',
      text('', 503, { 'x-should-retry': 'false' }),
      {},
      1,
      'false',
    ],
    ['is not copied from the provider', text('', 500, { 'x-should-retry': 'true' }), {}, 1, null],
  ])('%s', async (_name, script, env, requests, value) => {
    const { ask, upstream } = await startScenario(script, env);
    const response = await ask();
    expect(response.status).toBe(502);
    expect(response.headers.get('x-should-retry')).toBe(value);
    expect(upstream.requests).toHaveLength(requests);
  });

  it('is false when the provider cannot be reached', async () => {
    const { ask, upstream } = await startScenario();
    await upstream.close();
    const response = await ask();
    expect(await failureOf(response)).toEqual([502, 'upstream_unreachable']);
    expect(response.headers.get('x-should-retry')).toBe('false');
  });

  it('is absent when a retry succeeded', async () => {
    const { ask } = shared(inTurn(text('', 503), json({ data: [] })));
    const response = await ask();
    expect(await idsOf(response)).toEqual([]);
    expect(response.headers.get('x-should-retry')).toBeNull();
  });
});

describe('a missing setting', () => {
  it.each([
    ['nim', 'MAIN_MODEL_BASE_URL'],
    ['vllm', 'MAIN_MODEL_BASE_URL'],
    ['trt_llm', 'MAIN_MODEL_BASE_URL'],
    ['azure', 'AZURE_OPENAI_ENDPOINT'],
  ])('is a 502 with %s that names %s', async (engine, variable) => {
    const gateway = await started(startGateway({ MAIN_MODEL_ENGINE: engine }));
    for (const path of ['/v1/models', '/v1/models/a']) {
      const response = await fetch(gateway.url + path, CALLER);
      expect(response.status).toBe(502);
      const { message, code } = await errorOf(response);
      expect(code).toBe('provider_not_configured');
      expect(message).toContain(variable);
    }
  });
});

describe('a bug of this service', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each<[string, () => Promise<never>]>([
    ['rejects', () => Promise.reject(new TypeError('the detail'))],
    [
      'throws',
      () => {
        throw new TypeError('the detail');
      },
    ],
  ])('is a 500 without details, which the log has, when it %s', async (_name, bug) => {
    const { ask, gateway, upstream } = await startScenario();
    const [provider] = gateway.app.get(ProviderRegistry).configured;
    if (provider === undefined) throw new Error('no provider');
    jest.spyOn(provider, 'listModels').mockImplementation(bug);
    for (const path of ['/v1/models', '/v1/models/a']) {
      const response = await ask(path, {
        headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
      });
      expect(response.status).toBe(500);
      expect(await errorOf(response)).toEqual({
        message: 'Internal server error.',
        type: 'server_error',
        param: null,
        code: 'internal_error',
      });
    }
    const line = await until('the bug is in the log', () =>
      logLines(gateway).find(({ msg }) => String(msg).includes('TypeError: the detail')),
    );
    expect(line).toMatchObject({
      level: 50,
      context: 'ErrorFilter',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
    expect(line['msg']).toMatch(/errors\.e2e-spec\.ts:\d+/);
    jest.restoreAllMocks();
    expect(await idsOf(await ask())).toEqual([]);
    expect(upstream.requests).toHaveLength(1);
  });
});
