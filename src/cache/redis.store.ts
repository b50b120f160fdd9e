import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import KeyvRedis, { createClient, Keyv } from '@keyv/redis';
import type { RedisClientType } from '@keyv/redis';
import { randomUUID } from 'node:crypto';
import type { Entry, Lease, SharedStore } from './shared-store.js';

/** Changes when the form of an entry does: replicas of two versions do not read each other's entries. */
const NAMESPACE = 'models-gateway:v1';
/** How long a lease outlives its holder, and how often a living holder renews it, ms. */
const LEASE_MS = 1500;
const RENEWAL_MS = 500;
/** How long the store is left alone after a failure, ms. */
const REST_MS = 1000;

/** Only the holder of a lease may prolong it or give it back. */
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** How values become text and back; `decode` throws on what it does not understand. */
export interface Codec<T> {
  encode(value: T): string;
  decode(text: string): T;
}

/** The limits of a Redis store. */
export interface RedisStoreOptions {
  /** How long an operation may take, ms. */
  readonly timeoutMs: number;
  /** How long an entry is kept, ms. */
  readonly lifetimeMs: number;
}

/** Entries in Redis or Valkey. A server that fails is reported once, left alone for a moment, and tried again. */
export class RedisStore<T> implements SharedStore<T>, OnApplicationShutdown {
  private readonly logger = new Logger('RedisStore');
  private readonly client: RedisClientType;
  private readonly keyv: Keyv<string>;
  private down = false;
  /** Monotonic time in ms before which a failing server is not asked again. */
  private restUntil = 0;

  constructor(
    url: string,
    private readonly codec: Codec<T>,
    private readonly options: RedisStoreOptions,
  ) {
    this.client = createClient({
      url,
      // A command that cannot be sent now is of no use later.
      disableOfflineQueue: true,
      socket: {
        connectTimeout: options.timeoutMs,
        reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, REST_MS) * (0.5 + Math.random() / 2),
      },
    });
    // Without a listener a lost connection would end the process. What it means shows at the next operation.
    this.client.on('error', () => undefined);
    this.keyv = new Keyv<string>({
      store: new KeyvRedis<string>(this.client, { namespace: NAMESPACE, throwOnErrors: true }),
      namespace: NAMESPACE,
      useKeyPrefix: false,
      throwOnErrors: true,
    });
  }

  /** Tries to connect for as long as an operation may take, and goes on trying behind the scenes. */
  async connect(): Promise<void> {
    await this.attempt(() => this.client.connect());
  }

  async get(key: string): Promise<Entry<T> | undefined> {
    const text = await this.attempt(() => this.keyv.get(key));
    return text === undefined ? undefined : this.decode(text);
  }

  async set(key: string, { value, storedAt }: Entry<T>): Promise<void> {
    const text = JSON.stringify({ storedAt, value: this.codec.encode(value) });
    await this.attempt(() => this.keyv.set(key, text, this.options.lifetimeMs));
  }

  async delete(key: string): Promise<void> {
    await this.attempt(() => this.keyv.delete(key));
  }

  async lease(key: string): Promise<Lease | 'held' | undefined> {
    const name = `${NAMESPACE}:lease:${key}`;
    const holder = randomUUID();
    const answer = await this.attempt(async () => ({
      taken: (await this.client.set(name, holder, { NX: true, PX: LEASE_MS })) === 'OK',
    }));
    if (answer === undefined) return undefined;
    if (!answer.taken) return 'held';
    const renewal = setInterval(() => {
      void this.attempt(() =>
        this.client.eval(RENEW, { keys: [name], arguments: [holder, String(LEASE_MS)] }),
      );
    }, RENEWAL_MS);
    return {
      release: async () => {
        clearInterval(renewal);
        await this.attempt(() => this.client.eval(RELEASE, { keys: [name], arguments: [holder] }));
      },
    };
  }

  /** Nest calls this when the last request has been answered. */
  onApplicationShutdown(): void {
    this.client.destroy();
  }

  /** What is not an entry is no entry: it will be overwritten. */
  private decode(text: unknown): Entry<T> | undefined {
    try {
      const { storedAt, value } = JSON.parse(String(text)) as Record<string, unknown>;
      if (typeof storedAt !== 'number' || typeof value !== 'string') return undefined;
      return { storedAt, value: this.codec.decode(value) };
    } catch {
      return undefined;
    }
  }

  /** The result of an operation; undefined when it fails, takes too long, or the server is being left alone. */
  private async attempt<R>(operation: () => Promise<R>): Promise<R | undefined> {
    if (performance.now() < this.restUntil) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error('time-out'));
      }, this.options.timeoutMs);
    });
    try {
      const result = await Promise.race([operation(), timeout]);
      this.report(false);
      return result;
    } catch (error) {
      this.restUntil = performance.now() + REST_MS;
      this.report(true, error);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Once per change of state. The client's messages name hosts and commands, never the URL's password. */
  private report(down: boolean, error?: unknown): void {
    if (down === this.down) return;
    this.down = down;
    if (!down) this.logger.log('Redis works again, lists are shared between replicas');
    else this.logger.warn(`Redis does not work, lists are not shared between replicas: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : 'unknown error';
}
