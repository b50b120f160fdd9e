import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const STARTING_MS = 20_000;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/** Starts a process that ends with this one, also when a measurement throws. */
export function spawnHere(command, args, options) {
  return endsHere(spawn(command, args, options));
}

/** Has a process end with this one. */
export function endsHere(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Whether a command is on the PATH. */
export function has(command) {
  return (process.env.PATH ?? '')
    .split(':')
    .some((folder) => folder !== '' && existsSync(`${folder}/${command}`));
}

/** The server gets its own core, if there are two and processes can be pinned. */
const pinned = availableParallelism() > 1 && has('taskset');
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** A command line that runs on one core, if processes can be pinned. */
export function onCore(core, command, args) {
  return pinned ? ['taskset', ['-c', String(core), command, ...args]] : [command, args];
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server and waits for its first 200. */
export async function startServer({ core = SERVER_CORE, command, args, env, port, path = '/v1/models' }) {
  const started = performance.now();
  const [file, fileArgs] = onCore(core, command, args);
  const child = spawnHere(file, fileArgs, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}${path}`;
  while (!(await answers(url))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || performance.now() - started > STARTING_MS) {
      child.kill('SIGKILL');
      throw new Error(`${command} ${args.join(' ')} did not start`);
    }
    await sleep(2);
  }
  return {
    pid: child.pid,
    url,
    firstAnswerMs: performance.now() - started,
    /** How it has ended; undefined while it runs. */
    get ending() {
      return child.signalCode ?? child.exitCode ?? undefined;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function answers(url) {
  try {
    const response = await fetch(url, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(2000),
    });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** The processor time that a process and its children have used, µs. Linux only. */
export function cpuMicroseconds(pid) {
  return family(pid).reduce((sum, each) => {
    const fields = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1].split(' ');
    return sum + ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND;
  }, 0);
}

/** The memory that a process and its children hold, MiB. Linux only. */
export function residentMebibytes(pid) {
  return family(pid).reduce((sum, each) => {
    const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1] ?? 0;
    return sum + Number(kibibytes) / 1024;
  }, 0);
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

function family(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((each) => family(Number(each))))];
}
