import { Client } from 'undici';
import type { buildConnector, Dispatcher } from 'undici';
import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import { Slots } from '../concurrency/slots.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { authorizationCredential } from '../credentials/credential.js';
import type { Credential } from '../credentials/credential.js';
import type { Certificates } from './certificates.js';
import { connector } from './connector.js';
import type { Proxy } from './proxies.js';

/** How long an idle connection is kept, unless the provider names a shorter time. */
const KEEP_ALIVE_MS = 30_000;
const NO_SECRETS: readonly Credential[] = [];

/** The limits of connections to providers. */
export type RouteLimits = Pick<
  UpstreamConfig,
  'timeoutMs' | 'maxResponseBytes' | 'maxConnections' | 'connectionTtlMs'
>;

/** A request of another kind than those for lists. */
export interface SmallRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** Its answer. */
export interface SmallAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** One connection to a provider, for one request at a time. */
export interface UpstreamConnection {
  readonly client: Client;
  /** Monotonic time at which it was opened, ms. */
  readonly openedAt: number;
  /** Whether it has served a request before. */
  isReused: boolean;
}

/**
 * The way to one provider: its connections, which are kept alive and reused for a limited time, by a proxy or not.
 * undici's own pool is not used: with `clientTtl` it loses a request when all its connections are too old at once.
 */
export class UpstreamRoute {
  readonly slots: Slots;
  /** One large body comes in at a time: several would take the same bandwidth, and more memory. */
  readonly largeBody = new Slots(1);
  /** The last one used is the first to be used again, so that those which are not needed end. */
  private readonly idle: UpstreamConnection[] = [];
  private readonly open = new Set<UpstreamConnection>();
  private connect: buildConnector.connector;
  /** Monotonic time, ms; older connections are not used again. */
  private oldestUsable = 0;

  /**
   * @param origin scheme, host and port of the provider
   * @param proxy undefined for direct connections
   */
  constructor(
    readonly origin: string,
    readonly proxy: Proxy | undefined,
    readonly certificates: Certificates,
    private readonly limits: RouteLimits,
  ) {
    this.slots = new Slots(limits.maxConnections);
    this.connect = this.connector();
    const renew = (): void => {
      this.connect = this.connector();
      this.retireIdle();
    };
    certificates.onChange(renew);
    proxy?.onChange?.(renew);
  }

  /** Whether a proxy sends the requests: it reads them, and may answer them itself. */
  get isRelayed(): boolean {
    return this.proxy !== undefined && this.origin.startsWith('http:');
  }

  /** Secrets that are sent with each request. */
  get secrets(): readonly Credential[] {
    const authorization = this.isRelayed ? this.proxy?.current.authorization : undefined;
    return authorization === undefined ? NO_SECRETS : [authorizationCredential(authorization)];
  }

  /** What undici sends. */
  dispatchOptions(path: string, headers: Readonly<Record<string, string>>): Dispatcher.DispatchOptions {
    if (!this.isRelayed) return { path, method: 'GET', headers };
    const authorization = this.proxy?.current.authorization;
    return {
      path: this.origin + path,
      method: 'GET',
      headers: authorization === undefined ? headers : { ...headers, 'proxy-authorization': authorization },
    };
  }

  /**
   * Sends a request on a connection of its own.
   * @throws what undici throws, or ProxyError
   */
  async send({ method, path, headers, body }: SmallRequest): Promise<SmallAnswer> {
    const { timeoutMs } = this.limits;
    const connection = this.openConnection();
    try {
      const answer = await connection.client.request({
        ...this.dispatchOptions(path, headers),
        method,
        body: body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      return {
        statusCode: answer.statusCode,
        headers: Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
        ),
        body: await answer.body.bytes(),
      };
    } finally {
      this.drop(connection);
    }
  }

  /** A connection for a request: an idle one, or a new one. It has to be kept or dropped afterwards. */
  take(): UpstreamConnection {
    const now = SYSTEM_CLOCK.monotonic();
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (this.isUsable(connection, now)) return connection;
      this.retire(connection);
    }
    return this.openConnection();
  }

  /** A new connection for a request. */
  openConnection(): UpstreamConnection {
    const { maxResponseBytes } = this.limits;
    const client = new Client(this.origin, {
      connect: this.connect,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The request's abort signal is the one deadline for connecting, retries and all pages.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: maxResponseBytes,
    });
    const connection = { client, openedAt: SYSTEM_CLOCK.monotonic(), isReused: false };
    client.on('disconnect', () => {
      const index = this.idle.indexOf(connection);
      if (index === -1) return;
      this.idle.splice(index, 1);
      this.drop(connection);
    });
    this.open.add(connection);
    return connection;
  }

  /** A request has its whole answer: the connection may serve another one. */
  keep(connection: UpstreamConnection): void {
    connection.isReused = true;
    if (this.isUsable(connection, SYSTEM_CLOCK.monotonic())) this.idle.push(connection);
    else this.retire(connection);
  }

  /** Closes a connection, whatever it does. */
  drop(connection: UpstreamConnection): void {
    this.open.delete(connection);
    void connection.client.destroy();
  }

  /** Closes the connections that serve no request; those that serve one are not used again. */
  retireIdle(): void {
    this.oldestUsable = SYSTEM_CLOCK.monotonic();
    for (const connection of this.idle.splice(0)) this.retire(connection);
  }

  /** How long a request that is sent now waits for the first byte on a reused connection, ms. */
  patienceMs(callStartedAt: number): number {
    const { timeoutMs } = this.limits;
    const elapsed = SYSTEM_CLOCK.monotonic() - callStartedAt;
    const half = timeoutMs / 2;
    // A later request of the call, for another page, has half of what is left.
    return elapsed < half ? half - elapsed : (timeoutMs - elapsed) / 2;
  }

  async close(): Promise<void> {
    await Promise.all([...this.open].map(({ client }) => client.destroy()));
  }

  private isUsable({ openedAt }: UpstreamConnection, now: number): boolean {
    return openedAt >= this.oldestUsable && now - openedAt < this.limits.connectionTtlMs;
  }

  private retire(connection: UpstreamConnection): void {
    this.open.delete(connection);
    void connection.client.close();
  }

  private connector(): buildConnector.connector {
    return connector(this.proxy, this.certificates, this.limits.timeoutMs);
  }
}
