import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { describeWithBrowser, startBrowser } from '../support/browser.js';
import { json } from '../support/fake-upstream.js';
import { started, startScenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';

const PATIENCE_MS = 15_000;
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
    const operation = page.locator('#operations-models-listModels');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table .response-col_description').last();
    await answer.getByText(MODEL).first().waitFor();
    expect(upstream.requests).toHaveLength(1);
    expect([...hosts]).toEqual([gateway.url]);
    expect(problems).toEqual([]);
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

/** Serves an empty page from another origin. */
async function startPage(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>page</title>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
