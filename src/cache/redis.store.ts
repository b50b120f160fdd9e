import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisConnection } from './redis-connection.js';
import type { Stored } from './redis-connection.js';
import type { Entry, Lease, SharedStore } from './shared-store.js';

/** Changes when the form of an entry does: replicas of two versions do not read each other's entries. */
const NAMESPACE = 'models-gateway:v2';
/** How often a living holder renews its lease within the time that it outlives a dead one. */
const RENEWALS = 3;
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
  private down = false;
  /** Monotonic time in ms before which a failing server is not asked again. */
  private cooldownUntil = 0;
  private moved = Promise.resolve();
  private closed = false;

  private constructor(
    private connection: RedisConnection,
    private readonly codec: Codec<T>,
    private readonly options: RedisStoreOptions,
  ) {}

  /** A store that has tried to connect for as long as an operation may take, and goes on trying. */
  static async connect<T>(url: string, codec: Codec<T>, options: RedisStoreOptions): Promise<RedisStore<T>> {
    const connection = await RedisConnection.to(url, NAMESPACE, options.timeoutMs);
    const store = new RedisStore(connection, codec, options);
    await store.attempt(() => connection.client.connect());
    return store;
  }

  /** Goes on with another URL: that of another server, or with the new password of the same one. */
  moveTo(url: string): Promise<void> {
    this.moved = this.moved.then(() => this.move(url));
    return this.moved;
  }

  private async move(url: string): Promise<void> {
    const { connection: before, options } = this;
    const next = await RedisConnection.to(url, NAMESPACE, options.timeoutMs);
    const connected = next.client.connect();
    // Until then the one before serves.
    await Promise.race([
      connected.catch(() => undefined),
      sleep(options.timeoutMs, undefined, { ref: false }),
    ]);
    if (this.closed) {
      next.end();
      return;
    }
    this.connection = next;
    this.cooldownUntil = 0;
    // Where it failed, that is told.
    await this.attempt(() => connected);
    // No operation on the one before takes longer.
    await sleep(options.timeoutMs, undefined, { ref: false });
    before.end();
  }

  /** Whether the last operations worked. */
  get isUp(): boolean {
    return !this.down;
  }

  async get(key: string): Promise<Entry<T> | undefined> {
    const stored = await this.attempt(() => this.connection.keyv.get(key).catch(ignoreForeignValue));
    return stored ? this.decode(stored) : undefined;
  }

  async set(key: string, { value, storedAt }: Entry<T>): Promise<void> {
    const stored = { storedAt, value: this.codec.encode(value) };
    await this.write(() => this.connection.keyv.set(key, stored, this.options.lifetimeMs));
  }

  async delete(key: string): Promise<void> {
    await this.attempt(() => this.connection.keyv.delete(key));
  }

  async lease(key: string, holdMs: number): Promise<Lease | 'held' | undefined> {
    const name = `${NAMESPACE}:lease:${key}`;
    const holder = randomUUID();
    const giveBack = async (): Promise<void> => {
      await this.connection.client
        .eval(RELEASE, { keys: [name], arguments: [holder] })
        .catch(() => undefined);
    };
    let abandoned = false;
    const answer = await this.write(async () => {
      const [set, ttlMs] = await Promise.all([
        this.connection.client.set(name, holder, { NX: true, PX: holdMs }),
        this.connection.client.pTTL(name),
      ]);
      if (abandoned) void giveBack();
      // What lasts longer no replica has taken, and nobody should wait for it.
      return { taken: set === 'OK', held: set === null && ttlMs > 0 && ttlMs <= holdMs };
    });
    abandoned = answer === undefined;
    if (answer?.held) return 'held';
    if (!answer?.taken) return undefined;
    const renewal = setInterval(() => {
      const command = { keys: [name], arguments: [holder, String(holdMs)] };
      void this.attempt(() => this.connection.client.eval(RENEW, command));
    }, holdMs / RENEWALS).unref();
    return {
      release: async () => {
        clearInterval(renewal);
        await giveBack();
      },
    };
  }

  /** Nest calls this when the last request has been answered. */
  onApplicationShutdown(): void {
    // Keyv would connect again for a refresh that ends later.
    this.closed = true;
    this.connection.end();
  }

  /** What is not an entry is no entry: it will be overwritten. */
  private decode({ storedAt, value }: Partial<Record<keyof Stored, unknown>>): Entry<T> | undefined {
    if (typeof storedAt !== 'number' || typeof value !== 'string') return undefined;
    try {
      return { storedAt, value: this.codec.decode(value) };
    } catch {
      return undefined;
    }
  }

  /**
   * An operation that needs room. Only the success of one that began after the failure shows that the server works
   * again: a full one still reads and deletes.
   */
  private async write<R>(operation: () => Promise<R>): Promise<R | undefined> {
    const result = await this.attempt(operation);
    if (result !== undefined && this.down && performance.now() >= this.cooldownUntil) {
      this.down = false;
      this.logger.log('Redis works again, lists are shared between replicas');
    }
    return result;
  }

  /** The result of an operation; undefined when it fails, takes too long, or the server is being left alone. */
  private async attempt<R>(operation: () => Promise<R>): Promise<R | undefined> {
    if (this.closed || performance.now() < this.cooldownUntil) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error('time-out'));
      }, this.options.timeoutMs);
    });
    try {
      return await Promise.race([operation(), timeout]);
    } catch (error) {
      this.fail(error);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  private fail(error: unknown): void {
    this.cooldownUntil = Math.max(this.cooldownUntil, performance.now() + REST_MS);
    if (this.down) return;
    this.down = true;
    const reason = reasonOf(this.connection.client.isReady ? error : (this.connection.error ?? error));
    this.logger.warn(`Redis does not work, lists are not shared between replicas: ${reason}`);
  }
}

/** What another program has put under one of our keys is no failure of the server. */
function ignoreForeignValue(error: unknown): undefined {
  if (error instanceof SyntaxError || (error instanceof Error && error.message.startsWith('WRONGTYPE'))) {
    return undefined;
  }
  throw error;
}

/** Of what a server says only the kind of error, its first word: it may repeat what it was sent, a password too. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // Where a host has several addresses, the error of all of them has no message.
  const [reason = message || (code ?? 'unknown error')] = /^[A-Z]+(?= )/.exec(message) ?? [];
  return reason;
}
