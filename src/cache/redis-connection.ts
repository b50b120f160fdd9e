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

  /**
   * Connects. Without success the client goes on trying.
   * @returns what fails; undefined when the server can be written to
   */
  async open(probeKey: string, timeoutMs: number): Promise<unknown> {
    const started = performance.now();
    const failure = await failureOf(this.client.connect(), timeoutMs);
    if (failure !== undefined) return this.error ?? failure;
    return this.probe(probeKey, Math.max(1, timeoutMs - (performance.now() - started)));
  }

  /**
   * Writes a key that is gone at once.
   * @returns what fails; undefined when the server can be written to
   */
  probe(key: string, timeoutMs: number): Promise<unknown> {
    return failureOf(this.client.set(key, '', { PX: 1 }), timeoutMs);
  }

  /** Closes the connection and aborts its commands. */
  end(): void {
    if (this.client.isOpen) this.client.destroy();
  }
}

/** The error of an operation, or that it takes too long; undefined for its success. */
async function failureOf(operation: Promise<unknown>, timeoutMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Error>((resolve) => {
    timer = setTimeout(() => {
      resolve(new Error('time-out'));
    }, timeoutMs);
  });
  const failure = operation.then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    return await Promise.race([failure, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
