import { EventEmitter } from 'node:events';
import type { RedisClient, RedisTarget } from '../../src/cache/redis-client.js';

/** What never ends. */
export const NEVER = new Promise<never>(() => undefined);

/** A Redis in this process, and what is wrong with it. */
export class FakeRedis {
  readonly clients: FakeRedisClient[] = [];
  readonly values = new Map<string, { readonly value: string; readonly until: number }>();
  /** The commands that have arrived, without the probes of connections. */
  readonly commands: string[] = [];
  /** Is awaited before a connection is there. */
  onConnect: () => unknown = () => undefined;
  /** Is awaited before a command takes effect. */
  onCommand: (command: string) => unknown = () => undefined;

  /** Creates a client; the servers of one test differ by the names of their hosts. */
  static readonly clientOf =
    (servers: Readonly<Record<string, FakeRedis>>) =>
    (
      { address }: RedisTarget,
      connectTimeoutMs: number,
      signInToSentinels: boolean,
    ): Promise<FakeRedisClient> => {
      const server = servers[address.hosts[0]?.host ?? ''];
      if (server === undefined) throw new Error('there is no such host');
      const client = new FakeRedisClient(server, connectTimeoutMs, signInToSentinels);
      server.clients.push(client);
      return Promise.resolve(client);
    };

  /** The client that was created last. */
  get client(): FakeRedisClient {
    const client = this.clients.at(-1);
    if (client === undefined) throw new Error('there is no client');
    return client;
  }

  /** The value of a key, as long as it lives. */
  valueOf(key: string): string | null {
    const stored = this.values.get(key);
    return stored !== undefined && performance.now() < stored.until ? stored.value : null;
  }
}

/** A client of a Redis in this process. */
export class FakeRedisClient extends EventEmitter implements RedisClient {
  isReady = false;
  destroyed = 0;

  constructor(
    private readonly server: FakeRedis,
    readonly connectTimeoutMs: number,
    readonly signsInToSentinels: boolean,
  ) {
    super();
  }

  async connect(): Promise<void> {
    await this.server.onConnect();
    this.isReady = true;
  }

  destroy(): void {
    this.destroyed += 1;
    this.isReady = false;
  }

  /** The server has hung up. */
  lose(error: Error): void {
    this.isReady = false;
    this.emit('error', error);
  }

  async get(key: string): Promise<string | null> {
    await this.arrives('get', key);
    return this.server.valueOf(key);
  }

  async set(
    key: string,
    value: string,
    { NX = false, PX }: { readonly NX?: boolean; readonly PX: number },
  ): Promise<string | null> {
    await this.arrives(NX ? 'set NX' : 'set', key);
    if (NX && this.server.valueOf(key) !== null) return null;
    this.server.values.set(key, { value, until: performance.now() + PX });
    return 'OK';
  }

  async pTTL(key: string): Promise<number> {
    await this.arrives('pTTL', key);
    const until = this.server.values.get(key)?.until ?? -Infinity;
    if (until === Infinity) return -1;
    return until > performance.now() ? until - performance.now() : -2;
  }

  async unlink(key: string): Promise<number> {
    await this.arrives('unlink', key);
    return Number(this.server.values.delete(key));
  }

  /** Scripts that do something with a key whose value is the first argument. */
  async eval(
    script: string,
    {
      keys: [key = ''],
      arguments: [holder = '', holdMs],
    }: { readonly keys: string[]; readonly arguments: string[] },
  ): Promise<number> {
    const [, verb = ''] =
      /^if redis.call\('get', KEYS\[1]\) == ARGV\[1] then .*'(\w+)', KEYS\[1]/.exec(script) ?? [];
    await this.arrives(verb, key);
    if (this.server.valueOf(key) !== holder) return 0;
    if (verb === 'del') this.server.values.delete(key);
    if (verb === 'pexpire')
      this.server.values.set(key, { value: holder, until: performance.now() + Number(holdMs) });
    return 1;
  }

  async pingOthers(): Promise<void> {
    await this.server.onCommand('ping');
  }

  private async arrives(command: string, key: string): Promise<void> {
    if (!this.isReady) throw new Error('The client is closed');
    const line = `${command} ${key}`;
    if (!key.endsWith('probe')) this.server.commands.push(line);
    await this.server.onCommand(line);
  }
}
