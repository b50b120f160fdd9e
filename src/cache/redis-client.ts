import type { RedisAddress } from '../config/rules/redis-url.js';

/** Abandoned commands must not fill this process' memory when a server hangs. */
const MAX_QUEUED_COMMANDS = 10_000;
/** A connection is kept in use by a command each time, so that no router forgets it. */
const PING_INTERVAL_MS = 5000;
/** The silence after which a connection is given up, also during its handshake. */
const MAX_SILENCE_MS = 15_000;
/** How often a command follows the nodes of a cluster that send it elsewhere. */
const MAX_REDIRECTIONS = 3;

/** The caller has a time-out for each operation; the library's would be a timer for each command. */
const UNTIMED = { commandOptions: { timeout: 0 } };

/** What TLS connections need beside the address, in the names of `tls.connect`. */
export interface TlsOptions {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
}

/** Where to connect, and with what. */
export interface RedisTarget {
  readonly address: RedisAddress;
  readonly tls: TlsOptions;
}

/** The commands that a cache needs, alike for one server, servers behind sentinels, and a cluster. */
export interface RedisClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  /** Closes all connections and aborts their commands. */
  destroy(): unknown;
  on(event: string, listener: (error: unknown) => void): unknown;
  get(key: string): Promise<string | null>;
  set(key: string, value: string, options: { readonly NX?: boolean; readonly PX: number }): Promise<unknown>;
  pTTL(key: string): Promise<number>;
  unlink(key: string): Promise<number>;
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>;
  /** Asks the servers for an answer that one write does not reach: the other primaries of a cluster. */
  pingOthers(): Promise<unknown>;
}

/** Loads the library: it takes several MiB, which only a shared cache is worth. */
export function loadRedis(): Promise<typeof import('@redis/client')> {
  return import('@redis/client');
}

/**
 * Creates a client without connecting it. It does not reconnect by itself: a lost connection is an error, and the end
 * of the client.
 * @param connectTimeoutMs how long opening a socket may take
 * @param signInToSentinels whether the sentinels too get the servers' user and password
 */
export async function createRedisClient(
  { address, tls }: RedisTarget,
  connectTimeoutMs: number,
  signInToSentinels: boolean,
): Promise<RedisClient> {
  const { createClient, createCluster, createSentinel } = await loadRedis();
  const { kind, username, password, hosts, database, primaryName = '' } = address;
  const user = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  const common = {
    // Servers before version 6, and many proxies, do not know the protocol's third version.
    RESP: 2 as const,
    // A command that cannot be sent now is of no use later.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_QUEUED_COMMANDS,
    pingInterval: PING_INTERVAL_MS,
    ...UNTIMED,
  };
  const socket = {
    connectTimeout: connectTimeoutMs,
    socketTimeout: MAX_SILENCE_MS,
    reconnectStrategy: false as const,
    ...(address.tls && { ...tls, tls: true as const }),
  };
  if (kind === 'cluster') {
    const cluster = createCluster({
      rootNodes: hosts.map((host) => ({ socket: { ...socket, ...host } })),
      defaults: { ...common, ...user, socket },
      RESP: 2,
      ...UNTIMED,
      maxCommandRedirections: MAX_REDIRECTIONS,
      topologyRefreshOnReconnectionAttemptStrategy: false,
    });
    // A node that is lost has an event of its own.
    cluster.on('node-error', (error) => cluster.emit('error', error));
    const pingOthers = (): Promise<unknown> =>
      Promise.all(cluster.masters.map(async (node) => (await cluster.nodeClient(node)).ping()));
    return Object.assign(cluster, { pingOthers });
  }
  if (kind === 'sentinel') {
    const sentinel = createSentinel({
      name: primaryName,
      // Another sentinel each time: one that is cut off from the others knows no new primary.
      sentinelRootNodes: shuffled(hosts),
      nodeClientOptions: { ...common, ...user, database, socket },
      sentinelClientOptions: { ...common, ...(signInToSentinels && user), socket },
      RESP: 2,
      ...UNTIMED,
      maxCommandRediscovers: 0,
      // Without it, simultaneous commands wait for each other.
      reserveClient: true,
      passthroughClientErrorEvents: true,
    });
    return Object.assign(sentinel, { pingOthers: noOthers });
  }
  const [host] = hosts;
  const client = createClient({ ...common, ...user, database, socket: { ...socket, ...host } });
  return Object.assign(client, { pingOthers: noOthers });
}

function noOthers(): Promise<void> {
  return Promise.resolve();
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
