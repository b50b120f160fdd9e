import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import { describeWithProgram } from '../support/program.js';
import { started } from '../support/scenario.js';
import { freePort } from '../support/start-process.js';
import { temporaryFolders } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** More lines than the pipe and the pending lines hold, with a long id each. */
const TOO_MANY = 10_000;
const AT_ONCE = 50;
/** Runs a command in a terminal. The one of macOS has other options. */
const SCRIPT = process.platform === 'linux' ? 'script' : 'script of util-linux';

const newFolder = temporaryFolders();
let main: string;
let folder: string;

beforeAll(async () => {
  main = await builtService();
}, BUILD_MS);

beforeEach(() => {
  folder = newFolder();
});

interface Running {
  readonly url: string;
  readonly child: ChildProcess;
}

/** Starts the service with its standard output somewhere. */
function startWithOutput(stdout: number | 'pipe'): Promise<Running> {
  return startCommand(process.execPath, [main], { NODE_ENV: 'production' }, stdout);
}

/** Starts a command that runs the service, until the end of the test. */
async function startCommand(
  command: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
  stdout: number | 'pipe',
): Promise<Running> {
  const upstream = await started(startFakeUpstream(json({ data: [{ id: 'a' }] })));
  const port = String(await freePort());
  const child = spawn(command, options, {
    cwd: folder,
    env: {
      HOST: '127.0.0.1',
      PORT: port,
      MAIN_MODEL_ENGINE: 'vllm',
      MAIN_MODEL_BASE_URL: upstream.url,
      ...env,
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

/** Sends requests to a service whose output nothing reads. */
async function askUntilLinesAreLost(url: string): Promise<void> {
  for (let asked = 0; asked < TOO_MANY && (await lostLines(url)) === 0; asked += 500)
    expect(await ask(url, 500)).toEqual([200]);
  expect(await lostLines(url)).toBeGreaterThan(0);
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
    await askUntilLinesAreLost(url);
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

describeWithProgram(SCRIPT, 'REQUIRE_SCRIPT', 'a terminal', () => {
  /** Starts the service in a terminal, whose output goes on to a pipe. */
  async function startInTerminal(): Promise<Running & { pid: number }> {
    const service = `echo $$ > pid; exec "${process.execPath}" "${main}" 2> errors`;
    const running = await startCommand(
      SCRIPT,
      ['-qefc', service, '/dev/null'],
      { PATH: process.env['PATH'], NO_COLOR: '1' },
      'pipe',
    );
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await started(
      Promise.resolve({
        close: () => {
          if (!hasEnded(pid)) process.kill(pid, 'SIGKILL');
          return Promise.resolve();
        },
      }),
    );
    return { ...running, pid };
  }

  function errors(): string {
    return readFileSync(join(folder, 'errors'), 'utf8');
  }

  it('gets a readable line for each request, to the last one', async () => {
    const { url, child, pid } = await startInTerminal();
    const output = text(child.stdout);
    const exited = once(child, 'exit');
    expect(await ask(url, 20)).toEqual([200]);
    process.kill(pid, 'SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(
      (await output).match(/INFO: GET \/v1\/models 200 in [\d.]+ ms, vllm 200 in [\d.]+ ms, id [\w-]+\r?\n/g),
    ).toHaveLength(20);
    expect(errors()).toBe('');
  });

  it('that stalls costs log lines, and neither answers nor the end', async () => {
    const { url, child, pid } = await startInTerminal();
    child.stdout?.pause();
    await askUntilLinesAreLost(url);
    process.kill(pid, 'SIGTERM');
    await until('the service has ended', () => hasEnded(pid));
    const exited = once(child, 'exit');
    child.stdout?.resume();
    expect(await exited).toEqual([0, null]);
    expect(errors()).toBe('');
  }, 120_000);

  it('that goes away ends the service without an error', async () => {
    const { child, pid } = await startInTerminal();
    child.kill('SIGKILL');
    await until('the service has ended', () => hasEnded(pid));
    expect(errors()).toBe('');
  });
});

/** Whether a process has ended, also if its parent does not know yet. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

async function text(stream: Readable | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
