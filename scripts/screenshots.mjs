// @ts-check
// `npm run screenshots`: takes the pictures of the catalogue page in docs/images, with the Chromium of this machine. The
// gateway lists invented models of three providers, and the mock vLLM's; a fifth provider is not there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const VIEWPORT = { width: 1200, height: 700 };
const START_LIMIT_MS = 20_000;
const POLL_INTERVAL_MS = 100;
const images = new URL('../docs/images/', import.meta.url);

/** Id, name, context, USD for 1M tokens in and out, capabilities, further fields. */
const ORBIT = [
  [
    'orbit-large-2',
    'Orbit Large 2',
    1_048_576,
    2.5,
    10,
    ['chat', 'vision', 'tools', 'reasoning', 'structured_output'],
    {
      max_output_tokens: 65_536,
      description:
        'The flagship for long documents, code and agents: it plans, calls tools and reads images, and keeps a book in mind.',
      architecture: { input_modalities: ['text', 'image', 'file'], output_modalities: ['text'] },
      cached: 0.25,
      supported_parameters: [
        'max_tokens',
        'temperature',
        'tools',
        'tool_choice',
        'response_format',
        'reasoning',
        'seed',
      ],
    },
  ],
  [
    'orbit-large-2-mini',
    'Orbit Large 2 mini',
    1_048_576,
    0.4,
    1.6,
    ['chat', 'vision', 'tools', 'structured_output'],
  ],
  [
    'orbit-large-1',
    'Orbit Large 1',
    128_000,
    3,
    12,
    ['chat', 'vision', 'tools'],
    { lifecycle: 'deprecated', deprecates_at: 1_785_542_400, shutdown_date: '2027-03-31' },
  ],
  ['orbit-reason-pro', 'Orbit Reason Pro', 200_000, 15, 60, ['chat', 'tools', 'reasoning']],
  ['orbit-embed-3', 'Orbit Embed 3', 8_192, 0.02, undefined, ['embeddings']],
  ['orbit-paint', 'Orbit Paint', undefined, undefined, undefined, ['image_generation', 'vision']],
  ['orbit-voice', 'Orbit Voice', undefined, 0.6, 12, ['speech', 'audio']],
];
const COMET = [
  ['comet/aurora-4-opus', 'Aurora 4 Opus', 500_000, 5, 25, ['chat', 'vision', 'tools', 'reasoning']],
  ['comet/aurora-4-swift', 'Aurora 4 Swift', 200_000, 0.8, 4, ['chat', 'vision', 'tools']],
  [
    'comet/aurora-3',
    'Aurora 3',
    100_000,
    3,
    15,
    ['chat'],
    { lifecycle: 'retired', shutdown_date: '2026-10-31' },
  ],
  ['comet/rank-2', 'Rank 2', 32_768, 0.05, undefined, ['rerank']],
];
const NEBULA = [
  ['nebula/atlas-235b-a22b:free', 'Atlas 235B A22B (free)', 262_144, 0, 0, ['chat', 'tools', 'reasoning']],
  ['nebula/atlas-30b-coder', 'Atlas 30B Coder', 262_144, 0.07, 0.28, ['chat', 'tools', 'structured_output']],
  ['nebula/lumen-vl-72b', 'Lumen VL 72B', 131_072, 0.25, 0.75, ['chat', 'vision']],
  ['nebula/echo-large-v3', 'Echo Large v3', undefined, undefined, undefined, ['transcription']],
  ['nebula/atlas-embed-8b', 'Atlas Embed 8B', 32_768, 0.01, undefined, ['embeddings']],
];

/** @type {(owner: string, rows: any[][]) => object[]} */
function modelsOf(owner, rows) {
  return rows.map(
    (
      [id, display_name, context_length, prompt, completion, capabilities, { cached, ...more } = {}],
      index,
    ) => ({
      id,
      created: 1_790_000_000 - index * 7_654_321,
      owned_by: owner,
      display_name,
      context_length,
      capabilities,
      ...(prompt !== undefined && {
        pricing: {
          prompt: perToken(prompt),
          ...(completion !== undefined && { completion: perToken(completion) }),
          ...(cached !== undefined && { input_cache_read: perToken(cached) }),
        },
      }),
      ...more,
    }),
  );
}

/** @type {(perMillion: number) => string} */
function perToken(perMillion) {
  return (perMillion / 1e6).toFixed(12).replace(/\.?0+$/, '');
}

const folder = await mkdtemp(join(tmpdir(), 'models-gateway-'));
/** @type {import('node:child_process').ChildProcess[]} */
const children = [];
try {
  await takePictures();
} finally {
  for (const child of children) child.kill('SIGTERM');
  await rm(folder, { recursive: true });
}

async function takePictures() {
  await mkdir(images, { recursive: true });
  const vllm = await started(
    '../test/mock-vllm/server.mjs',
    { MOCK_HOST: '127.0.0.1', MOCK_PORT: '0' },
    /listens on (\S+)/,
  );
  const lists = await Promise.all(
    Object.entries({
      ORBIT: modelsOf('orbit', ORBIT),
      COMET: modelsOf('comet', COMET),
      NEBULA: modelsOf('nebula', NEBULA),
    }).map(async ([engine, models]) => {
      const file = join(folder, `${engine}.json`);
      await writeFile(file, JSON.stringify(models));
      return [`${engine}_MODELS_STATIC_FILE`, file];
    }),
  );
  const port = await freePort();
  const gateway = `http://127.0.0.1:${port}`;
  await started(
    '../dist/main.js',
    {
      PORT: port,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      NODE_ENV: 'production',
      MODEL_ENGINES: 'orbit,comet,vllm,nebula,lab',
      VLLM_BASE_URL: vllm,
      // The discard port: nothing listens there.
      LAB_BASE_URL: 'http://127.0.0.1:9',
      UPSTREAM_MAX_RETRIES: '0',
      ...Object.fromEntries(lists),
    },
    /engine lab/,
  );
  await ready(`${gateway}/readyz`);
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none'],
  });
  try {
    await picture(browser, gateway, 'catalogue-light.png', {
      colorScheme: 'light',
      viewport: VIEWPORT,
    });
    await picture(
      browser,
      gateway,
      'catalogue-dark.png',
      { colorScheme: 'dark', viewport: VIEWPORT },
      'orbit-large-2',
    );
  } finally {
    await browser.close();
  }
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} gateway
 * @param {string} name
 * @param {import('playwright-core').BrowserContextOptions} options
 * @param {string} [model] whose details are open
 */
async function picture(browser, gateway, name, options, model) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(gateway);
  await page.locator('#list li').first().waitFor();
  if (model !== undefined) await page.locator('#list .open').filter({ hasText: model }).first().click();
  await page.mouse.move(0, 0);
  await page.screenshot({
    path: fileURLToPath(new URL(name, images)),
    animations: 'disabled',
    caret: 'hide',
  });
  await context.close();
}

/**
 * Starts a script, and waits for a line of its output.
 * @param {string} script
 * @param {Record<string, string>} environment
 * @param {RegExp} line
 * @returns what the first group of the pattern matches
 */
async function started(script, environment, line) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url))], {
    // Neither keys in the user's environment nor a .env.
    env: environment,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const timeout = setTimeout(() => child.kill(), START_LIMIT_MS);
  for await (const text of createInterface({
    input: /** @type {import('node:stream').Readable} */ (child.stdout),
  })) {
    const match = line.exec(text);
    if (match === null) continue;
    clearTimeout(timeout);
    child.stdout?.resume();
    return match[1] ?? '';
  }
  throw new Error(`${script} has not started.`);
}

/** The Chromium of this machine. */
function chromiumPath() {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = folders.map((each) => join(each, 'chromium')).find((each) => existsSync(each));
  if (path === undefined) throw new Error('chromium is not on the PATH.');
  return path;
}

/** @type {(url: string) => Promise<void>} */
async function ready(url) {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await sleep(POLL_INTERVAL_MS);
  }
  throw new Error('The gateway was not ready in time.');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return String(port);
}
