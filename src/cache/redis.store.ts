import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { createRedisClient, loadRedis } from './redis-client.js';
import type { RedisClient, RedisTarget } from './redis-client.js';
import { errorOf, isSignInRefusal, reasonOf, replyKind } from './redis-errors.js';
import { RedisReconnector } from './redis-reconnector.js';
import type { Entry, Lease, SharedStore } from './shared-store.js';
import { within } from './within.js';

/** Changes with the form of an entry, so that replicas of two versions do not read each other's entries. */
const NAMESPACE = 'models-gateway:v4';
/** Written for a moment, to see whether a server works. */
const PROBE_KEY = `${NAMESPACE}:probe`;
/** How often a holder renews its lease within the lease's lifetime. */
const RENEWALS = 3;
/** How long the server is not asked after a failure. */
const COOLDOWN_MS = 1000;

/** Only the holder of a lease may renew or release it. */
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

type Operation<R> = (redis: RedisClient) => Promise<R>;

/** An entry as it is stored, in JSON. */
interface Stored {
  readonly storedAt: number;
  readonly value: string;
}

/** Converts values to text and back; `decode` throws when the text is not valid. */
export interface Codec<T> {
  /** Undefined for a value that replicas do not share. */
  encode(value: T): string | undefined;
  decode(text: string): T;
}

/** The limits of a Redis store. */
interface RedisStoreOptions {
  /** How long an operation may take, ms. */
  readonly timeoutMs: number;
  /** How long an entry is kept, ms. */
  readonly lifetimeMs: number;
  readonly createClient?: typeof createRedisClient;
}

/** Entries in Redis or Valkey. The failure of a server is logged once; after a cooldown it is asked again. */
export class RedisStore<T> implements SharedStore<T>, OnApplicationShutdown {
  private readonly logger = new Logger('RedisStore');
  private readonly redis: RedisReconnector;
  private down = false;
  /** Whether the log says that the server refuses the user: the operator has to change that. */
  private saidRefusal = false;
  /** Monotonic time in ms before which a failing server is not asked again. */
  private cooldownUntil = 0;
  private closed = false;

  private constructor(
    target: RedisTarget,
    private readonly codec: Codec<T>,
    private readonly options: RedisStoreOptions,
  ) {
    this.redis = new RedisReconnector(target, {
      probeKey: PROBE_KEY,
      timeoutMs: options.timeoutMs,
      createClient: options.createClient ?? createRedisClient,
      onFailure: (failure) => {
        this.fail(failure);
      },
    });
  }

  /** Creates a store. Connecting may take as long as an operation; after that it continues in the background. */
  static async connect<T>(
    target: RedisTarget,
    codec: Codec<T>,
    options: RedisStoreOptions,
  ): Promise<RedisStore<T>> {
    // Loading the library does not count as connecting.
    await loadRedis();
    const store = new RedisStore(target, codec, options);
    await within(options.timeoutMs, store.redis.attempted()).catch((error: unknown) => {
      store.fail(errorOf(error));
    });
    return store;
  }

  /** Changes to other servers, or to a new password or certificate. What does not work does not replace what does. */
  moveTo(target: RedisTarget): void {
    this.redis.moveTo(target);
  }

  /** Whether the last operations worked. */
  get isUp(): boolean {
    return !this.down;
  }

  async get(key: string): Promise<Entry<T> | undefined> {
    const text = await this.attempt((redis) => redis.get(entryName(key)).catch(ignoreForeignValue));
    return typeof text === 'string' ? this.decode(text) : undefined;
  }

  async set(key: string, { value, storedAt }: Entry<T>): Promise<void> {
    const text = this.codec.encode(value);
    if (text === undefined) return;
    const stored: Stored = { value: text, storedAt };
    const options = { PX: this.options.lifetimeMs };
    await this.write((redis) => redis.set(entryName(key), JSON.stringify(stored), options));
  }

  async delete(key: string): Promise<boolean> {
    return (await this.attempt((redis) => redis.unlink(entryName(key)))) !== undefined;
  }

  async lease(key: string, holdMs: number): Promise<Lease | 'held' | undefined> {
    const name = leaseName(key);
    const holder = randomUUID();
    const release = async (): Promise<void> => {
      await this.run((redis) => redis.eval(RELEASE, { keys: [name], arguments: [holder] })).catch(
        () => undefined,
      );
    };
    let abandoned = false;
    const answer = await this.write(async (redis) => {
      const [set, ttlMs] = await Promise.all([
        redis.set(name, holder, { NX: true, PX: holdMs }),
        redis.pTTL(name),
      ]);
      if (abandoned) void release();
      // A key with a longer lifetime is no replica's lease, and must not be waited for.
      return { taken: set === 'OK', held: set === null && ttlMs > 0 && ttlMs <= holdMs };
    });
    abandoned = answer === undefined;
    if (answer?.held) return 'held';
    if (!answer?.taken) return undefined;
    const renewal = setInterval(() => {
      const command = { keys: [name], arguments: [holder, String(holdMs)] };
      void this.attempt((redis) => redis.eval(RENEW, command));
    }, holdMs / RENEWALS).unref();
    return {
      release: async () => {
        clearInterval(renewal);
        await release();
      },
    };
  }

  /** Nest calls this when the last request has been answered. */
  onApplicationShutdown(): void {
    this.closed = true;
    this.redis.end();
  }

  /** Undefined for an invalid entry, which the next fetch overwrites. */
  private decode(text: string): Entry<T> | undefined {
    try {
      const { storedAt, value } = JSON.parse(text) as Partial<Record<keyof Stored, unknown>>;
      if (typeof storedAt !== 'number' || typeof value !== 'string') return undefined;
      return { storedAt, value: this.codec.decode(value) };
    } catch {
      return undefined;
    }
  }

  /**
   * An operation that needs memory. Only the success of one that began after the failure shows that the server works
   * again: a full server still reads and deletes.
   */
  private async write<R>(operation: Operation<R>): Promise<R | undefined> {
    const result = await this.attempt(operation);
    const isOver = performance.now() >= this.cooldownUntil && !this.redis.isRecovering;
    if (result !== undefined && this.down && isOver) {
      this.down = false;
      this.logger.log('Redis works again, lists are shared between replicas');
    }
    return result;
  }

  /** The result of an operation; undefined when it fails, takes too long, or during the cooldown. */
  private async attempt<R>(operation: Operation<R>): Promise<R | undefined> {
    if (this.closed || performance.now() < this.cooldownUntil) return undefined;
    const { connection } = this.redis;
    try {
      return await within(this.options.timeoutMs, this.run(operation));
    } catch (error) {
      // What fails on a connection that has been replaced says nothing of the present one.
      if (connection === this.redis.connection) this.fail(this.redis.reasonFor(errorOf(error)));
      return undefined;
    }
  }

  /** Rejects when there is no connection. */
  private async run<R>(operation: Operation<R>): Promise<R> {
    return operation(this.redis.client);
  }

  private fail(error: Error): void {
    this.cooldownUntil = Math.max(this.cooldownUntil, performance.now() + COOLDOWN_MS);
    // Whatever fails, another connection may lead to a server that works.
    this.redis.reconnect();
    const isRefusal = isSignInRefusal(error);
    if (this.down && (this.saidRefusal || !isRefusal)) return;
    this.down = true;
    this.saidRefusal = isRefusal;
    this.logger.warn(`Redis does not work, lists are not shared between replicas: ${reasonOf(error)}`);
  }
}

/** In a cluster the braces put an entry and its lease on one node: one connection keeps their commands in order. */
function entryName(key: string): string {
  return `${NAMESPACE}:{${key}}`;
}

function leaseName(key: string): string {
  return `${NAMESPACE}:lease:{${key}}`;
}

/** A value that another program has stored under a key of this service is no failure of the server. */
function ignoreForeignValue(error: unknown): undefined {
  if (replyKind(errorOf(error)) === 'WRONGTYPE') return undefined;
  throw error;
}
