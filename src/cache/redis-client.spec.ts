import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import { createServer as createTlsServer } from 'node:tls';
import { redisTarget } from '../../test/support/redis-target.js';
import { RespServer } from '../../test/support/resp-server.js';
import type { Reply } from '../../test/support/resp-server.js';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import { TestAuthority } from '../../test/support/test-authority.js';
import type { RedisAddress } from '../config/rules/redis-url.js';
import { createRedisClient } from './redis-client.js';
import type { RedisClient, RedisTarget } from './redis-client.js';

const CONNECT_MS = 5000;

let servers: RespServer[];
let clients: RedisClient[];

beforeEach(() => {
  [servers, clients] = [[], []];
});

afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  const destroy = async (client: RedisClient): Promise<void> => {
    await client.destroy();
  };
  // Some are closed already, or were never open.
  await Promise.allSettled(clients.map(destroy));
  for (const server of servers) server.close();
});

async function start(server = new RespServer()): Promise<RespServer> {
  servers.push(server);
  await server.listen();
  return server;
}

function targetOf(
  hosts: readonly RespServer[],
  different: Partial<RedisAddress> = {},
  tls: RedisTarget['tls'] = {},
): RedisTarget {
  const address = { hosts: hosts.map(({ port }) => ({ host: '127.0.0.1', port })), ...different };
  return redisTarget(address, tls);
}

/** A client, not connected yet, and the errors that it tells. */
async function create(
  target: RedisTarget,
  signInToSentinels = false,
): Promise<{ client: RedisClient; errors: unknown[] }> {
  const errors: unknown[] = [];
  const client = await createRedisClient(target, CONNECT_MS, signInToSentinels);
  clients.push(client);
  client.on('error', (error) => errors.push(error));
  return { client, errors };
}

/** The commands that begin so, in the order in which they came. */
function sent({ commands }: RespServer, pattern: RegExp): string[] {
  return commands.filter((command) => pattern.test(command));
}

describe('a client of one server', () => {
  it('connects only by `connect`, as a user, to a database, in the protocol’s second version', async () => {
    const server = await start();
    const { client } = await create(
      targetOf([server], { username: 'us er', password: 'pa/ss', database: 3 }),
    );
    expect([client.isReady, server.connections]).toEqual([false, 0]);
    await client.connect();
    expect([client.isReady, server.connections]).toEqual([true, 1]);
    expect(sent(server, /^(AUTH|SELECT|HELLO)/)).toEqual(['AUTH us er pa/ss', 'SELECT 3']);
  });

  it.each([
    ['without a user and a password', undefined, []],
    ['with a password only', 'secret', ['AUTH secret']],
  ])('%s signs in accordingly', async (_name, password, commands) => {
    const server = await start();
    const { client } = await create(targetOf([server], { password }));
    await client.connect();
    expect(sent(server, /^(AUTH|SELECT|HELLO)/)).toEqual(commands);
  });

  it('sends the commands of a cache', async () => {
    const server = await start();
    const replies: Readonly<Record<string, Reply>> = { GET: 'b', PTTL: 5, UNLINK: 1, EVAL: 0 };
    server.replies(([command = '']) => replies[command]);
    const { client } = await create(targetOf([server]));
    await client.connect();
    const before = server.commands.length;
    expect(
      await Promise.all([
        client.set('a', 'b', { NX: true, PX: 5 }),
        client.set('a', 'b', { PX: 5 }),
        client.get('a'),
        client.pTTL('a'),
        client.unlink('a'),
        client.eval('return 0', { keys: ['a'], arguments: ['b'] }),
        client.pingOthers(),
      ]),
    ).toEqual(['OK', 'OK', 'b', 5, 1, 0, undefined]);
    expect(server.commands.slice(before).map((each) => each.split(' ').sort().join(' '))).toEqual(
      ['SET a b NX PX 5', 'SET a b PX 5', 'GET a', 'PTTL a', 'UNLINK a', 'EVAL return 0 1 a b'].map((each) =>
        each.split(' ').sort().join(' '),
      ),
    );
  });

  it('that is lost says so, and does not come back', async () => {
    const server = await start();
    const { client, errors } = await create(targetOf([server]));
    await client.connect();
    const over = once(client as unknown as EventEmitter, 'end').catch(() => undefined);
    server.hangUp();
    await over;
    expect(errors.length).toBeGreaterThan(0);
    expect(client.isReady).toBe(false);
    await expect(client.get('a')).rejects.toThrow();
    expect(server.connections).toBe(1);
  });

  it('uses its connection at least every five seconds', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
    const server = await start();
    const pinged = new Promise<void>((resolve) => {
      server.replies(([command]) => {
        if (command === 'PING') resolve();
        return undefined;
      });
    });
    const { client } = await create(targetOf([server]));
    await client.connect();
    jest.advanceTimersByTime(4999);
    await client.get('a');
    expect(sent(server, /^PING/)).toEqual([]);
    jest.advanceTimersByTime(1);
    await pinged;
  });

  it('keeps no more than ten thousand commands for a server that hangs', async () => {
    const server = await start();
    const { client } = await create(targetOf([server]));
    await client.connect();
    const waiting = Array.from({ length: 10_001 }, () => client.get('a'));
    const results = await Promise.allSettled(waiting);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });
});

describe('a client over TLS', () => {
  const folder = temporaryFolder();

  it('trusts the given authority and shows its certificate', async () => {
    const authority = new TestAuthority(folder);
    const [own, theirs] = [authority.issue(), authority.issue()];
    const ca = [String(authority.root.cert)];
    const options = { cert: theirs.cert, key: theirs.key, ca, requestCert: true, rejectUnauthorized: true };
    const server = await start(new RespServer(createTlsServer(options)));
    const target = targetOf([server], { tls: true }, { ca, cert: String(own.cert), key: String(own.key) });
    const { client } = await create(target);
    await client.connect();
    expect(await client.get('a')).toBe('OK');
    const { client: stranger } = await create({ ...target, tls: {} });
    await expect(stranger.connect()).rejects.toThrow('certificate');
  });
});

describe('a client of a cluster', () => {
  /** The first half of the slots, and the second. */
  let nodes: [RespServer, RespServer];

  beforeEach(async () => {
    nodes = [await start(), await start()];
    for (const node of nodes) reply(node, () => undefined);
  });

  function reply(node: RespServer, answer: (command: string) => Reply | undefined): void {
    const place = ({ port }: RespServer): Reply => ['127.0.0.1', port, String(port), []];
    node.replies(([command = '', subcommand = '']) => {
      const slots = [
        [0, 8191, place(nodes[0])],
        [8192, 16_383, place(nodes[1])],
      ];
      return command === 'CLUSTER' && subcommand === 'SLOTS' ? slots : answer(command);
    });
  }

  function target(user: Partial<RedisAddress> = {}): RedisTarget {
    return targetOf([nodes[0]], { kind: 'cluster', ...user });
  }

  it('asks the node that has a key, and all of them for an answer', async () => {
    const { client } = await create(target({ username: 'user', password: 'secret' }));
    await client.connect();
    // CRC16: the slots 15495 and 3300.
    await Promise.all([client.get('a'), client.get('b'), client.pingOthers()]);
    expect(nodes.map((node) => sent(node, /^(GET|PING|AUTH|HELLO)/).sort())).toEqual([
      expect.arrayContaining(['AUTH user secret', 'GET b', 'PING']),
      ['AUTH user secret', 'GET a', 'PING'],
    ]);
  });

  it('follows three times when nodes send a command elsewhere', async () => {
    const { client } = await create(target());
    await client.connect();
    for (const [index, node] of nodes.entries()) {
      const elsewhere = new Error(`MOVED 15495 127.0.0.1:${String(nodes[1 - index]?.port)}`);
      reply(node, (command) => (command === 'GET' ? elsewhere : undefined));
    }
    await expect(client.get('a')).rejects.toThrow('Too many Cluster redirections');
    expect(nodes.flatMap((node) => sent(node, /^GET/))).toHaveLength(4);
  });

  it('tells that a node is lost', async () => {
    const { client } = await create(target());
    await client.connect();
    await client.get('a');
    const lost = new Promise((resolve) => {
      client.on('error', resolve);
    });
    nodes[1].hangUp();
    expect(await lost).toBeInstanceOf(Error);
  });
});

describe('a client of servers behind sentinels', () => {
  let primary: RespServer;
  let sentinels: [RespServer, RespServer];

  beforeEach(async () => {
    primary = await start();
    primary.replies(([command]) => (command === 'ROLE' ? ['master', 0, []] : undefined));
    sentinels = [await start(), await start()];
    for (const sentinel of sentinels) {
      sentinel.replies(([command = '', subcommand = '', ...words]) => {
        if (command === 'SUBSCRIBE') return ['subscribe', subcommand, 1];
        if (command !== 'SENTINEL') return undefined;
        if (words[0] !== 'prim') return new Error('ERR No such master with that name');
        if (subcommand !== 'MASTER') return [];
        return ['name', 'prim', 'ip', '127.0.0.1', 'port', String(primary.port), 'flags', 'master'];
      });
    }
  });

  function target(): RedisTarget {
    const user = { username: 'user', password: 'secret', database: 2 };
    return targetOf(sentinels, { kind: 'sentinel', primaryName: 'prim', ...user });
  }

  it('asks the server that they name, whose password they do not get', async () => {
    const { client } = await create(target());
    await client.connect();
    expect(await client.get('a')).toBe('OK');
    expect(await client.pingOthers()).toBeUndefined();
    expect(sent(primary, /^(AUTH|SELECT)/).slice(0, 2)).toEqual(['AUTH user secret', 'SELECT 2']);
    expect(sentinels.flatMap((each) => sent(each, /^(AUTH|SELECT)/))).toEqual([]);
  });

  it('signs in to sentinels that want it', async () => {
    const { client } = await create(target(), true);
    await client.connect();
    expect(sentinels.flatMap((each) => sent(each, /^AUTH/))).toContain('AUTH user secret');
  });

  it.each([0, 1])('begins with any sentinel: with number %i', async (first) => {
    const ranks = first === 0 ? [0, 1] : [1, 0];
    jest.spyOn(Math, 'random').mockImplementation(() => ranks.shift() ?? 0);
    const { client } = await create(target());
    await client.connect();
    expect(sentinels[first]?.connections).toBeGreaterThan(0);
    expect(sentinels[1 - first]?.connections).toBe(0);
  });

  it('tells that the server is lost', async () => {
    // The library forgets the timer of its next ping.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
    const { client } = await create(target());
    await client.connect();
    const lost = new Promise((resolve) => {
      client.on('error', resolve);
    });
    primary.hangUp();
    expect(await lost).toBeInstanceOf(Error);
  });
});
