import type { Keyv, RedisClientType } from '@keyv/redis';

const MAX_QUEUED_COMMANDS = 10_000;
/** The longest pause before the client tries to connect again, ms. */
const MAX_RECONNECT_PAUSE_MS = 1000;

/** An entry as Keyv stores it. */
export interface Stored {
  readonly storedAt: number;
  readonly value: string;
}

/** A client of a server, and Keyv on top of it. */
export class RedisConnection {
  /** Why the client is not connected. */
  error: unknown;

  constructor(
    readonly client: RedisClientType,
    readonly keyv: Keyv<Stored>,
  ) {
    // Without a listener a lost connection would end the process. What it means shows at the next operation.
    client.on('error', (error: unknown) => {
      this.error = error;
    });
  }

  /**
   * A connection that is not open yet.
   * @param namespace what all keys begin with
   * @param timeoutMs how long connecting may take
   */
  static async to(url: string, namespace: string, timeoutMs: number): Promise<RedisConnection> {
    // The client takes several MiB: only who shares a cache pays for it.
    const { default: KeyvRedis, createClient, Keyv } = await import('@keyv/redis');
    const client: RedisClientType = createClient({
      url,
      // A command that cannot be sent now is of no use later.
      disableOfflineQueue: true,
      // A server that hangs must not fill this process with commands that nobody waits for any more.
      commandsQueueMaxLength: MAX_QUEUED_COMMANDS,
      socket: {
        connectTimeout: timeoutMs,
        reconnectStrategy: (retries) =>
          Math.min(50 * 2 ** retries, MAX_RECONNECT_PAUSE_MS) * (0.5 + Math.random() / 2),
      },
    });
    const keyv = new Keyv<Stored>({
      store: new KeyvRedis<Stored>(client, { namespace, throwOnErrors: true }),
      namespace,
      useKeyPrefix: false,
      throwOnErrors: true,
    });
    return new RedisConnection(client, keyv);
  }

  /** Cuts off what is under way. */
  end(): void {
    if (this.client.isOpen) this.client.destroy();
  }
}
