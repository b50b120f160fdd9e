import { describe, expect, it } from '@jest/globals';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { json, silence } from '../support/fake-upstream.js';
import { sendRaw } from '../support/raw-client.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import { startGateway } from '../support/start-gateway.js';

const IDS = [
  'meta/llama-3.1-8b-instruct',
  'llama3:8b',
  'ft:gpt-4o-mini:orbit::Zx81',
  'orbit/chat@2025-06',
  '/srv/weights/qwen2.5-7b',
  'my model',
  'gpt-4.1',
  'a//b',
];
const MODELS = json({ data: IDS.map((id) => ({ id, created: 1, owned_by: 'x' })) });

const shared = sharedScenario();

/** The headers of the answer, without those of the connection. */
function headersOf(response: Response): Record<string, string> {
  const others = ['date', 'x-request-id', 'connection', 'keep-alive'];
  return Object.fromEntries([...response.headers].filter(([name]) => !others.includes(name)));
}

describe('the list', () => {
  it.each([
    '/v1/models',
    '/v1/models/',
    '//v1/models',
    '///v1//models//',
    '/v1/models?limit=20&after_id=a&limit=x',
    '/v1/models/?',
    '//v1/models/?api-version=2024-06-01',
  ])('is at %s, and causes the same upstream request', async (path) => {
    const { ask, upstream } = shared(MODELS);
    expect(await idsOf(await ask(path))).toEqual(IDS);
    expect(upstream.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /v1/models']);
  });

  it.each([['application/json'], ['text/plain'], ['application/x-unknown'], ['not a type']])(
    'accepts a GET with content-type %s',
    async (contentType) => {
      const { ask } = shared(MODELS);
      expect(await idsOf(await ask('/v1/models', { headers: { 'content-type': contentType } }))).toEqual(IDS);
    },
  );

  it('does not read the body of a GET', async () => {
    const { gateway } = shared(MODELS);
    const head =
      'GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n';
    const response = await sendRaw(gateway.url, `${head}Content-Length: 5\r\n\r\n{"a":`);
    expect(response.status).toBe(200);
  });
});

describe('HEAD', () => {
  it.each([
    ['/v1/models', 200],
    ['/v1/models/meta/llama-3.1-8b-instruct', 200],
    ['/v1/models/unknown', 404],
    ['/healthz', 200],
    ['/readyz', 200],
    ['/nowhere', 404],
  ])('has the headers of GET %s and no body', async (path, status) => {
    const { ask, gateway } = shared(MODELS);
    const got = await ask(path);
    const length = (await got.arrayBuffer()).byteLength;
    const head = await sendRaw(gateway.url, `HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(head.status).toBe(status);
    expect(got.status).toBe(status);
    expect(head.headers.get('x-request-id')).not.toBeNull();
    expect(head.headers.get('content-length')).toBe(String(length));
    expect(headersOf(head)).toEqual(headersOf(got));
    expect(await head.text()).toBe('');
  });
});

describe('one model', () => {
  it.each(IDS.flatMap((id) => [`/v1/models/${id}`, `/v1/models/${encodeURIComponent(id)}`]))(
    'is at %s',
    async (path) => {
      const { ask } = shared(MODELS);
      const response = await ask(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      const id = decodeURIComponent(path.slice('/v1/models/'.length));
      expect(await response.json()).toEqual({ id, object: 'model', created: 1, owned_by: 'x' });
    },
  );

  it.each([
    ['/v1/models/gpt-4.1/', 'gpt-4.1'],
    ['//v1/models/gpt-4.1', 'gpt-4.1'],
    ['/v1/models/gpt-4.1?x=/y', 'gpt-4.1'],
    ['/v1/models/srv/weights/qwen2.5-7b', '/srv/weights/qwen2.5-7b'],
    ['/v1/models/weights/qwen2.5-7b', undefined],
    ['/v1/models//srv/weights/qwen2.5-7b/', '/srv/weights/qwen2.5-7b'],
    ['/v1/models/%2Fsrv%2Fweights%2Fqwen2.5-7b', '/srv/weights/qwen2.5-7b'],
  ])('of %s is %s', async (path, id) => {
    const { ask } = shared(MODELS);
    const { id: found } = (await (await ask(path)).json()) as { id?: string };
    expect(found).toBe(id);
  });

  it.each(['/v1/models/unknown', '/v1/models/GPT-4.1', '/v1/models/gpt-4', '/v1/models/__proto__'])(
    'is not at %s',
    async (path) => {
      const { ask } = shared(MODELS);
      const response = await ask(path);
      expect(response.status).toBe(404);
      expect(await errorOf(response)).toMatchObject({
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      });
    },
  );

  it('is a 404 only after the provider has been asked', async () => {
    const { ask } = shared(json({ error: { message: 'no' } }, 403));
    expect(await failureOf(await ask('/v1/models/unknown'))).toEqual([403, null]);
  });
});

describe('an unknown path', () => {
  it.each([
    '/v1',
    '/v1/',
    '/v1/model',
    '/v2/models',
    '/V1/MODELS',
    '/healthz/x',
    '/favicon.ico',
    '/v1/chat/completions',
  ])('%s is a 404 for every method', async (path) => {
    const { ask, upstream } = shared();
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect(await failureOf(await ask(path, { method }))).toEqual([404, 'unknown_url']);
    }
    expect(upstream.requests).toEqual([]);
  });
});

describe('a wrong method', () => {
  const paths = ['/v1/models', '/v1/models/', '//v1/models', '/v1/models/meta/llama', '/healthz', '/readyz'];
  const methods = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'];

  it.each(paths.flatMap((path) => methods.map((method) => [method, path])))(
    '%s %s is a 405 that names the right ones, whatever the body',
    async (method, path) => {
      const { ask, upstream } = shared();
      for (const init of [
        {},
        { body: '{}', headers: { 'content-type': 'application/json' } },
        { body: '{"a":', headers: { 'content-type': 'application/json' } },
        { body: 'x', headers: { 'content-type': 'application/x-unknown' } },
      ]) {
        const response = await ask(path, { method, ...init });
        expect(await failureOf(response)).toEqual([405, 'method_not_allowed']);
        expect(response.headers.get('allow')).toBe('GET, HEAD');
      }
      expect(upstream.requests).toEqual([]);
    },
  );
});

describe('/healthz', () => {
  it('is 200 without asking the provider', async () => {
    const { ask, upstream } = shared(silence);
    const response = await ask('/healthz');
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    expect(response.headers.get('x-request-id')).not.toBeNull();
    expect(upstream.requests).toEqual([]);
  });

  it('is 200 without a complete configuration', async () => {
    const { ask } = await startScenario(undefined, { MAIN_MODEL_BASE_URL: '' });
    expect((await ask('/healthz')).status).toBe(200);
  });
});

describe('/readyz', () => {
  it('is 200 without asking the provider, even when it is down', async () => {
    const { ask, upstream } = await startScenario();
    await upstream.close();
    const response = await ask('/readyz/');
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    expect(upstream.requests).toEqual([]);
  });

  it.each(['openai', 'anthropic', 'cohere', 'my-engine'])('is 200 for %s without a URL', async (engine) => {
    const gateway = await started(startGateway({ MAIN_MODEL_ENGINE: engine }));
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  });

  it.each([
    ['nim', 'MAIN_MODEL_BASE_URL'],
    ['vllm', 'MAIN_MODEL_BASE_URL'],
    ['trt_llm', 'MAIN_MODEL_BASE_URL'],
    ['azure', 'AZURE_OPENAI_ENDPOINT'],
    ['azure_openai', 'AZURE_OPENAI_ENDPOINT'],
  ])('is 503 for %s and names %s', async (engine, variable) => {
    const gateway = await started(startGateway({ MAIN_MODEL_ENGINE: engine }));
    const response = await fetch(`${gateway.url}/readyz`);
    expect(response.status).toBe(503);
    const { message, code } = await errorOf(response);
    expect(code).toBe('provider_not_configured');
    expect(message).toContain(variable);
  });
});

describe('a malformed request', () => {
  const head = 'Host: x\r\nConnection: close\r\n\r\n';

  it.each([
    ['an escape that is no UTF-8', `GET /v1/models/%E0%A4%A HTTP/1.1\r\n${head}`, 400],
    ['a malformed escape in an unknown path', `GET /%zz HTTP/1.1\r\n${head}`, 400],
    ['a space in the path', `GET /v1/models/a b HTTP/1.1\r\n${head}`, 400],
    ['no path', `GET HTTP/1.1\r\n${head}`, 400],
    // The router takes it for the root.
    ['a path that is an asterisk', `OPTIONS * HTTP/1.1\r\n${head}`, 405],
    ['a long path', `GET /v1/models/${'a'.repeat(9000)} HTTP/1.1\r\n${head}`, 404],
    ['an over-long path', `GET /v1/models/${'a'.repeat(20_000)} HTTP/1.1\r\n${head}`, 431],
    ['an over-long query', `GET /v1/models?${'a'.repeat(20_000)} HTTP/1.1\r\n${head}`, 431],
    ['an over-long header', `GET /v1/models HTTP/1.1\r\nX-Long: ${'a'.repeat(20_000)}\r\n${head}`, 431],
    ['a folded header', `GET /v1/models HTTP/1.1\r\nX-Folded: a\r\n b\r\n${head}`, 400],
    ['a line break in a header', `GET /v1/models HTTP/1.1\r\nX-Request-Id: a\nb\r\n${head}`, 400],
    [
      'two lengths',
      `POST /v1/models HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n${head}0\r\n\r\n`,
      400,
    ],
    ['no Host', 'GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['an unknown version', `GET /v1/models HTTP/3.0\r\n${head}`, 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['garbage', 'garbage\r\n\r\n', 400],
  ])('%s gets an OpenAI error', async (_name, request, status) => {
    const { gateway } = shared(MODELS);
    const response = await sendRaw(gateway.url, request);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).type).toBe('invalid_request_error');
  });

  it.each([
    ['an unknown expectation', 'Expect: wonders'],
    ['an upgrade that is not supported', 'Upgrade: websocket'],
  ])('does not include %s', async (_name, header) => {
    const { gateway } = shared(MODELS);
    const response = await sendRaw(gateway.url, `GET /v1/models HTTP/1.1\r\n${header}\r\n${head}`);
    expect(await idsOf(response)).toEqual(IDS);
    expect(response.headers.get('x-request-id')).not.toBeNull();
  });

  it('does not include HTTP/1.0', async () => {
    const { gateway } = shared(MODELS);
    const response = await sendRaw(gateway.url, 'GET /v1/models HTTP/1.0\r\n\r\n');
    expect(await idsOf(response)).toEqual(IDS);
  });
});

describe('x-request-id', () => {
  const paths = ['/v1/models', '/v1/models/unknown', '/healthz', '/nowhere', '/v1/models/%ff'];

  function requestIdOf(url: string, path: string, given: string): Promise<string | null> {
    return sendRaw(url, `GET ${path} HTTP/1.1\r\nHost: x\r\n${given}\r\nConnection: close\r\n\r\n`).then(
      ({ headers }) => headers.get('x-request-id'),
    );
  }

  it.each(['a', 'b1946ac9-2492-4d23-9a6b-000000000000', 'req_01:a.b-c_D', 'x'.repeat(128)])(
    'is kept: %s',
    async (id) => {
      const { gateway, upstream } = shared(MODELS);
      for (const path of paths) {
        expect(await requestIdOf(gateway.url, path, `X-Request-Id: ${id}`)).toBe(id);
      }
      expect(upstream.requests.map(({ headers }) => headers['x-request-id'])).toEqual([id, id]);
    },
  );

  it.each([
    ['nothing', 'X-Other: a'],
    ['an empty one', 'X-Request-Id:'],
    ['an over-long one', `X-Request-Id: ${'x'.repeat(129)}`],
    ['one with a space', 'X-Request-Id: a b'],
    ['one with a tab', 'X-Request-Id: a\tb'],
    ['one with an escaped line break', 'X-Request-Id: a%0d%0ab'],
    ['one with a quotation mark', 'X-Request-Id: a"b'],
    ['one with markup', 'X-Request-Id: <a>'],
    ['one beyond ASCII', 'X-Request-Id: caf\xe9'],
    ['one in UTF-8', 'X-Request-Id: \xe2\x9c\x93'],
    ['two', 'X-Request-Id: a\r\nX-Request-Id: b'],
  ])('is a new one for %s', async (_name, header) => {
    const { gateway, upstream } = shared(MODELS);
    const ids = await Promise.all(paths.map((path) => requestIdOf(gateway.url, path, header)));
    for (const id of ids) expect(id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { headers } of upstream.requests) expect(ids).toContain(headers['x-request-id']);
  });
});
