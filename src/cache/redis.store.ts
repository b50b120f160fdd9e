import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cancellation, pause } from '../concurrency/cancellation.js';
import type { CancellationSignal } from '../concurrency/cancellation.js';
import { RedisConnection } from './redis-connection.js';
import type { Stored } from './redis-connection.js';
import type { Entry, Lease, SharedStore } from './shared-store.js';

/** Changes with the form of an entry, so that replicas of two versions do not read each other's entries. */
const NAMESPACE = 'models-gateway:v3';
/** How often a holder renews its lease within the lease's lifetime. */
const RENEWALS = 3;
/** How long the server is not asked after a failure. */
const COOLDOWN_MS = 1000;

/** Written for a moment, to see whether a server works. */
const PROBE_KEY = `${NAMESPACE}:probe`;
/** The pause after which a new URL that does not work is tried again; it doubles each time. */
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/** Only the holder of a lease may renew or release it. */
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

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
}

/** Entries in Redis or Valkey. The failure of a server is logged once; after a cooldown it is asked again. */
export class RedisStore<T> implements SharedStore<T>, OnApplicationShutdown {
  private readonly logger = new Logger('RedisStore');
  private down = false;
  /** Monotonic time in ms before which a failing server is not asked again. */
  private cooldownUntil = 0;
  private lastMove = Promise.resolve();
  private newestMove = new Cancellation();
  private closed = false;

  private constructor(
    private connection: RedisConnection,
    private readonly codec: Codec<T>,
    private readonly options: RedisStoreOptions,
  ) {}

  /** Creates a store. Connecting may take as long as an operation; after that it continues in the background. */
  static async connect<T>(url: string, codec: Codec<T>, options: RedisStoreOptions): Promise<RedisStore<T>> {
    const connection = await RedisConnection.to(url, NAMESPACE, options.timeoutMs);
    const store = new RedisStore(connection, codec, options);
    await store.attempt(() => connection.client.connect());
    return store;
  }

  /**
   * Changes to another URL: another server, or a new password of the same server. One that does not work does not
   * replace one that does: it is tried again, until it works, the other one fails, or there is a newer URL.
   */
  moveTo(url: string): Promise<void> {
    this.newestMove.abort(undefined);
    const move = (this.newestMove = new Cancellation());
    this.lastMove = this.lastMove.then(() => this.move(url, move));
    return this.lastMove;
  }

  private async move(url: string, signal: CancellationSignal): Promise<void> {
    const { timeoutMs } = this.options;
    for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_RETRY_MS)) {
      const next = await RedisConnection.to(url, NAMESPACE, timeoutMs);
      // The previous connection serves until the new one is ready.
      const failure = await next.open(PROBE_KEY, timeoutMs);
      const isNeeded =
        failure === undefined || (await this.connection.probe(PROBE_KEY, timeoutMs)) !== undefined;
      if (this.closed) {
        next.end();
        return;
      }
      if (isNeeded) {
        await this.replaceConnection(next, failure, pauseMs > FIRST_RETRY_MS);
        return;
      }
      next.end();
      if (signal.aborted) return;
      if (pauseMs === FIRST_RETRY_MS) {
        this.logger.warn(`The new Redis URL does not work, the last one stays in use: ${reasonOf(failure)}`);
      }
      // A pause that a newer URL or the end of the process cuts short.
      if (!(await pause(pauseMs, signal))) return;
    }
  }

  private async replaceConnection(
    next: RedisConnection,
    failure: unknown,
    wasReported: boolean,
  ): Promise<void> {
    const { connection: previous } = this;
    this.connection = next;
    this.cooldownUntil = 0;
    if (failure !== undefined) this.fail(failure);
    else if (wasReported) this.logger.log('The new Redis URL works and is in use');
    // No operation on the previous connection takes longer.
    await sleep(this.options.timeoutMs, undefined, { ref: false });
    previous.end();
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
    const text = this.codec.encode(value);
    if (text === undefined) return;
    const stored = { storedAt, value: text };
    await this.write(() => this.connection.keyv.set(key, stored, this.options.lifetimeMs));
  }

  async delete(key: string): Promise<void> {
    await this.attempt(() => this.connection.keyv.delete(key));
  }

  async lease(key: string, holdMs: number): Promise<Lease | 'held' | undefined> {
    const name = `${NAMESPACE}:lease:${key}`;
    const holder = randomUUID();
    const release = async (): Promise<void> => {
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
      if (abandoned) void release();
      // A key with a longer lifetime is no replica's lease, and must not be waited for.
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
        await release();
      },
    };
  }

  /** Nest calls this when the last request has been answered. */
  onApplicationShutdown(): void {
    // Otherwise Keyv would connect again for a refresh that ends later.
    this.closed = true;
    this.newestMove.abort(undefined);
    this.connection.end();
  }

  /** Undefined for an invalid entry, which the next fetch overwrites. */
  private decode({ storedAt, value }: Partial<Record<keyof Stored, unknown>>): Entry<T> | undefined {
    if (typeof storedAt !== 'number' || typeof value !== 'string') return undefined;
    try {
      return { storedAt, value: this.codec.decode(value) };
    } catch {
      return undefined;
    }
  }

  /**
   * An operation that needs memory. Only the success of one that began after the failure shows that the server works
   * again: a full server still reads and deletes.
   */
  private async write<R>(operation: () => Promise<R>): Promise<R | undefined> {
    const result = await this.attempt(operation);
    if (result !== undefined && this.down && performance.now() >= this.cooldownUntil) {
      this.down = false;
      this.logger.log('Redis works again, lists are shared between replicas');
    }
    return result;
  }

  /** The result of an operation; undefined when it fails, takes too long, or during the cooldown. */
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
    this.cooldownUntil = Math.max(this.cooldownUntil, performance.now() + COOLDOWN_MS);
    if (this.down) return;
    this.down = true;
    const reason = reasonOf(this.connection.client.isReady ? error : (this.connection.error ?? error));
    this.logger.warn(`Redis does not work, lists are not shared between replicas: ${reason}`);
  }
}

/** A value that another program has stored under a key of this service is no failure of the server. */
function ignoreForeignValue(error: unknown): undefined {
  if (error instanceof SyntaxError || (error instanceof Error && error.message.startsWith('WRONGTYPE'))) {
    return undefined;
  }
  throw error;
}

/** Only the first word of a server's error, its kind: the rest may repeat what was sent, passwords included. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // For a host with several addresses, the error has a code and no message.
  const [reason = message || (code ?? 'unknown error')] = /^[A-Z]+(?= )/.exec(message) ?? [];
  return reason;
}
