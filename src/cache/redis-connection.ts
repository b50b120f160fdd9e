import type { createRedisClient, RedisClient, RedisTarget } from './redis-client.js';
import { errorOf, replyKind } from './redis-errors.js';
import { within } from './within.js';

/** How long connecting may take, where an operation may not take longer, ms: no caller waits for it. */
const CONNECT_MS = 2000;

/** How connections are made. */
export interface ConnectionOptions {
  /** A key that may be written for a moment, to see whether a server works. */
  readonly probeKey: string;
  /** How long an operation may take, ms. */
  readonly timeoutMs: number;
  readonly createClient: typeof createRedisClient;
}

/** A client that connects once. When it is lost, another one has to take its place. */
export class RedisConnection {
  /** What is wrong with the connection; undefined while nothing is known to be. */
  failure: Error | undefined;
  /** The client's last error: why it is not connected. */
  private error: Error | undefined;
  private isEnded = false;
  private readonly opening: Promise<unknown>;

  private constructor(
    readonly target: RedisTarget,
    readonly client: RedisClient,
    onLost: (connection: RedisConnection) => void,
  ) {
    // Without a listener a lost connection would end the process.
    client.on('error', (error) => {
      this.error = errorOf(error);
      // A server that refuses a ping is still there.
      if (replyKind(this.error) === undefined) onLost(this);
    });
    this.opening = client.connect();
  }

  /**
   * Connects, and writes a key that is gone at once.
   * @param onLost is called when the connection, or a part of it, is lost
   * @returns a connection, with a `failure` where it does not work
   */
  static async open(
    target: RedisTarget,
    { probeKey, timeoutMs, createClient }: ConnectionOptions,
    onLost: (connection: RedisConnection) => void,
  ): Promise<RedisConnection> {
    const connectMs = Math.max(CONNECT_MS, timeoutMs);
    const connect = async (signInToSentinels: boolean): Promise<RedisConnection> => {
      const client = await createClient(target, connectMs, signInToSentinels);
      const connection = new RedisConnection(target, client, onLost);
      const failure = await failureOf(within(connectMs, connection.opening));
      connection.failure = failure
        ? connection.reasonFor(failure)
        : await connection.probe(probeKey, timeoutMs);
      return connection;
    };
    const first = await connect(false);
    const refused = first.failure !== undefined && replyKind(first.failure) === 'NOAUTH';
    if (!refused || target.address.kind !== 'sentinel') return first;
    // These sentinels want a user and a password too.
    first.end();
    return connect(true);
  }

  /** Whether commands can be sent. */
  get isReady(): boolean {
    return !this.isEnded && this.client.isReady;
  }

  /** The reason for the failure of an operation: without a connection, why there is none. */
  reasonFor(failure: Error): Error {
    return this.isReady ? failure : (this.error ?? failure);
  }

  /**
   * Asks all servers for an answer, and writes a key that is gone at once.
   * @returns what fails; undefined when the servers can be written to
   */
  async probe(key: string, timeoutMs: number): Promise<Error | undefined> {
    const { client } = this;
    const failure = await failureOf(
      within(timeoutMs, Promise.all([client.pingOthers(), client.set(key, '', { PX: 1 })])),
    );
    return failure === undefined ? undefined : this.reasonFor(failure);
  }

  /** Closes the connection and aborts its commands. */
  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    const destroy = async (): Promise<void> => {
      await this.client.destroy();
    };
    // While it connects, the client may open sockets that it knows only later.
    void failureOf(destroy()).then(() => failureOf(this.opening).then(() => failureOf(destroy())));
  }
}

/** The error of an operation; undefined for its success. */
function failureOf(operation: Promise<unknown>): Promise<Error | undefined> {
  return operation.then(() => undefined, errorOf);
}
