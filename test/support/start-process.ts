import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from './until.js';

/** The exit of a process, and its output. */
export interface Exit {
  /** Null for a process that was ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The service as its own process. */
export interface ServiceProcess {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  readonly pid: number;
  /** The first lines of its log. */
  readonly firstOutput: Promise<string>;
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
  /** Ends it at once, if it still runs. */
  close(): Promise<void>;
}

/**
 * Starts the service on a free port, without waiting for anything.
 * @param main the file that `node` runs
 * @param cwd the working directory, which may have a `.env`
 * @param env the whole environment; `PORT` and `HOST` have defaults
 */
export async function startProcess(
  main: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const port = env['PORT'] ?? String(await freePort());
  const child = spawn(process.execPath, [main], {
    cwd,
    env: { HOST: '127.0.0.1', ...env, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const exited = Promise.all([closed, text(child.stdout), text(child.stderr)]).then(
    ([[code], stdout, stderr]) => ({ code, stdout, stderr }),
  );
  const firstOutput = once(child.stdout, 'data').then(([chunk]) => String(chunk));
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    firstOutput,
    signal: (name) => child.kill(name),
    exited,
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/**
 * Resolves when a process takes connections, which it does when it can answer.
 * @throws when it has ended instead
 */
export async function untilAlive({ url, exited }: ServiceProcess): Promise<void> {
  let exit: Exit | undefined;
  void exited.then((ended) => (exit = ended));
  await until('the process takes connections', async () => {
    if (exit !== undefined) throw new Error(`The process has ended: ${JSON.stringify(exit)}`);
    return !(await isRefused(url));
  });
}

/** Whether nothing takes connections at an address. */
export async function isRefused(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => {
      resolve(true);
    });
  });
}

/** A port that is not in use and will not soon be. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
