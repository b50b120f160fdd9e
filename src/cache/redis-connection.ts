import type { Keyv, RedisClientType } from '@keyv/redis';

const MAX_QUEUED_COMMANDS = 10_000;
/** The longest pause before the client tries to connect again, ms. */
const MAX_RECONNECT_PAUSE_MS = 1000;

/** An entry as Keyv stores it. */
export interface Stored {
  readonly storedAt: number;
  readonly value: string;
}

/** A Redis client, and Keyv on top of it. */
export class RedisConnection {
  /** The client's last error: why it is not connected. */
  error: unknown;

  constructor(
    readonly client: RedisClientType,
    readonly keyv: Keyv<Stored>,
  ) {
    // Without a listener a lost connection would end the process. The next operation shows its effect.
    client.on('error', (error: unknown) => {
      this.error = error;
    });
  }

  /**
   * Creates a connection without opening it.
   * @param namespace the prefix of all keys
   * @param timeoutMs how long connecting may take
   */
  static async to(url: string, namespace: string, timeoutMs: number): Promise<RedisConnection> {
    // The client takes several MiB, so it is loaded only where a cache is shared.
    const { default: KeyvRedis, createClient, Keyv } = await import('@keyv/redis');
    const client: RedisClientType = createClient({
      url,
      // A command that cannot be sent now is of no use later.
      disableOfflineQueue: true,
      // Abandoned commands must not fill this process' memory when the server hangs.
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

  /** Closes the connection and aborts its commands. */
  end(): void {
    if (this.client.isOpen) this.client.destroy();
  }
}
