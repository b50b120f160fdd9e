import { startRedis } from './redis-server.js';
import type { RedisServer } from './redis-server.js';
import { until } from './until.js';

const SLOTS = 16_384;

/** A real cluster of three primaries, and a replica of the first one. */
export interface RedisCluster {
  readonly primaries: readonly RedisServer[];
  readonly replica: RedisServer;
  /** Names all nodes. */
  readonly url: string;
  /** The keys of all nodes that may be written to. */
  keys(): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts a cluster. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const options = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '2000',
    '--repl-diskless-sync-delay',
    '0',
  ];
  const nodes = await Promise.all(Array.from({ length: 4 }, () => startRedis(options)));
  const [first, second, third, replica] = nodes as [RedisServer, RedisServer, RedisServer, RedisServer];
  const primaries = [first, second, third];
  for (const [index, node] of primaries.entries()) {
    const [from, to] = [index, index + 1].map((each) => Math.floor((each * SLOTS) / 3));
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String((to ?? 0) - 1));
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  }
  for (const node of nodes.slice(1)) await node.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port));
  for (const node of nodes)
    await untilInfo(node, 'CLUSTER INFO', /cluster_state:ok[^]*cluster_known_nodes:4/);
  await replica.command('CLUSTER', 'REPLICATE', String(await first.command('CLUSTER', 'MYID')));
  await untilInfo(replica, 'INFO replication', /master_link_status:up/);
  return {
    primaries,
    replica,
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${String(port)}`).join(',')}`,
    async keys() {
      const found = await Promise.all(
        nodes.map(async (node) => {
          // A node that is down has none.
          const role = await node.command('INFO', 'replication').catch(() => '');
          return String(role).includes('role:master') ? node.keys() : [];
        }),
      );
      return found.flat().sort();
    },
    async close() {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}

/** Waits until a server says something of itself. */
export async function untilInfo(server: RedisServer, command: string, expected: RegExp): Promise<void> {
  await until(`${command} has ${expected.source}`, async () =>
    // A server that changes its role closes the connections of its clients.
    expected.test(String(await server.command(...command.split(' ')).catch(() => ''))),
  );
}
