import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import { started } from '../support/scenario.js';
import { freePort } from '../support/start-process.js';
import { until } from '../support/until.js';

/** More lines than the pipe and the pending lines hold, with a long id each. */
const TOO_MANY = 10_000;
const AT_ONCE = 50;

let main: string;
let folder: string;

beforeAll(async () => {
  main = await builtService();
}, BUILD_MS);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-gateway-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Running {
  readonly url: string;
  readonly child: ChildProcess;
}

/** Starts the service with its standard output somewhere. */
async function startWithOutput(stdout: number | 'pipe'): Promise<Running> {
  const upstream = await started(startFakeUpstream(json({ data: [{ id: 'a' }] })));
  const port = String(await freePort());
  const child = spawn(process.execPath, [main], {
    cwd: folder,
    env: {
      HOST: '127.0.0.1',
      PORT: port,
      MAIN_MODEL_ENGINE: 'vllm',
      MAIN_MODEL_BASE_URL: upstream.url,
      NODE_ENV: 'production',
    },
    stdio: ['ignore', stdout, 'inherit'],
  });
  await started(Promise.resolve({ close: () => ended(child) }));
  const url = `http://127.0.0.1:${port}`;
  await until('the service answers', () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { url, child };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function exitCode(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = (await exited) as [number | null];
  return code;
}

async function ask(url: string, count: number): Promise<number[]> {
  const headers = { 'x-request-id': 'x'.repeat(128) };
  const statuses: number[] = [];
  while (statuses.length < count) {
    const answers = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - statuses.length) }, async () => {
        const response = await fetch(`${url}/v1/models`, { headers });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    statuses.push(...answers);
  }
  return [...new Set(statuses)];
}

async function lostLines(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^models_gateway_log_lines_lost_total (\d+)$/m.exec(text)?.[1]);
}

describe('standard output', () => {
  it('on a full disk costs log lines, which are counted', async () => {
    const full = openSync('/dev/full', 'w');
    const { url, child } = await startWithOutput(full);
    closeSync(full);
    expect(await ask(url, 20)).toEqual([200]);
    await until('the lost lines are counted', async () => (await lostLines(url)) >= 20);
    expect(await ask(url, 1)).toEqual([200]);
    expect(await exitCode(child, 'SIGTERM')).toBe(0);
  });

  it('that stalls costs log lines, and neither answers nor the end', async () => {
    const { url, child } = await startWithOutput('pipe');
    child.stdout?.pause();
    for (let asked = 0; asked < TOO_MANY && (await lostLines(url)) === 0; asked += 500)
      expect(await ask(url, 500)).toEqual([200]);
    expect(await lostLines(url)).toBeGreaterThan(0);
    expect(await ask(url, AT_ONCE)).toEqual([200]);
    expect(await exitCode(child, 'SIGTERM')).toBe(0);
  }, 120_000);

  it('whose reader goes away costs log lines only', async () => {
    const { url, child } = await startWithOutput('pipe');
    child.stdout?.destroy();
    expect(await ask(url, 20)).toEqual([200]);
    await until('the lost lines are counted', async () => (await lostLines(url)) >= 20);
    expect(await exitCode(child, 'SIGTERM')).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'has every line when %s ends the service',
    async (signal) => {
      const { url, child } = await startWithOutput('pipe');
      const output = text(child.stdout);
      expect(await ask(url, 20)).toEqual([200]);
      expect(await exitCode(child, signal)).toBe(0);
      expect((await output).match(/"route":"\/v1\/models"/g)).toHaveLength(20);
    },
  );
});

async function text(stream: Readable | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
