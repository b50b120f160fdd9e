import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { format } from 'node:util';
import { VERSION } from '../../src/version.js';
import { json, raw, silence, text, waitsFor } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { logLines, requestLines } from '../support/log-lines.js';
import { sendRaw } from '../support/raw-client.js';
import { started, startScenario } from '../support/scenario.js';
import { secret, SECRET_MARK, startGateway } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const LIST = json({ data: [{ id: 'meta/llama' }] });

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the line of a request', () => {
  it('has all fields', async () => {
    const { ask, gateway } = await startScenario(LIST, { MAIN_MODEL_ENGINE: 'TRT-LLM' });
    await ask('/v1/models?limit=1', { headers: { 'x-request-id': 'caller-1' } });
    const [line] = await requestLines(gateway, 1);
    expect(line).toMatchObject({
      level: 30,
      time: expect.any(Number),
      method: 'GET',
      path: '/v1/models',
      route: '/v1/models',
      status: 200,
      durationMs: expect.any(Number),
      engine: 'trt_llm',
      upstreamStatus: 200,
      upstreamDurationMs: expect.any(Number),
      requestId: 'caller-1',
    });
    const { durationMs, upstreamDurationMs } = line as { durationMs: number; upstreamDurationMs: number };
    expect(upstreamDurationMs).toBeGreaterThan(0);
    expect(durationMs).toBeGreaterThanOrEqual(upstreamDurationMs);
  });

  it.each<[string, string, string, Script, Record<string, unknown>]>([
    [
      'a model',
      'GET',
      '/v1/models/meta/llama?x=y',
      LIST,
      { path: '/v1/models/meta/llama', route: '/v1/models/*', status: 200, upstreamStatus: 200 },
    ],
    [
      'an unknown model',
      'GET',
      '/v1/models/unknown',
      LIST,
      { path: '/v1/models/unknown', route: '/v1/models/*', status: 404, upstreamStatus: 200 },
    ],
    ['HEAD', 'HEAD', '/v1/models', LIST, { route: '/v1/models', status: 200, upstreamStatus: 200 }],
    ['a 401', 'GET', '/v1/models', text('', 401), { status: 401, upstreamStatus: 401 }],
    ['a 499', 'GET', '/v1/models', text('', 499), { status: 499, upstreamStatus: 499 }],
    ['a 503', 'GET', '/v1/models', text('', 503), { status: 502, upstreamStatus: 503 }],
    ['a redirect', 'GET', '/v1/models', text('', 302), { status: 502, upstreamStatus: 302 }],
    ['a closed connection', 'GET', '/v1/models', raw(''), { status: 502, upstreamStatus: undefined }],
    ['no answer', 'GET', '/v1/models', silence, { status: 502, upstreamStatus: undefined }],
  ])('reports %s', async (_name, method, path, script, expected) => {
    const { ask, gateway } = await startScenario(script, { ...waitsFor(script), UPSTREAM_MAX_RETRIES: '0' });
    await ask(path, { method });
    const [line] = await requestLines(gateway, 1);
    expect(line).toMatchObject({ method, engine: 'vllm', upstreamDurationMs: expect.any(Number) });
    expect({ upstreamStatus: undefined, ...line }).toMatchObject(expected);
  });

  it.each([
    ['an unknown path', 'GET', '/other/path', 404, 'unknown'],
    ['a wrong method', 'DELETE', '/v1/models/any', 405, '/v1/models/*'],
    ['another form of a path', 'GET', 'http://secret@host//models/', 200, '/v1/models', '//models/'],
    ['a URL that cannot be decoded', 'GET', '/v1/models/%ff', 400, 'unknown'],
  ])('reports %s, without the query', async (_name, method, path, status, route, shown = path) => {
    const { gateway } = await startScenario(LIST);
    await sendRaw(gateway.url, `${method} ${path}?secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const [line] = await requestLines(gateway, 1);
    expect(line).toMatchObject({ method, path: shown, status, route, requestId: expect.any(String) });
    if (status >= 400) expect(line).not.toHaveProperty('upstreamStatus');
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  it.each([
    ['too large a header', `X: ${'a'.repeat(20_000)}`, 431],
    ['a header without a name', ': secret', 400],
  ])('reports a malformed request, with %s', async (_name, header, status) => {
    const { ask, gateway } = await startScenario();
    const response = await sendRaw(gateway.url, `GET /secret HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`);
    expect(response.status).toBe(status);
    const [line] = await requestLines(gateway, 1);
    expect(line).toMatchObject({
      route: 'unknown',
      status,
      engine: 'vllm',
      requestId: response.headers.get('x-request-id'),
    });
    expect(JSON.stringify(line)).not.toContain('secret');
    expect(await (await ask('/metrics')).text()).toContain(
      `models_gateway_refused_requests_total{status="${String(status)}"} 1`,
    );
  });

  describe('with LOG_CLIENT_ADDRESS', () => {
    const env = { LOG_CLIENT_ADDRESS: 'true', TRUSTED_PROXIES: '127.0.0.0/8, ::1' };
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' };

    it('has the address that a trusted proxy names, and hands it to no provider', async () => {
      const { ask, gateway, upstream } = await startScenario(LIST, env);
      await ask('/v1/models', { headers });
      const [line] = await requestLines(gateway, 1);
      expect(line?.['clientAddress']).toBe('203.0.113.7');
      expect(JSON.stringify(upstream.requests.map((request) => request.headers))).not.toContain(
        '203.0.113.7',
      );
    });

    it('has the address of a sender that is not trusted', async () => {
      const { ask, gateway } = await startScenario(LIST, { LOG_CLIENT_ADDRESS: 'true' });
      await ask('/v1/models', { headers });
      const [line] = await requestLines(gateway, 1);
      expect(line?.['clientAddress']).toBe('127.0.0.1');
    });

    it('has the address of a caller that hung up', async () => {
      const { ask, gateway, upstream } = await startScenario(silence, env);
      const caller = new AbortController();
      const pending = ask('/v1/models', { signal: caller.signal });
      await upstream.received(1);
      caller.abort();
      await expect(pending).rejects.toThrow('aborted');
      const [line] = await requestLines(gateway, 1);
      expect(line).toMatchObject({ status: 499, clientAddress: '127.0.0.1' });
    });

    it('has the sender of a malformed request', async () => {
      const { gateway } = await startScenario(LIST, env);
      await sendRaw(gateway.url, 'GET / HTTP/1.1\r\n: x\r\n\r\n');
      const [line] = await requestLines(gateway, 1);
      expect(line).toMatchObject({ status: 400, clientAddress: '127.0.0.1' });
    });
  });

  it('has no address of a client by default', async () => {
    const { ask, gateway } = await startScenario(LIST, { TRUSTED_PROXIES: '127.0.0.1' });
    await ask('/v1/models', { headers: { 'x-forwarded-for': '203.0.113.7' } });
    const [line] = await requestLines(gateway, 1);
    expect(JSON.stringify(line)).not.toMatch(/clientAddress|203\.0\.113\.7|127\.0\.0\.1/);
  });

  it('reports a preflight at level debug', async () => {
    const { ask, gateway } = await startScenario(LIST, { CORS_ORIGINS: '*' });
    const headers = { origin: 'https://app.test', 'access-control-request-method': 'GET' };
    expect((await ask('/v1/models', { method: 'OPTIONS', headers })).status).toBe(204);
    const [line] = await requestLines(gateway, 1);
    expect(line).toMatchObject({ level: 20, method: 'OPTIONS', route: '/v1/models', status: 204 });
  });

  it('reports a caller that hung up', async () => {
    const { ask, gateway, upstream } = await startScenario(silence);
    const caller = new AbortController();
    const pending = ask('/v1/models', { signal: caller.signal });
    await upstream.received(1);
    caller.abort();
    await expect(pending).rejects.toThrow('aborted');
    const [line] = await requestLines(gateway, 1);
    expect(line).toMatchObject({ route: '/v1/models', status: 499 });
  });

  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  it.each([
    ['a trace', `00-${traceId}-00f067aa0ba902b7-01`, traceId],
    ['a trace of a later version', `01-${traceId}-00f067aa0ba902b7-01`, traceId],
    ['an invalid version', `ff-${traceId}-00f067aa0ba902b7-01`, undefined],
    ['no trace id', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    ['no span id', `00-${traceId}-${'0'.repeat(16)}-01`, undefined],
    ['capital letters', `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
    ['more', `00-${traceId}-00f067aa0ba902b7-01-SECRET`, undefined],
    ['a malformed header', 'x', undefined],
  ])('has the trace id of a caller that sends %s, if it is valid', async (_name, traceparent, expected) => {
    const { ask, gateway } = await startScenario(LIST);
    await ask('/v1/models', { headers: { traceparent } });
    const [line] = await requestLines(gateway, 1);
    expect(line?.['trace_id']).toBe(expected);
  });

  it('is a single line', async () => {
    const { ask, gateway } = await startScenario(LIST);
    for (let turn = 0; turn < 5; turn += 1) await ask('/v1/models', { headers: { 'x-request-id': 'same' } });
    await ask('/v1/models', { headers: { 'x-request-id': 'last' } });
    const lines = await requestLines(gateway, 6);
    expect(lines.map(({ requestId }) => requestId)).toEqual([...Array<string>(5).fill('same'), 'last']);
  });
});

describe('LOG_LEVEL', () => {
  it.each([
    ['info', ['/v1/models']],
    ['debug', ['/healthz', '/readyz', '/v1/models']],
    ['warn', []],
  ])('%s decides which requests are logged', async (level, routes) => {
    const { ask, gateway } = await startScenario(LIST, { LOG_LEVEL: level });
    for (const path of ['/healthz', '/readyz', '/v1/models']) expect((await ask(path)).status).toBe(200);
    // The last request's line follows the others; the absence of lines shows only after the end of the process.
    if (routes.length > 0) await requestLines(gateway, routes.length);
    await gateway.app.close();
    expect(logLines(gateway).flatMap(({ msg, route }) => (msg === 'request' ? [route] : []))).toEqual(routes);
  });

  it('info hides the framework’s messages at the start', async () => {
    const { gateway } = await startScenario(LIST, { LOG_LEVEL: 'info' });
    expect(logLines(gateway).map(({ context }) => context)).toEqual(['StartupLog']);
  });
});

describe('the line at the start', () => {
  const url = 'https://gpu.test:8443/llm/v1?tenant=a';
  const key = secret('ours');

  it.each([
    ['the default', {}, ['engine openai', 'upstream https://api.openai.com/v1/models', 'no key of its own']],
    [
      'a key',
      { MAIN_MODEL_ENGINE: 'anthropic', ANTHROPIC_API_KEY: key },
      ['engine anthropic', 'upstream https://api.anthropic.com/v1/models', 'key from ANTHROPIC_API_KEY'],
    ],
    [
      "another provider's key",
      { MAIN_MODEL_ENGINE: 'VLLM', MAIN_MODEL_BASE_URL: url, OPENAI_API_KEY: key },
      ['engine vllm', 'upstream https://gpu.test:8443/llm/v1/models', 'key from OPENAI_API_KEY'],
    ],
    [
      'the first of several keys',
      {
        MAIN_MODEL_ENGINE: 'nim',
        MAIN_MODEL_BASE_URL: url,
        OPENAI_API_KEY: key,
        MAIN_MODEL_API_KEY: key,
        NVIDIA_API_KEY: key,
      },
      ['engine nim', 'upstream https://gpu.test:8443/llm/v1/models', 'key from NVIDIA_API_KEY'],
    ],
    [
      'a key that is not for this engine',
      { MAIN_MODEL_ENGINE: 'cohere', OPENAI_API_KEY: key },
      ['engine cohere', 'upstream https://api.cohere.com/v1/models', 'no key of its own'],
    ],
    [
      'no upstream',
      { MAIN_MODEL_ENGINE: 'my-engine', OPENAI_API_KEY: key },
      ['engine my-engine', 'no upstream', 'key from OPENAI_API_KEY'],
    ],
  ])('reports %s', async (_name, env, parts) => {
    const gateway = await started(startGateway({ ...env, LOG_LEVEL: 'info' }));
    expect(logLines(gateway)[0]).toMatchObject({
      level: 30,
      msg: [`models-gateway ${VERSION}`, `listens on ${gateway.url}`, ...parts].join(', '),
    });
    expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('is followed by a warning of a variable that is misspelt, and of one without effect', async () => {
    const env = { MODELS_ALOW: 'x', CACHE_STALE_SECONDS: '60', LOG_LEVEL: 'info' };
    const [, ...warnings] = logLines(await started(startGateway(env)));
    expect(warnings.map(({ level, msg }) => [level, msg])).toEqual([
      [40, 'MODELS_ALOW is not read: is MODELS_ALLOW meant?'],
      [40, 'CACHE_STALE_SECONDS has no effect without CACHE_TTL_SECONDS.'],
    ]);
  });

  it('is followed by a warning about a missing variable', async () => {
    const gateway = await started(startGateway({ MAIN_MODEL_ENGINE: 'azure', LOG_LEVEL: 'info' }));
    const [, warning, ...others] = logLines(gateway);
    expect(warning).toMatchObject({ level: 40, msg: expect.stringContaining('AZURE_OPENAI_ENDPOINT') });
    expect(others).toEqual([]);
  });
});

it('patterns that match no model of the first list are named once', async () => {
  const { ask, gateway } = await startScenario(LIST, { MODELS_ALLOW: 'meta/*,gpt-*,claude-*' });
  for (let turn = 0; turn < 2; turn += 1) expect((await ask('/v1/models')).status).toBe(200);
  await requestLines(gateway, 2);
  const warnings = logLines(gateway).filter(({ context }) => context === 'ModelSelection');
  expect(warnings.map(({ msg }) => msg)).toEqual([
    'No model of the first list matches these patterns of MODELS_ALLOW: gpt-*, claude-*',
  ]);
});

describe('no credential is logged', () => {
  const key = secret('caller');
  const basic = Buffer.from(`user:${key}`).toString('base64');
  const jwt = `eyJhbGciOiJub25lIn0.${Buffer.from(key).toString('base64url')}.c2ln`;
  const CALLERS: Record<string, string>[] = [
    {},
    { authorization: `Bearer ${key}` },
    { authorization: `bearer  ${key}` },
    { authorization: `Basic ${basic}` },
    { authorization: `Hmac key=${key}` },
    { authorization: key },
    { authorization: `Bearer sk-ant-oat01-${key}` },
    { authorization: `Bearer ${jwt}` },
    { 'x-api-key': key },
    { 'api-key': key },
    { authorization: 'Bearer not-used', 'x-api-key': key, cookie: `session=${key}` },
  ];
  /** None of these may appear. The last two are credentials without the mark. */
  const FORBIDDEN = [SECRET_MARK, basic, jwt];

  /** Repeats the request in its body and headers. */
  function echo(status: number, headers: Record<string, string> = {}): Script {
    return (request, response) => {
      const sent = JSON.stringify(request.headers);
      json({ error: { message: sent, type: sent, param: sent, code: sent } }, status, {
        'x-request-id': sent,
        'www-authenticate': sent,
        ...headers,
      })(request, response);
    };
  }
  const PROVIDERS: readonly [string, Script][] = [
    ['a list', LIST],
    ['rows that are no models', json({ data: [{ name: key }, key] })],
    ['a 400', echo(400)],
    ['a 401', echo(401)],
    ['a 403', echo(403)],
    ['a 429', echo(429)],
    ['a redirect', echo(302, { location: `http://127.0.0.1:1/?key=${key}` })],
    ['a 500', echo(500)],
    ['a 503', echo(503)],
    ['a 200 that is no list', echo(200)],
    ['HTML', text(`<title>${key}</title>`)],
    ['a malformed header', raw(`HTTP/1.1 200 OK\r\n${key}\r\n\r\n`)],
    ['a malformed status', raw(`HTTP/1.1 ${key}\r\n\r\n`)],
    ['a huge header', text('', 200, { 'x-huge': key.repeat(5000) })],
    ['a damaged body', text(key, 200, { 'content-encoding': 'gzip' })],
    ['a closed connection', raw('')],
    ['no answer', silence],
  ];
  const engines = ['vllm', 'anthropic', 'azure'].map((engine) => ({
    MAIN_MODEL_ENGINE: engine,
    UPSTREAM_TIMEOUT_MS: '500',
  }));
  const keys = Object.fromEntries(
    ['VLLM', 'ANTHROPIC', 'AZURE_OPENAI'].map((name) => [`${name}_API_KEY`, secret('ours')]),
  );

  /** Records output that bypasses the log. */
  function watchOutput(): () => string {
    const streams = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write'));
    // Jest's console writes to neither.
    const methods = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      jest.spyOn(console, name),
    );
    return () =>
      [...streams, ...methods].flatMap(({ mock }) => mock.calls.map((args) => format(...args))).join('');
  }

  it.each(PROVIDERS)('when the provider answers with %s', async (_name, script) => {
    const output = watchOutput();
    for (const env of engines) {
      const { ask, gateway } = await startScenario(script, { ...env, ...keys, LOG_LEVEL: 'trace' });
      const responses = await Promise.all(
        CALLERS.flatMap((headers) => [
          ask('/v1/models', { headers }),
          ask(`/v1/models/${key}?key=${key}`, { headers }),
        ]),
      );
      await requestLines(gateway, responses.length);
      const written = gateway.logs.join('') + output();
      for (const credential of FORBIDDEN) expect(written).not.toContain(credential);
    }
  });

  it('when the request is malformed', async () => {
    const output = watchOutput();
    const { ask, gateway } = await startScenario(LIST, { LOG_LEVEL: 'trace' });
    for (const headers of CALLERS) {
      expect((await ask(`/${key}`, { headers, method: 'POST', body: key })).status).toBe(404);
    }
    for (const request of [
      `GET /v1/models/%ff?${key} HTTP/1.1\r\nHost: x\r\nAuthorization: ${key}\r\nConnection: close\r\n\r\n`,
      `GET /v1/models HTTP/1.1\r\nAuthorization: ${key}\r\nX-Api-Key ${key}\r\n\r\n`,
      `${key}\r\n\r\n`,
      `GET /v1/models HTTP/1.1\r\nAuthorization: ${key.repeat(2000)}\r\n\r\n`,
    ]) {
      expect((await sendRaw(gateway.url, request)).status).toBeGreaterThanOrEqual(400);
    }
    await requestLines(gateway, CALLERS.length + 4);
    const said = gateway.logs.join('') + output();
    for (const credential of FORBIDDEN) expect(said).not.toContain(credential);
  });

  it('and a credential in the log fails every test', async () => {
    const gateway = await startGateway({ MAIN_MODEL_ENGINE: 'my-engine' });
    new Logger('Leak').log(`the key is ${key}`);
    await until('it is logged', () => gateway.logs.join('').includes(SECRET_MARK));
    await expect(gateway.close()).rejects.toThrow('a credential was logged');
  });

  it('and a credential in any output is noticed', () => {
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    jest.spyOn(console, 'error').mockReturnValue(undefined);
    for (const write of [(text: string) => process.stderr.write(text), console.error]) {
      const output = watchOutput();
      write(`the key is ${key}`);
      expect(output()).toContain(SECRET_MARK);
      jest.clearAllMocks();
    }
  });
});
