// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/*
 * `npm run demo`: a mock vLLM and the gateway in front of it, until Ctrl-C.
 * PORT, 8000 by default, is the only variable of the environment that it reads.
 */
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;
const POLL_INTERVAL_MS = 100;

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */
/** @type {Set<ChildProcess>} */
const children = new Set();
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));

try {
  await demonstrate();
} catch (error) {
  await stop(1, error instanceof Error ? error.message : String(error));
}

async function demonstrate() {
  const port = process.env['PORT']?.trim() || '8000';
  await checkPort(port);
  const upstream = await startMockVllm();
  start('The gateway', '../dist/main.js', {
    PORT: port,
    HOST: '127.0.0.1',
    MAIN_MODEL_ENGINE: 'vllm',
    MAIN_MODEL_BASE_URL: `${upstream}/v1`,
  });
  const gateway = `http://localhost:${port}`;
  await waitUntilReady(`${gateway}/readyz`);
  const response = await fetch(`${gateway}/v1/models`);
  const list = await response.json();
  if (!response.ok) throw new Error(`The gateway answered ${response.status}: ${list.error.message}`);
  process.stdout.write(`
GET ${gateway}/v1/models

${JSON.stringify(list, null, 2)}

Once more:     curl ${gateway}/v1/models
One model:     curl ${gateway}/v1/models/${list.data[0].id}
In a browser:  ${gateway}/
Ctrl-C ends the demo.

`);
}

/** @type {(port: string) => Promise<void>} */
async function checkPort(port) {
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new Error('PORT must be a whole number from 1 to 65535.');
  }
  // On all interfaces: a program that listens on another one would receive the gateway's requests.
  const probe = createServer().listen(Number(port));
  try {
    await once(probe, 'listening');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const reason = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
    throw new Error(`Port ${port} ${reason}. Take another one, for example: PORT=8001 npm run demo`, {
      cause: error,
    });
  }
  probe.close();
  await once(probe, 'close');
}

/** @type {() => Promise<string>} */
async function startMockVllm() {
  const environment = { MOCK_HOST: '127.0.0.1', MOCK_PORT: '0' };
  const mock = start('The mock vLLM', '../test/mock-vllm/server.mjs', environment, 'pipe');
  const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (mock.stdout) });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(START_LIMIT_MS) });
  return String(line).replace(/^.* /, '');
}

/** @type {(url: string) => Promise<void>} */
async function waitUntilReady(url) {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
    if (response?.ok) return;
    await sleep(POLL_INTERVAL_MS);
  }
  throw new Error(`The gateway was not ready within ${START_LIMIT_MS / 1000} seconds.`);
}

/**
 * Starts a script as a child process. The demo ends when the child does.
 * @type {(name: string, script: string, environment: Record<string, string>, stdout?: 'pipe') => ChildProcess}
 */
function start(name, script, environment, stdout) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url))], {
    // Keys in the user's environment or in a .env must not leave this machine, so the children get this environment
    // only, and run in the folder of the build.
    env: environment,
    cwd: new URL('../dist/', import.meta.url),
    stdio: ['ignore', stdout ?? 'inherit', 'inherit'],
  });
  children.add(child);
  child.once('error', ({ message }) => {
    children.delete(child);
    void stop(1, `${name} cannot be started: ${message}`);
  });
  child.once('exit', (code, signal) => {
    children.delete(child);
    void stop(1, `${name} has ended (${signal ?? `exit code ${code}`}).`);
  });
  return child;
}

/**
 * Ends the children, then the demo.
 * @type {(exitCode: number, message?: string) => Promise<void>}
 */
async function stop(exitCode, message) {
  if (stopping) return;
  stopping = true;
  if (message !== undefined) process.stderr.write(`${message}\n`);
  const ends = [...children].map((child) => once(child, 'exit'));
  for (const child of children) child.kill('SIGTERM');
  await Promise.race([Promise.all(ends), sleep(STOP_LIMIT_MS)]);
  for (const child of children) child.kill('SIGKILL');
  process.exit(exitCode);
}
