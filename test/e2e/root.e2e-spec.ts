import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { VERSION } from '../../src/version.js';
import { failureOf } from '../support/answers.js';
import { logLines, requestLines } from '../support/log-lines.js';
import { sharedScenario, startScenario } from '../support/scenario.js';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
/** The page is small. */
const MAX_PAGE_BYTES = 40_000;
const ROUTES = ['/v1/models', '/v1/models/{id}', '/healthz', '/readyz', '/metrics', '/docs', '/openapi.json'];

const shared = sharedScenario();

/** Asks for `/` as a browser does, without compression. */
function askForPage(ask: ReturnType<typeof shared>['ask'], path = '/'): Promise<Response> {
  return ask(path, { headers: { accept: BROWSER, 'accept-encoding': 'identity' } });
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  /** As it was sent: `fetch` decompresses. */
  readonly body: Buffer;
}

async function exchange(url: string, method: string, headers: Record<string, string>): Promise<Answer> {
  const sent = request(url, { method, headers, agent: false }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
}

describe('/', () => {
  it.each([undefined, '*/*', 'application/json', 'text/html;q=0.5, application/json', 'image/png'])(
    'is an index of the routes to a client that accepts %s',
    async (accept) => {
      const { ask, upstream } = shared();
      const response = await ask('/', accept === undefined ? {} : { headers: { accept } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(response.headers.get('vary')).toBe('accept, accept-encoding');
      expect(await response.json()).toEqual({ name: 'models-gateway', version: VERSION, routes: ROUTES });
      expect(upstream.requests).toEqual([]);
    },
  );

  it.each(ROUTES.filter((route) => !route.includes('{')))('names %s, which is there', async (route) => {
    expect((await shared().ask(route)).status).toBe(200);
  });

  it('names the routes only that are there', async () => {
    const { ask } = await startScenario(undefined, { DOCS_ENABLED: 'false', METRICS_ENABLED: 'false' });
    expect(await (await ask('/')).json()).toMatchObject({ routes: ROUTES.slice(0, 4) });
    expect(await (await askForPage(ask)).text()).not.toContain('id="docs"');
  });

  it.each(['/', '//', '/?utm=x'])('is a small page to a browser at %s, which loads nothing', async (path) => {
    const { ask, upstream } = shared();
    const response = await askForPage(ask, path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await response.text();
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    expect(html).toContain(`models-gateway ${VERSION}`);
    expect(html).not.toMatch(/\s(src|srcset|style|on[a-z]+)=|@import|url\(/);
    const links = [...html.matchAll(/<(?:a|link)\b[^>]*\shref="([^"]*)"/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !/^(data:image\/svg\+xml,|#)/.test(link))).toEqual(['docs']);
    expect(upstream.requests).toEqual([]);
  });

  it('has a policy that allows its own script and style only, by their hashes', async () => {
    const response = await askForPage(shared().ask);
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    for (const element of ['script', 'style']) {
      const texts = [...html.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))];
      expect(texts).toHaveLength(1);
      const hash = createHash('sha256')
        .update(texts[0]?.[1] ?? '')
        .digest('base64');
      expect(policy).toContain(`${element}-src 'sha256-${hash}';`);
    }
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])('is compressed as %s, with an entity tag of its own', async (coding, decompress) => {
    const { ask, gateway } = shared();
    const plain = await askForPage(ask);
    const coded = await exchange(gateway.url, 'GET', { accept: BROWSER, 'accept-encoding': coding });
    expect(coded.headers['content-encoding']).toBe(coding);
    expect(coded.headers.etag).not.toBe(plain.headers.get('etag'));
    expect(coded.body.length).toBeLessThan(16_000);
    expect(decompress(coded.body).toString()).toBe(await plain.text());
  });

  it.each([
    ['the page', BROWSER],
    ['the index', 'application/json'],
  ])('is a 304 to those who have %s', async (_name, accept) => {
    const { ask, gateway } = shared();
    const headers = { accept, 'accept-encoding': 'identity' };
    const first = await ask('/', { headers });
    const etag = first.headers.get('etag') ?? '';
    const length = String((await first.arrayBuffer()).byteLength);
    const again = await ask('/', { headers: { ...headers, 'if-none-match': etag } });
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
    expect(again.headers.get('content-security-policy')).toBe(first.headers.get('content-security-policy'));
    const got = await exchange(gateway.url, 'HEAD', headers);
    expect([got.status, got.headers['content-length'], got.body.length]).toEqual([200, length, 0]);
    const known = await exchange(gateway.url, 'HEAD', { ...headers, 'if-none-match': etag });
    expect([known.status, known.headers['content-length']]).toEqual([304, length]);
  });

  it('allows GET and HEAD only', async () => {
    const { ask } = shared();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await ask('/', { method });
      expect(response.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD']);
      expect(await failureOf(response)).toEqual([405, 'method_not_allowed']);
    }
  });

  it('is the index for everyone with PAGE_ENABLED=false', async () => {
    const { ask } = await startScenario(undefined, { PAGE_ENABLED: 'false' });
    const response = await askForPage(ask);
    expect(response.headers.get('vary')).toBe('accept-encoding');
    expect(await response.json()).toMatchObject({ name: 'models-gateway' });
    expect(await (await ask('/docs')).text()).not.toContain('id="home"');
  });

  it('is there under BASE_PATH, with a slash behind it and without, and never a redirect', async () => {
    const { ask } = await startScenario(undefined, { BASE_PATH: '/llm' });
    const page = await (await askForPage(ask)).text();
    for (const path of ['/llm', '/llm/', '//llm//', '/llm?x']) {
      const response = await askForPage(ask, path);
      expect([response.status, await response.text()]).toEqual([200, page]);
    }
  });

  it('is logged at level debug, as other probes are', async () => {
    const { ask, gateway } = await startScenario();
    await (await ask('/')).text();
    await requestLines(gateway, 1);
    expect(logLines(gateway).find(({ msg }) => msg === 'request')).toMatchObject({ route: '/', level: 20 });
  });
});
