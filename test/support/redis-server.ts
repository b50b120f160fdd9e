import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { createClient } from '@redis/client';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from '../../src/cache/redis-client.js';
import { describeWithProgram } from './program.js';
import { until } from './until.js';

const PROGRAM = 'redis-server';
const NOTHING_ON_DISK = ['--save', '', '--appendonly', 'no'];
/** What a server and a sentinel say when they take connections. */
const READY = /Ready to accept connections|Sentinel ID is/;

/** A real Redis on its own port, which keeps nothing on disk. */
export interface RedisServer {
  /** With the password, if there is one. */
  readonly url: string;
  readonly port: number;
  /** The variables of a gateway that uses it, and does not give it up because the machine is busy. */
  readonly env: Readonly<Record<string, string>>;
  /** Sends a command, as redis-cli would. */
  command(...words: string[]): Promise<unknown>;
  /** All keys of lists and leases, sorted; not the key by which connections are tried. */
  keys(): Promise<string[]>;
  /** Waits until it holds this many lists and no lease: a gateway stores a list after its answer. */
  stored(lists: number): Promise<void>;
  /** Stops it with SIGSTOP, lets it go on with SIGCONT. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it at once; all that it held is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Declares tests that need a Redis. Without one they are left out, unless REQUIRE_REDIS says that they must not. */
export function describeWithRedis(name: string, tests: () => void): void {
  describeWithProgram(PROGRAM, 'REQUIRE_REDIS', name, tests);
}

/**
 * Starts a Redis once for the tests of a `describe`. Each finds it empty, and its numbers of commands at zero.
 * @returns the server
 */
export function sharedRedis(): () => RedisServer {
  let shared: RedisServer;
  beforeAll(async () => {
    shared = await startRedis();
  });
  beforeEach(async () => {
    // A test that failed may have left it stopped.
    shared.signal('SIGCONT');
    await shared.command('FLUSHALL');
    await shared.command('CONFIG', 'RESETSTAT');
  });
  afterAll(() => shared.close());
  return () => shared;
}

/**
 * Starts a Redis.
 * @param options more of its command line
 * @param tls for one that speaks TLS only: how a client connects
 * @param sentinel the first configuration of a sentinel; without one it is a server
 */
export async function startRedis(
  options: readonly string[] = [],
  password?: string,
  tls?: TlsOptions,
  sentinel?: string,
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'models-gateway-redis-'));
  const secrets = password === undefined ? [] : ['--requirepass', password];
  // A sentinel rewrites its file.
  const sentinelFile = join(folder, 'sentinel.conf');
  if (sentinel !== undefined) await writeFile(sentinelFile, sentinel);
  const role = sentinel === undefined ? [] : [sentinelFile, '--sentinel'];
  const listen = tls === undefined ? ['--port'] : ['--port', '0', '--tls-port'];
  const launch = (port: number): Promise<ChildProcess | undefined> =>
    run([...role, ...listen, String(port), '--dir', folder, ...secrets, ...options]);
  let port = somePort();
  let server = await launch(port);
  while (server === undefined) server = await launch((port = somePort()));
  const url = `${tls ? 'rediss' : 'redis'}://${password === undefined ? '' : `:${password}@`}127.0.0.1:${String(port)}`;
  // One client for all commands, because creating one takes longer than a command.
  const socket = { reconnectStrategy: false as const, ...(tls && { ...tls, tls: true as const }) };
  const client = createClient({ url, socket });
  client.on('error', () => undefined);
  const command = async (...words: string[]): Promise<unknown> => {
    if (!client.isOpen) await client.connect();
    return client.sendCommand(words);
  };
  const kill = async (): Promise<void> => {
    if (client.isOpen) client.destroy();
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.kill('SIGKILL');
    await closed;
    server = undefined;
  };
  const keys = async (): Promise<string[]> =>
    ((await command('KEYS', '*')) as string[]).filter((key) => !key.endsWith(':probe')).sort();
  return {
    url,
    port,
    env: { REDIS_URL: url, REDIS_TIMEOUT_MS: '10000' },
    command,
    keys,
    async stored(lists) {
      await until(`${String(lists)} lists are stored`, async () => {
        const names = await keys();
        return names.length === lists && names.every((name) => !name.includes(':lease:'));
      });
    },
    signal: (name) => server?.kill(name),
    kill,
    async restart() {
      await kill();
      server = await launch(port);
      if (server === undefined) throw new Error(`another process has the port ${String(port)}`);
    },
    async close() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

/** Below the ports that systems give away by themselves, so that it is still free after a restart. */
function somePort(): number {
  return 10_000 + Math.floor(Math.random() * 20_000);
}

/** A server that takes connections; undefined when it cannot have its port. */
async function run(options: readonly string[]): Promise<ChildProcess | undefined> {
  const quiet = ['--bind', '127.0.0.1', ...(options.includes('--sentinel') ? [] : NOTHING_ON_DISK)];
  const child = spawn(PROGRAM, [...options, ...quiet], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  let output = '';
  const ready = await new Promise<boolean>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (READY.test(output)) resolve(true);
    });
    child.once('close', () => {
      resolve(false);
    });
  });
  if (!ready && !/address already in use/i.test(output))
    throw new Error(`${PROGRAM} does not start:\n${output}`);
  return ready ? child : undefined;
}
