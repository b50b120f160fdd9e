import { Logger } from '@nestjs/common';
import { Cancellation, pause } from '../concurrency/cancellation.js';
import type { RedisClient, RedisTarget } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import type { ConnectionOptions } from './redis-connection.js';
import { reasonOf } from './redis-errors.js';

/** The pause after a connection that does not work; it doubles each time. */
const FIRST_PAUSE_MS = 250;
/** The longest pause while nothing works: a fail-over is followed within five seconds. */
const MAX_PAUSE_MS = 1000;
/** The longest pause while the last target works and the newest one does not. */
const MAX_MOVE_PAUSE_MS = 30_000;

/** What a reconnector needs beside the target. */
interface ReconnectorOptions extends ConnectionOptions {
  /** Is called when neither a new connection nor the last one works. */
  readonly onFailure: (failure: Error) => void;
}

/**
 * Keeps a connection, and puts another one in its place when it is lost, when an operation fails (the server may be a
 * primary no more, or have left its name to another one), and when the target changes.
 */
export class RedisReconnector {
  private readonly logger = new Logger('RedisReconnector');
  private current: RedisConnection | undefined;
  private isConnecting = false;
  /** Whether the last target works while the newest one does not. */
  private lastOneWorks = false;
  private isClosed = false;
  /** When the last connection was put in its place, monotonic time in ms. */
  private replacedAt = -Infinity;
  private readonly retired = new Set<RedisConnection>();
  /** Cuts a pause short. */
  private hurry = new Cancellation();
  private lastAttempt: Promise<RedisConnection> | undefined;

  /** Begins to connect. */
  constructor(
    private target: RedisTarget,
    private readonly options: ReconnectorOptions,
  ) {
    this.reconnect();
  }

  /** The present connection, whether it works or not. */
  get connection(): RedisConnection | undefined {
    return this.current;
  }

  /**
   * The client of the present connection.
   * @throws Error when there is no connection
   */
  get client(): RedisClient {
    if (this.connection?.isReady !== true) throw new Error('not connected');
    return this.connection.client;
  }

  /** Whether no connection is known to work. */
  get isRecovering(): boolean {
    return this.isConnecting && !this.lastOneWorks;
  }

  /** The reason for the failure of an operation: without a connection, why there is none. */
  reasonFor(failure: Error): Error {
    return this.connection?.reasonFor(failure) ?? failure;
  }

  /**
   * Waits until the attempt to connect that is under way has ended.
   * @throws what fails
   */
  async attempted(): Promise<void> {
    const connection = await this.lastAttempt;
    if (connection?.failure !== undefined) throw connection.failure;
  }

  /** Connects anew. The present connection serves until the new one works. */
  reconnect(): void {
    if (this.lastOneWorks) this.hurry.abort(undefined);
    if (this.isConnecting || this.isClosed) return;
    this.isConnecting = true;
    void this.connect().finally(() => {
      this.isConnecting = false;
    });
  }

  /** Changes to another target. One that does not work does not replace one that does: it is tried until it works. */
  moveTo(target: RedisTarget): void {
    this.target = target;
    this.hurry.abort(undefined);
    this.reconnect();
  }

  /** Closes all connections, for good. */
  end(): void {
    this.isClosed = true;
    this.hurry.abort(undefined);
    for (const connection of this.retired) connection.end();
    this.connection?.end();
  }

  private async connect(): Promise<void> {
    // A server that hangs up on each connection must not be asked without a pause.
    const pauseMs = this.replacedAt + FIRST_PAUSE_MS - performance.now();
    if (pauseMs > 0) await this.pause(pauseMs);
    for (let target; target !== this.target && !this.isClosed;) {
      target = this.target;
      await this.connectTo(target);
    }
  }

  /** Returns when the target works, or is no longer wanted. */
  private async connectTo(target: RedisTarget): Promise<void> {
    this.lastOneWorks = false;
    for (let failures = 0; this.isWanted(target); failures += 1) {
      if (this.connection?.target === target && (await this.presentOneWorks())) return;
      const next = await this.open(target);
      const { failure } = next;
      if (failure === undefined && !this.isClosed) {
        this.replace(next);
        return;
      }
      next.end();
      if (failure === undefined || !this.isWanted(target)) return;
      const isMove = this.connection !== undefined && this.connection.target !== target;
      const oneWorks = isMove && (await this.presentOneWorks());
      if (oneWorks && !this.lastOneWorks) {
        const reason = reasonOf(failure);
        this.logger.warn(`The new settings of Redis do not work, the last ones stay in use: ${reason}`);
      }
      if (!oneWorks) this.options.onFailure(failure);
      this.lastOneWorks = oneWorks;
      const longestMs = oneWorks ? MAX_MOVE_PAUSE_MS : MAX_PAUSE_MS;
      await this.pause(Math.min(longestMs, FIRST_PAUSE_MS * 2 ** failures) * (0.5 + Math.random() / 2));
    }
  }

  private isWanted(target: RedisTarget): boolean {
    return !this.isClosed && target === this.target;
  }

  private async presentOneWorks(): Promise<boolean> {
    const { connection } = this;
    if (connection?.isReady !== true) return false;
    return (await connection.probe(this.options.probeKey, this.options.timeoutMs)) === undefined;
  }

  private open(target: RedisTarget): Promise<RedisConnection> {
    const attempt = RedisConnection.open(target, this.options, (lost) => {
      if (lost === this.connection) this.reconnect();
    });
    this.lastAttempt = attempt;
    return attempt;
  }

  private replace(next: RedisConnection): void {
    const { connection: previous } = this;
    this.current = next;
    if (this.lastOneWorks) this.logger.log('The new settings of Redis work and are in use');
    this.lastOneWorks = false;
    this.replacedAt = performance.now();
    if (previous === undefined) return;
    this.retired.add(previous);
    // No operation on it takes longer.
    setTimeout(() => {
      this.retired.delete(previous);
      previous.end();
    }, this.options.timeoutMs).unref();
  }

  private async pause(milliseconds: number): Promise<void> {
    if (this.isClosed) return;
    this.hurry = new Cancellation();
    await pause(milliseconds, this.hurry);
  }
}
