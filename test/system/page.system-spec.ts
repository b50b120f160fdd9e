import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { describeWithBrowser, startBrowser } from '../support/browser.js';
import { emptyList, json, startFakeUpstream } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { sharedScenario, started, startScenario } from '../support/scenario.js';
import { startPrefixProxy } from '../support/site.js';
import { secret, startGateway } from '../support/start-gateway.js';
import { until } from '../support/until.js';

/** A busy machine takes its time. */
const PATIENCE_MS = 60_000;
/**
 * How long one task may keep the page from answering a person, ms of the processor's time. On a
 * busy machine a task takes several times as long as on a quiet one.
 */
const MAX_TASK_MS = 500;
const PHONE = { viewport: { width: 360, height: 740 } };
const WIDE = { viewport: { width: 1280, height: 800 } };

const ORBIT = {
  id: 'orbit/large-2',
  created: 1_790_000_000,
  owned_by: 'orbit',
  display_name: 'Orbit Large 2',
  description: 'Reads long documents.',
  context_length: 131_072,
  max_output_tokens: 8192,
  capabilities: ['chat', 'vision', 'tools'],
  architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'] },
  pricing: { prompt: '0.0000025', completion: '0.00001', request: '0.02' },
  supported_parameters: ['max_tokens', 'tools'],
  lifecycle: 'deprecated',
  deprecates_at: 1_796_083_200,
  shutdown_date: '2027-03-31',
};
const COMET = {
  id: 'comet/swift',
  created: 1_780_000_000,
  owned_by: 'comet',
  context_length: 8192,
  capabilities: ['chat'],
  pricing: { prompt: '0' },
};
const EMBED = { id: 'orbit/embed', created: 1_795_000_000, owned_by: 'orbit', capabilities: ['embeddings'] };
const MODELS = json({ data: [ORBIT, COMET, EMBED] });

describeWithBrowser('the catalogue page', () => {
  const shared = sharedScenario({ UPSTREAM_TIMEOUT_MS: String(PATIENCE_MS) });
  let browser: Browser;
  /** What no page may do: load from elsewhere, throw, break its own policy. */
  const offences: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser.close());

  afterEach(() => {
    expect(offences.splice(0)).toEqual([]);
  });

  /** Opens a page until the end of the test. */
  async function open(
    url: string,
    options: BrowserContextOptions = WIDE,
    prepare: (page: Page) => Promise<void> | void = () => undefined,
  ): Promise<Page> {
    const context = await started(browser.newContext(options));
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const { origin } = new URL(url);
    page.on('request', (request) => {
      const asked = request.url();
      if (!asked.startsWith('data:') && new URL(asked).origin !== origin) offences.push(`asked ${asked}`);
      if (asked.includes('SECRET0')) offences.push('a key is in a URL');
    });
    page.on('pageerror', ({ message }) => offences.push(message));
    page.on('dialog', (dialog) => {
      offences.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (/content.security.policy|trusted/i.test(message.text())) offences.push(message.text());
    });
    await prepare(page);
    await page.goto(url);
    return page;
  }

  async function openWith(script: Script, options?: BrowserContextOptions): Promise<Page> {
    const page = await open(shared(script).gateway.url, options);
    await page.locator('main:not(.starting)').waitFor();
    return page;
  }

  it('asks for the list as any client does, once', async () => {
    const { gateway, upstream } = shared(MODELS);
    const asked: (string | undefined)[][] = [];
    const page = await open(gateway.url, WIDE, (opened) => {
      opened.on('request', (request) => {
        if (request.resourceType() !== 'fetch') return;
        const { authorization, 'cache-control': cache } = request.headers();
        asked.push([request.url(), authorization, cache]);
      });
    });
    await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
    expect(asked).toEqual([[`${gateway.url}/v1/models`, undefined, 'max-age=0']]);
    expect(upstream.requests).toHaveLength(1);
  });

  describe('the search', () => {
    it('finds models by all words, in ids, names, owners and descriptions', async () => {
      const page = await openWith(MODELS);
      const search = page.getByRole('searchbox', { name: 'Search models' });
      await search.fill('ORBIT larg');
      await shows(page, [ORBIT.id]);
      expect(await statusOf(page)).toBe('1 of 3 models');
      expect(await page.locator('#list mark').allTextContents()).toContain('orbit');
      await search.fill('long documents');
      await shows(page, [ORBIT.id]);
      await search.fill('comet');
      await shows(page, [COMET.id]);
    });

    it('says when nothing matches, and shows all again', async () => {
      const page = await openWith(MODELS);
      await page.getByRole('searchbox').fill('nowhere');
      await page.getByRole('heading', { name: 'No model matches' }).waitFor();
      await page.getByRole('button', { name: 'Show all models' }).click();
      await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
    });
  });

  describe('filters', () => {
    it('by capability leave models that have all of those chosen', async () => {
      const page = await openWith(MODELS);
      const group = page.getByRole('group', { name: 'Capabilities' });
      expect(await group.getByRole('button').allInnerTexts()).toEqual([
        expect.stringMatching(/^chat\s*2$/),
        expect.stringMatching(/^embeddings\s*1$/),
        expect.stringMatching(/^text generation\s*1$/),
        expect.stringMatching(/^tools\s*1$/),
        expect.stringMatching(/^vision\s*1$/),
      ]);
      await group.getByRole('button', { name: 'chat' }).click();
      await shows(page, [ORBIT.id, COMET.id]);
      await group.getByRole('button', { name: 'vision' }).click();
      await shows(page, [ORBIT.id]);
      await group.getByRole('button', { name: 'chat' }).click();
      await group.getByRole('button', { name: 'vision' }).click();
      await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
    });

    it('by owner, and orders', async () => {
      const page = await openWith(MODELS);
      await page.getByRole('combobox', { name: 'Owner' }).selectOption('orbit');
      await shows(page, [ORBIT.id, EMBED.id]);
      await page.getByRole('combobox', { name: 'Owner' }).selectOption('');
      const order = page.getByRole('combobox', { name: 'Order' });
      await order.selectOption('name');
      await shows(page, [COMET.id, EMBED.id, ORBIT.id]);
      await order.selectOption('newest');
      await shows(page, [EMBED.id, ORBIT.id, COMET.id]);
      await order.selectOption('context');
      await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
      await order.selectOption('price');
      await shows(page, [COMET.id, ORBIT.id, EMBED.id]);
    });

    it('are not offered for a list that says nothing but ids', async () => {
      const page = await openWith(json({ data: [{ id: 'a' }, { id: 'b' }] }));
      await shows(page, ['a', 'b']);
      expect(await page.getByRole('group').count()).toBe(0);
      expect(await page.getByRole('combobox', { name: 'Owner' }).count()).toBe(0);
    });
  });

  describe('with several providers', () => {
    it('filters by provider, and says which one is missing and why', async () => {
      const [first, second] = await Promise.all([
        started(startFakeUpstream(json({ data: [ORBIT, EMBED] }))),
        started(startFakeUpstream(json({ data: [COMET, { ...EMBED, owned_by: 'other' }] }))),
      ]);
      const gateway = await started(
        startGateway({
          MODEL_ENGINES: 'lab_1,lab_2,lab_3',
          LAB_1_BASE_URL: first.url,
          LAB_2_BASE_URL: second.url,
          // The discard port: nothing listens there.
          LAB_3_BASE_URL: 'http://127.0.0.1:9',
          UPSTREAM_MAX_RETRIES: '0',
        }),
      );
      const page = await open(gateway.url);
      await shows(page, [ORBIT.id, EMBED.id, COMET.id]);
      const group = page.getByRole('group', { name: 'Providers' });
      expect(await group.getByRole('button').allInnerTexts()).toEqual([
        expect.stringMatching(/^lab_1\s*2$/),
        expect.stringMatching(/^lab_2\s*1$/),
        expect.stringMatching(/^lab_3\s*missing$/),
      ]);
      expect(await group.getByRole('button', { name: 'lab_3' }).isDisabled()).toBe(true);
      expect(await page.locator('#notices').innerText()).toMatch(
        /A provider is missing\.\s+lab_3 cannot be reached upstream_unreachable/,
      );
      await group.getByRole('button', { name: 'lab_2' }).click();
      await shows(page, [COMET.id]);
      await group.getByRole('button', { name: 'lab_1' }).click();
      await shows(page, [ORBIT.id, EMBED.id, COMET.id]);
      await row(page, EMBED.id).click();
      expect(await facts(page)).toMatchObject({ Provider: 'lab_1', Owner: 'orbit' });
    });
  });

  describe('the details of a model', () => {
    it('say all that is known, and its JSON', async () => {
      const page = await openWith(MODELS);
      await row(page, ORBIT.id).click();
      const details = page.getByRole('dialog', { name: 'Orbit Large 2' });
      expect(await facts(page)).toEqual({
        Context: '131K (131,072 tokens)',
        'Longest answer': '8.19K (8,192 tokens)',
        Input: 'text, image',
        Output: 'text',
        Owner: 'orbit',
        Created: '2026-09-21',
        Lifecycle: 'deprecated',
        Deprecated: '2026-12-01',
        Ends: '2027-03-31',
      });
      expect(await details.getByRole('row').allInnerTexts()).toEqual([
        expect.stringMatching(/^input\s+\$2\.50\s+for 1M tokens$/),
        expect.stringMatching(/^output\s+\$10\.00\s+for 1M tokens$/),
        expect.stringMatching(/^request\s+\$0\.02\s+for a request$/),
      ]);
      expect(await details.locator('.tag').allTextContents()).toEqual([
        'chat',
        'text generation',
        'vision',
        'tools',
      ]);
      expect(await details.locator('.parameter').allTextContents()).toEqual(['max_tokens', 'tools']);
      expect(JSON.parse((await details.locator('pre').textContent()) ?? '')).toMatchObject({
        ...ORBIT,
        capabilities: ['chat', 'text_generation', 'vision', 'tools'],
        object: 'model',
        max_model_len: 131_072,
      });
      await details.getByRole('button', { name: 'Close' }).click();
      await details.waitFor({ state: 'hidden' });
    });

    it('move from beside the list to over it, and back, with the width of the window', async () => {
      const page = await openWith(MODELS);
      await row(page, ORBIT.id).click();
      expect(await page.locator('dialog:modal').count()).toBe(0);
      await page.setViewportSize(PHONE.viewport);
      await page.locator('dialog:modal').waitFor();
      await page.setViewportSize(WIDE.viewport);
      await page.locator('dialog[open]:not(:modal)').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'hidden' });
    });
  });

  describe('copying an id', () => {
    it.each([
      ['by the clipboard of the browser', false],
      ['where the browser offers no clipboard, as over HTTP', true],
    ])('works %s', async (_name, isInsecure) => {
      const page = await openWith(MODELS);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      if (isInsecure) {
        await page.evaluate('navigator.clipboard.writeText = undefined');
      }
      await row(page, ORBIT.id).hover();
      await page.getByRole('button', { name: `Copy ${ORBIT.id}` }).click();
      await page.getByText('Copied', { exact: true }).waitFor({ state: 'attached' });
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(ORBIT.id);
      await row(page, COMET.id).click();
      await page.getByRole('button', { name: 'Copy the JSON' }).click();
      await page.locator('dialog .copy.done').waitFor();
      expect(JSON.parse(await page.evaluate('navigator.clipboard.readText()'))).toMatchObject({
        id: COMET.id,
      });
    });
  });

  describe('a key', () => {
    const PROTECTED: Script = (request, response) => {
      const isKnown = request.headers.authorization === `Bearer ${secret('right')}`;
      const script = isKnown
        ? MODELS
        : json({ error: { message: 'Who are you?', code: 'invalid_api_key' } }, 401);
      script(request, response);
    };

    it('is asked for after a 401, stays in the memory of the page, and can be forgotten', async () => {
      const { gateway, upstream } = shared(PROTECTED);
      const page = await open(gateway.url);
      await page.getByRole('heading', { name: 'A key is needed' }).waitFor();
      expect(await page.getByRole('alert').filter({ hasText: 'HTTP 401' }).innerText()).toMatch(
        /HTTP 401\s+invalid_api_key\s+request \S+/,
      );
      const field = page.getByLabel('Your key for the provider or this gateway');
      expect(await page.evaluate('document.activeElement.id')).toBe('key');
      expect([await field.getAttribute('type'), await field.getAttribute('autocomplete')]).toEqual([
        'password',
        'off',
      ]);

      await page.keyboard.type(secret('wrong'));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'This key was refused' }).waitFor();
      await page.getByText('Who are you?').waitFor();

      await field.fill(`  Bearer ${secret('right')} `);
      await page.getByRole('button', { name: 'Use it' }).click();
      await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
      expect(await field.inputValue()).toBe('');
      expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
        undefined,
        `Bearer ${secret('wrong')}`,
        `Bearer ${secret('right')}`,
      ]);
      expect(
        await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie, location.href]'),
      ).toEqual([0, 0, '', `${gateway.url}/`]);
      expect(await page.content()).not.toContain('SECRET0');

      await page.getByRole('button', { name: 'Your key is used' }).click();
      await page.getByRole('button', { name: 'Forget it' }).click();
      await page.getByRole('heading', { name: 'A key is needed' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'A key is needed' }).waitFor();
      expect(upstream.requests.at(-1)?.headers.authorization).toBeUndefined();
    });

    it('that no header can hold is not sent', async () => {
      const { gateway, upstream } = shared(MODELS);
      const page = await open(gateway.url);
      await page.getByRole('button', { name: 'Use a key' }).click();
      await page.keyboard.type('two words');
      await page.keyboard.press('Enter');
      await page.getByText('A key has letters, digits and signs only, without spaces.').waitFor();
      expect(upstream.requests).toHaveLength(1);
      await page.keyboard.press('Escape');
      await page.getByLabel('Your key for the provider or this gateway').waitFor({ state: 'hidden' });
    });
  });

  describe('without models', () => {
    it('says that the list is empty, and what may be the reason', async () => {
      const page = await openWith(emptyList);
      await page.getByRole('heading', { name: 'The list is empty' }).waitFor();
      await page.getByText('MODELS_ALLOW').waitFor();
      shared(MODELS);
      await page.getByRole('button', { name: 'Try again' }).click();
      await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
    });

    it("repeats the gateway's message of a 502, and tries again", async () => {
      const page = await openWith(json({ error: { message: 'Loading model' } }, 503));
      await page.getByRole('heading', { name: 'The provider gave no list' }).waitFor();
      const alert = page.getByRole('alert').filter({ hasText: 'HTTP 502' });
      expect(await alert.innerText()).toMatch(
        /The provider answered 503.*\s+HTTP 502\s+upstream_error\s+request /,
      );
      shared(MODELS);
      await page.getByRole('button', { name: 'Try again' }).click();
      await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
    });

    it.each([
      [
        'HTML of a proxy',
        { status: 200, contentType: 'text/html', body: '<h1>Sign in</h1>' },
        'This is no list of models',
      ],
      ['an error without a message', { status: 500, body: '' }, 'There is no list'],
      [
        'too many requests',
        { status: 429, headers: { 'retry-after': '120' }, body: '' },
        'Try again in 2 minutes.',
      ],
      ['a busy gateway', { status: 503, body: '{}' }, 'The gateway is busy'],
    ])('explains %s', async (_name, answer, text) => {
      const page = await openWith(MODELS);
      await page.route('**/v1/models', (route) => route.fulfill(answer));
      await page.getByRole('button', { name: 'Ask the provider again' }).click();
      await page.getByText(text).waitFor();
    });

    it('explains a gateway that does not answer', async () => {
      const page = await openWith(MODELS);
      await page.route('**/v1/models', (route) => route.abort());
      await page.getByRole('button', { name: 'Ask the provider again' }).click();
      await page.getByRole('heading', { name: 'The gateway cannot be reached' }).waitFor();
    });
  });

  it('says that a list is old, and asks the provider again on a click', async () => {
    const { upstream } = shared(MODELS);
    const page = await openWith(MODELS);
    const asked: (string | undefined)[] = [];
    await page.route('**/v1/models', async (route) => {
      asked.push(route.request().headers()['cache-control']);
      const headers = { age: '720', 'cache-status': 'models-gateway; hit; ttl=-120' };
      await route.fulfill({ json: { data: [COMET] }, headers });
    });
    await page.getByRole('button', { name: 'Ask the provider again' }).click();
    await page.getByText('This list is 12 minutes old.').waitFor();
    await shows(page, [COMET.id]);
    expect(asked).toEqual(['no-cache']);
    expect(upstream.requests).toHaveLength(1);
  });

  it('shows 3,000 models without a stall', async () => {
    const models = Array.from({ length: 3000 }, (_, index) => ({
      ...ORBIT,
      id: `vendor-${String(index % 50)}/model-${String(index)}`,
      owned_by: `vendor-${String(index % 50)}`,
      capabilities: index % 2 === 0 ? ['chat', 'tools'] : ['embeddings'],
      description: 'A model for tests. '.repeat(6),
    }));
    const { gateway } = shared(json({ data: models }));
    const page = await open(gateway.url, WIDE, (opened) =>
      browser.startTracing(opened, { categories: ['__metadata', 'disabled-by-default-devtools.timeline'] }),
    );
    await page.getByText('3,000 models', { exact: true }).waitFor();
    const search = page.getByRole('searchbox');
    await search.pressSequentially('model-29');
    await page.getByText(/^\d+ of 3,000 models$/).waitFor();
    await search.fill('');
    await page
      .getByRole('group', { name: 'Capabilities' })
      .getByRole('button', { name: 'embeddings' })
      .click();
    await page.getByText('1,500 of 3,000 models').waitFor();
    await page.getByRole('combobox', { name: 'Order' }).selectOption('name');
    await page.keyboard.press('/');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await row(page, 'vendor-49/model-2999').waitFor();
    for (let step = 0; step < 20; step += 1) await page.mouse.wheel(0, -3000);
    expect(await page.locator('#list li').count()).toBeLessThan(60);
    expect(slowestTaskOf(await browser.stopTracing())).toBeLessThan(MAX_TASK_MS);
  });

  it('shows hostile names as text', async () => {
    const hostile = [
      '<img src=x onerror=alert(1)>',
      '</script><script>alert(2)</script>',
      '"><svg/onload=alert(3)>',
      'javascript:alert(4)',
      '__proto__',
      'constructor',
      '${alert(5)}',
      '\u202Eevil\u202C',
      'x'.repeat(3000),
      'a'.repeat(40) + '\u0301'.repeat(200),
      '모델/模型-🚀',
    ];
    const rows = hostile.map((id) => ({
      id,
      owned_by: id,
      display_name: `name ${id}`,
      capabilities: ['chat'],
      description: id,
    }));
    const page = await openWith(json({ data: rows }), PHONE);
    await shows(page, hostile);
    for (const id of hostile.slice(0, 8)) {
      await page.getByRole('searchbox').fill(id);
      await row(page, id).click();
      expect(JSON.parse((await page.locator('dialog pre').textContent()) ?? '')).toMatchObject({ id });
      await page.getByRole('button', { name: 'Close' }).click();
    }
    await page.getByRole('searchbox').fill('');
    expect(await page.locator('img, script:not(body > script), #list svg:not(.icon)').count()).toBe(0);
    expect(await overflowOf(page)).toBe(0);
  });

  it('is used by the keyboard alone', async () => {
    const page = await openWith(MODELS);
    await page.keyboard.press('Tab');
    await untilFocused(page, 'Skip to the models');
    await page.keyboard.press('/');
    await page.keyboard.type('orbit/');
    await page.keyboard.press('ArrowDown');
    await untilFocused(page, ORBIT.id);
    expect(await hasVisibleFocus(page)).toBe(true);
    await page.keyboard.press('Tab');
    await untilFocused(page, `Copy ${ORBIT.id}`);
    expect(await hasVisibleFocus(page)).toBe(true);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Orbit Large 2' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await untilFocused(page, EMBED.id);
    await page.getByRole('dialog', { name: EMBED.id }).waitFor();
    await page.keyboard.press('Home');
    await page.getByRole('dialog', { name: 'Orbit Large 2' }).waitFor();
    await page.getByRole('button', { name: 'Copy the id' }).focus();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'hidden' });
    await untilFocused(page, ORBIT.id);
    await page.keyboard.press('ArrowUp');
    await untilFocused(page, 'Search models');
    await page.keyboard.press('Escape');
    await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
    const buttons = page
      .getByRole('group', { name: 'Capabilities' })
      .getByRole('button', { name: 'embeddings' });
    await buttons.focus();
    expect(await hasVisibleFocus(page)).toBe(true);
    await page.keyboard.press('Space');
    await shows(page, [EMBED.id]);
  });

  it('keeps the focus in the search while the details of a model are open', async () => {
    const page = await openWith(MODELS);
    await row(page, ORBIT.id).click();
    await page.getByRole('dialog', { name: 'Orbit Large 2' }).waitFor();
    await page.getByRole('searchbox').click();
    await page.keyboard.type(EMBED.id);
    expect(await page.getByRole('searchbox').inputValue()).toBe(EMBED.id);
    await untilFocused(page, 'Search models');
    await shows(page, [EMBED.id]);
  });

  it('has the roles that screen readers need', async () => {
    const page = await openWith(MODELS);
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    for (const role of ['banner', 'main', 'navigation', 'contentinfo'] as const) {
      expect([role, await page.getByRole(role).count()]).toEqual([role, 1]);
    }
    const items = page.getByRole('list', { name: 'Models', exact: true }).getByRole('listitem');
    expect(await items.count()).toBe(3);
    expect([
      await items.nth(1).getAttribute('aria-posinset'),
      await items.nth(1).getAttribute('aria-setsize'),
    ]).toEqual(['2', '3']);
    const open = row(page, ORBIT.id);
    expect(await open.getAttribute('aria-expanded')).toBe('false');
    await open.click();
    expect(await open.getAttribute('aria-expanded')).toBe('true');
    const unnamed = await page.getByRole('button', { name: /^$/ }).count();
    expect(unnamed).toBe(0);
  });

  it('fits a phone', async () => {
    const page = await openWith(MODELS, PHONE);
    expect(await overflowOf(page)).toBe(0);
    await page.getByRole('button', { name: 'Use a key' }).click();
    expect(await overflowOf(page)).toBe(0);
    await page.keyboard.press('Escape');
    await row(page, ORBIT.id).click();
    const sheet = page.locator('dialog:modal');
    await sheet.waitFor();
    expect(await page.evaluate('details.scrollWidth - details.clientWidth')).toBe(0);
    await untilFocused(page, 'Close');
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'hidden' });
    await untilFocused(page, ORBIT.id);
  });

  it('is dark or light as the system is, until a click changes it', async () => {
    for (const [colorScheme, other] of [
      ['dark', 'light'],
      ['light', 'dark'],
    ] as const) {
      const page = await openWith(MODELS, { ...WIDE, colorScheme });
      expect(await shadeOf(page)).toBe(colorScheme);
      await page.getByRole('button', { name: other === 'dark' ? 'Dark colours' : 'Light colours' }).click();
      expect(await shadeOf(page)).toBe(other);
      expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
      await page.reload();
      expect(await shadeOf(page)).toBe(colorScheme);
    }
  });

  it('moves nothing for those who want no motion', async () => {
    const page = await openWith(MODELS, { ...PHONE, reducedMotion: 'reduce' });
    await row(page, ORBIT.id).click();
    await page.locator('dialog:modal').waitFor();
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    expect(
      await page.evaluate(`[...document.querySelectorAll('*')].filter((element) => {
        const { animationName, transitionDuration } = getComputedStyle(element);
        return animationName !== 'none' || transitionDuration !== '0s';
      }).length`),
    ).toBe(0);
  });

  it.each([
    ['under BASE_PATH', '/llm', (url: string) => Promise.resolve(`${url}/llm`)],
    [
      'behind a proxy that strips a prefix',
      '',
      async (url: string) => (await started(startPrefixProxy(url))).url,
    ],
  ])('and the documentation find each other %s', async (_name, basePath, addressOf) => {
    const { gateway } = await startScenario(MODELS, { BASE_PATH: basePath });
    const address = await addressOf(gateway.url);
    for (const page of [await open(address), await open(`${address}/`)]) {
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
      await page.getByRole('link', { name: 'API' }).click();
      await page.waitForURL(`${address}/docs`);
      await page.getByRole('link', { name: 'All models' }).click();
      await page.waitForURL(`${address}/`);
      await shows(page, [ORBIT.id, COMET.id, EMBED.id]);
      expect(asked.filter((url) => !url.startsWith('data:') && !url.startsWith(`${address}/`))).toEqual([]);
    }
  });
});

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** The processor's time, µs: unlike that of a clock, it does not depend on what else the machine does. */
  readonly tdur?: number;
}

/** How long the slowest task of a page's main thread took, in ms of the processor's time. */
function slowestTaskOf(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${String(pid)}/${String(tid)}`;
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(threadOf),
  );
  const tasks = traceEvents.filter((event) => event.name === 'RunTask' && threads.has(threadOf(event)));
  const times = tasks.map(({ tdur }) => tdur).filter((time) => time !== undefined);
  expect(times.length).toBeGreaterThan(100);
  return Math.max(...times) / 1000;
}

/** Waits until the list shows these ids, in this order. */
async function shows(page: Page, ids: readonly string[]): Promise<void> {
  const shown = page.locator('#list li .id');
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const texts = await shown.allTextContents();
    if (JSON.stringify(texts) === JSON.stringify(ids)) return;
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 20)))');
  }
  expect(await shown.allTextContents()).toEqual(ids);
}

/** The button that opens the details of a model. */
function row(page: Page, id: string): Locator {
  return page.locator('#list .open').filter({ has: page.locator('.id').getByText(id, { exact: true }) });
}

async function statusOf(page: Page): Promise<string> {
  return page.locator('#status').innerText();
}

/** What the details say in their list. */
async function facts(page: Page): Promise<Record<string, string>> {
  const [terms, values] = await Promise.all(
    ['dt', 'dd'].map((tag) => page.locator(`dialog ${tag}`).allTextContents()),
  );
  return Object.fromEntries((terms ?? []).map((term, index) => [term, values?.[index] ?? '']));
}

/** What the element with the focus is called. */
/** Waits until what has the focus has a text in its label. The page moves the focus after what it closes is hidden. */
async function untilFocused(page: Page, text: string): Promise<void> {
  const label = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent";
  await until(`the focus is on ${text}`, async () => (await page.evaluate<string>(label)).includes(text));
}

async function hasVisibleFocus(page: Page): Promise<boolean> {
  return page.evaluate(`{
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  }`);
}

/** By how many pixels the page is wider than its window. */
async function overflowOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth');
}

async function shadeOf(page: Page): Promise<string> {
  const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  return Number(/\d+/.exec(colour)?.[0]) < 128 ? 'dark' : 'light';
}
