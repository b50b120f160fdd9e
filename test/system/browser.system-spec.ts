import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { describeWithBrowser, startBrowser } from '../support/browser.js';
import { json } from '../support/fake-upstream.js';
import { started, startScenario } from '../support/scenario.js';
import { startPage, startPrefixProxy } from '../support/site.js';
import { secret } from '../support/start-gateway.js';

const PATIENCE_MS = 60_000;
/** An id that the documentation's examples do not have. */
const MODEL = 'orbit/chat@2026-11';
const MODELS = json({ data: [{ id: MODEL, created: 1, owned_by: 'x' }] });

describeWithBrowser('in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser.close());

  /** Opens a page until the end of the test. */
  async function open(url: string): Promise<Page> {
    const context = await started(browser.newContext());
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  it('the documentation lists the models, and loads nothing from other hosts', async () => {
    const { gateway, upstream } = await startScenario(MODELS);
    const page = await open('about:blank');
    const hosts = new Set<string>();
    const problems: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) hosts.add(new URL(request.url()).origin);
    });
    page.on('pageerror', ({ message }) => problems.push(message));
    await page.goto(`${gateway.url}/docs`);
    await tryOut(page);
    expect(upstream.requests).toHaveLength(1);
    expect([...hosts]).toEqual([gateway.url]);
    expect(problems).toEqual([]);
  });

  it.each([
    ['under BASE_PATH', '/llm', (url: string) => Promise.resolve(`${url}/llm`)],
    [
      'behind a proxy that strips a prefix',
      '',
      async (url: string) => (await started(startPrefixProxy(url))).url,
    ],
  ])('the documentation sends requests to its own prefix %s', async (_name, basePath, addressOf) => {
    const { gateway } = await startScenario(MODELS, { BASE_PATH: basePath });
    const address = await addressOf(gateway.url);
    const page = await open('about:blank');
    const urls: string[] = [];
    page.on('request', (request) => urls.push(request.url()));
    await page.goto(`${address}/docs`);
    await tryOut(page);
    expect(urls.map((url) => url.split('?')[0])).toContain(`${address}/v1/models`);
    expect(urls.filter((url) => !url.startsWith('data:') && !url.startsWith(`${address}/`))).toEqual([]);
  });

  it.each([
    ['its origin', (origin: string) => origin],
    ['*', () => '*'],
  ])('a page sets headers of its own with CORS_ORIGINS of %s', async (_name, originsFor) => {
    const { url } = await started(startPage());
    const { gateway } = await startScenario(MODELS, { CORS_ORIGINS: originsFor(new URL(url).origin) });
    const page = await open(url);
    const { headers, ...request } = requestTo(gateway.url);
    for (const name of [
      'x-title',
      'openai-beta',
      'dangerously-allow-browser',
      'anthropic-dangerous-direct-browser-access',
      'x-any-1',
    ]) {
      const given = { ...request, headers: { ...headers, [name]: 'true' } };
      expect([name, await page.evaluate(fetchModels, given)]).toMatchObject([name, { status: 200 }]);
    }
  });

  it('a sandboxed frame sets no header, even with CORS_ORIGINS=*', async () => {
    const { url } = await started(startPage());
    const { gateway, upstream } = await startScenario(MODELS, { CORS_ORIGINS: '*' });
    const page = await open(url);
    await page.setContent('<iframe sandbox="allow-scripts" srcdoc="<title>frame</title>"></iframe>');
    const frame = await page.waitForSelector('iframe').then((element) => element.contentFrame());
    expect(await frame?.evaluate('origin')).toBe('null');
    const request = requestTo(gateway.url);
    expect(await frame?.evaluate(fetchModels, request)).toBe('TypeError');
    expect(upstream.requests).toEqual([]);
    expect(await frame?.evaluate(fetchModels, { ...request, headers: {} })).toMatchObject({ status: 200 });
  });

  it('a page of an allowed origin reads the models with its own key', async () => {
    const { url } = await started(startPage());
    const { gateway, upstream } = await startScenario(MODELS, { CORS_ORIGINS: new URL(url).origin });
    const page = await open(url);
    expect(await page.evaluate(fetchModels, requestTo(gateway.url))).toEqual({
      status: 200,
      ids: [MODEL],
      requestId: 'page-1',
    });
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${secret('page')}`,
    ]);
    const missing = { ...requestTo(gateway.url), path: '/nowhere' };
    expect(await page.evaluate(fetchModels, missing)).toMatchObject({ status: 404 });
  });

  it.each([
    ['openai', 'new SDK({ baseURL: `${url}/v1`, apiKey: key, dangerouslyAllowBrowser: true })'],
    ['@anthropic-ai/sdk', 'new SDK({ baseURL: url, apiKey: key, dangerouslyAllowBrowser: true })'],
  ])('the SDK %s lists the models in a page', async (name, client) => {
    const { url } = await started(startPage());
    const { gateway, upstream } = await startScenario(MODELS, { CORS_ORIGINS: new URL(url).origin });
    const page = await open(url);
    await page.addScriptTag({
      content: await scriptOf(`import SDK from '${name}';
        globalThis.listModels = async (url, key) => (await ${client}.models.list()).data.map(({ id }) => id);`),
    });
    expect(await page.evaluate(`listModels('${gateway.url}', '${secret('sdk')}')`)).toEqual([MODEL]);
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${secret('sdk')}`,
    ]);
  });

  it.each([
    ['without CORS_ORIGINS', {}],
    ['with CORS_ORIGINS of others', { CORS_ORIGINS: 'https://app.test' }],
  ])('a page of another origin cannot read answers %s', async (_name, env) => {
    const { url } = await started(startPage());
    const { gateway, upstream } = await startScenario(MODELS, env);
    const page = await open(url);
    expect(await page.evaluate(fetchModels, requestTo(gateway.url))).toBe('TypeError');
    expect(upstream.requests).toEqual([]);
  });
});

/** Has the documentation send a request for the list, and waits for its answer. */
async function tryOut(page: Page): Promise<void> {
  const operation = page.locator('#operations-models-listModels');
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response-col_description').last();
  await answer.getByText(MODEL).first().waitFor();
}

/** A script for a page, bundled with its imports. */
async function scriptOf(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

interface PageRequest {
  readonly url: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** A request as OpenAI's SDK sends it from a page. */
function requestTo(url: string): PageRequest {
  return {
    url,
    path: '/v1/models',
    headers: {
      authorization: `Bearer ${secret('page')}`,
      'x-stainless-lang': 'js',
      'x-stainless-runtime': 'browser:chrome',
      'x-request-id': 'page-1',
    },
  };
}

/** Runs in the page. Returns what it can read of the answer, or the name of the error. */
async function fetchModels({ url, path, headers }: PageRequest): Promise<unknown> {
  try {
    const response = await fetch(url + path, { headers });
    const { data } = (await response.json()) as { data?: { id: string }[] };
    return {
      status: response.status,
      ids: data?.map(({ id }) => id),
      requestId: response.headers.get('x-request-id'),
    };
  } catch (error) {
    return (error as Error).name;
  }
}
