import { describe, expect, it } from '@jest/globals';
import { failureOf } from '../support/answers.js';
import { json } from '../support/fake-upstream.js';
import { sendRaw } from '../support/raw-client.js';
import { sharedScenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';

const ORIGIN = 'https://app.test';
const ALLOWED = { CORS_ORIGINS: `http://localhost:3000, ${ORIGIN}` };
const CREDENTIAL_VARY =
  'authorization, x-api-key, api-key, openai-organization, openai-project, anthropic-version, accept-encoding';
const MODELS = json({ data: [{ id: 'm', created: 1, owned_by: 'x' }] });

function preflight(headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'OPTIONS',
    headers: { origin: ORIGIN, 'access-control-request-method': 'GET', ...headers },
  };
}

/** The CORS headers of an answer. */
function corsHeadersOf(response: Response): string[] {
  return [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));
}

describe('without CORS_ORIGINS', () => {
  const shared = sharedScenario();

  it('no answer has CORS headers', async () => {
    const { ask } = shared(MODELS);
    const response = await ask('/v1/models', { headers: { origin: ORIGIN } });
    expect(corsHeadersOf(response)).toEqual([]);
    expect(response.headers.get('vary')).toBe(CREDENTIAL_VARY);
  });

  it('a preflight is a 405', async () => {
    const { ask } = shared(MODELS);
    const response = await ask('/v1/models', preflight());
    expect(corsHeadersOf(response)).toEqual([]);
    expect(await failureOf(response)).toEqual([405, 'method_not_allowed']);
  });
});

const open = sharedScenario(ALLOWED);

describe('with CORS_ORIGINS', () => {
  it('lets a listed origin read an answer and its headers', async () => {
    const { ask } = open(MODELS);
    const response = await ask('/v1/models', { headers: { origin: ORIGIN } });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(response.headers.get('access-control-expose-headers')).toBe('*');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    expect(response.headers.get('vary')).toBe(`${CREDENTIAL_VARY}, origin`);
  });

  it.each([['https://other.test'], ['http://app.test'], ['https://app.test:8443'], ['null'], [undefined]])(
    'does not let %s read an answer, and Vary names the origin',
    async (origin) => {
      const { ask } = open(MODELS);
      const response = await ask('/v1/models', origin === undefined ? {} : { headers: { origin } });
      expect(response.status).toBe(200);
      expect(corsHeadersOf(response)).toEqual([]);
      expect(response.headers.get('vary')).toBe(`${CREDENTIAL_VARY}, origin`);
    },
  );

  it.each([
    ['/v1/models/unknown', 'GET', 404],
    ['/nowhere', 'GET', 404],
    ['/v1/models', 'DELETE', 405],
    ['/v1/models/%zz', 'GET', 400],
    ['/healthz', 'GET', 200],
    ['/openapi.json', 'GET', 200],
    ['/v1/models/m', 'HEAD', 200],
  ])('lets it read the answer to %s %s (%i)', async (path, method, status) => {
    const { gateway } = open(MODELS);
    const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: ${ORIGIN}\r\n\r\n`;
    const response = await sendRaw(gateway.url, head);
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(response.headers.get('vary')).toMatch(/(^|, )origin$/);
  });

  it('lets it read an error of the provider', async () => {
    const { ask } = open(json({ error: { message: 'no' } }, 401));
    const response = await ask('/v1/models', { headers: { origin: ORIGIN } });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('lets it read a 304', async () => {
    const { ask } = open(MODELS);
    const etag = (await ask()).headers.get('etag') ?? '';
    const response = await ask('/v1/models', { headers: { origin: ORIGIN, 'if-none-match': etag } });
    expect(response.status).toBe(304);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });
});

describe('a preflight', () => {
  it.each(['/v1/models', '/v1/models/meta/llama', '/healthz', '/nowhere'])(
    'for %s is answered without asking the provider',
    async (path) => {
      const { ask, upstream } = open(MODELS);
      const response = await ask(path, preflight());
      expect([response.status, await response.text()]).toEqual([204, '']);
      expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(response.headers.get('access-control-allow-methods')).toBe('GET, HEAD');
      expect(response.headers.get('access-control-max-age')).toMatch(/^\d+$/);
      expect(response.headers.get('access-control-allow-headers')).toBeNull();
      expect(response.headers.get('vary')).toBe('access-control-request-headers, origin');
      expect(response.headers.get('x-request-id')).not.toBeNull();
      expect(upstream.requests).toEqual([]);
    },
  );

  it.each([
    'authorization',
    'x-api-key',
    'user-agent',
    'anthropic-dangerous-direct-browser-access',
    'x-title',
    'openai-beta',
    'X-Stainless-OS',
    "!#$%&'*+.^_`|~-09az",
    'a'.repeat(4096),
  ])('allows %s', async (name) => {
    const { ask } = open(MODELS);
    const response = await ask('/v1/models', preflight({ 'access-control-request-headers': name }));
    expect(response.headers.get('access-control-allow-headers')).toBe(name.toLowerCase());
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('allows every valid name of many', async () => {
    const { ask } = open(MODELS);
    const wanted = 'authorization,x-a, x b,x:c,,"d",x-stainless-os,caf\xe9, x-api-key ';
    const response = await ask('/v1/models', preflight({ 'access-control-request-headers': wanted }));
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'authorization, x-a, x-stainless-os, x-api-key',
    );
  });

  it('allows no header where the names are longer than 4 KiB', async () => {
    const { ask } = open(MODELS);
    const wanted = `authorization,${'a'.repeat(4083)}`;
    const response = await ask('/v1/models', preflight({ 'access-control-request-headers': wanted }));
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toBeNull();
  });

  it('of another origin is a 405', async () => {
    const { ask } = open(MODELS);
    const response = await ask('/v1/models', preflight({ origin: 'https://other.test' }));
    expect(corsHeadersOf(response)).toEqual([]);
    expect(await failureOf(response)).toEqual([405, 'method_not_allowed']);
  });

  it.each([
    ['origin', { 'access-control-request-method': 'GET' }],
    ['access-control-request-method', { origin: ORIGIN }],
  ])('without %s is an ordinary OPTIONS: a 405', async (_name, headers) => {
    const { ask } = open(MODELS);
    const response = await ask('/v1/models', { method: 'OPTIONS', headers });
    expect(await failureOf(response)).toEqual([405, 'method_not_allowed']);
  });
});

describe('CORS_ORIGINS=*', () => {
  const shared = sharedScenario({ CORS_ORIGINS: '*' });

  it('lets every origin read an answer, which does not depend on the origin', async () => {
    const { ask } = shared(MODELS);
    const response = await ask('/v1/models', {
      headers: { origin: 'https://any.test', authorization: `Bearer ${secret('caller')}` },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('vary')).toBe(CREDENTIAL_VARY);
  });

  it.each(['https://any.test', 'app://obsidian.md', 'chrome-extension://abc'])(
    'allows what the preflights of %s ask for',
    async (origin) => {
      const { ask } = shared(MODELS);
      const response = await ask(
        '/v1/models',
        preflight({ origin, 'access-control-request-headers': 'authorization,x-title' }),
      );
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-headers')).toBe('authorization, x-title');
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      expect(response.headers.get('vary')).toBe('access-control-request-headers, origin');
    },
  );

  it('allows no header to the origin null, which may read what needs none', async () => {
    const { ask } = shared(MODELS);
    const response = await ask(
      '/v1/models',
      preflight({ origin: 'null', 'access-control-request-headers': 'authorization,x-title' }),
    );
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toBeNull();
    const simple = await ask('/v1/models', { headers: { origin: 'null' } });
    expect(simple.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('CORS_ORIGINS of other schemes', () => {
  const ORIGINS = ['app://obsidian.md', 'tauri://localhost', 'chrome-extension://abc', 'app://Name:80'];
  const shared = sharedScenario({ CORS_ORIGINS: ORIGINS.join() });

  it.each(ORIGINS)('let %s read answers, and set headers', async (origin) => {
    const { ask } = shared(MODELS);
    const response = await ask('/v1/models', { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    const wanted = preflight({ origin, 'access-control-request-headers': 'authorization' });
    const answer = await ask('/v1/models', wanted);
    expect([answer.status, answer.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'authorization',
    ]);
  });

  it.each([
    'app://obsidian.md.evil.test',
    'app://obsidian',
    'http://localhost',
    'tauri://LOCALHOST',
    'app://Name',
    'null',
  ])('let %s do nothing', async (origin) => {
    const { ask } = shared(MODELS);
    expect(corsHeadersOf(await ask('/v1/models', { headers: { origin } }))).toEqual([]);
    expect((await ask('/v1/models', preflight({ origin }))).status).toBe(405);
  });
});
