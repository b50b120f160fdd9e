import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { networkConfig } from '../config/network.config.js';
import type { NetworkConfig } from '../config/network.config.js';
import type { TlsFiles } from '../config/tls-files.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { SecretFiles } from '../credentials/secret-files.js';
import { Certificates } from './certificates.js';
import { Proxies } from './proxies.js';
import { UpstreamError } from './upstream.error.js';
import { UpstreamRoute } from './upstream.route.js';
import type { RouteLimits } from './upstream.route.js';

/** Knows the routes to all providers, and limits the requests that wait for a connection. */
@Injectable()
export class UpstreamConnections implements OnApplicationShutdown {
  private readonly certificates = new Map<string, Certificates>();
  private readonly routes = new Map<string, UpstreamRoute>();

  constructor(
    @Inject(upstreamConfig.KEY) private readonly config: RouteLimits & Pick<UpstreamConfig, 'maxPending'>,
    @Inject(networkConfig.KEY) private readonly network: Pick<NetworkConfig, 'trustedFile'>,
    private readonly proxies: Proxies,
    private readonly files: SecretFiles,
  ) {}

  /** How many requests wait for a connection, to all providers together. */
  get pending(): number {
    let pending = 0;
    for (const { slots } of this.routes.values()) pending += slots.waiting;
    return pending;
  }

  /**
   * The route to a provider; the same one for the same host and certificates.
   * @throws ConfigurationError when a file holds no certificate or key
   */
  to(url: URL, tls: TlsFiles): UpstreamRoute {
    const { authorities, certificate, key } = tls;
    const identity = [authorities, certificate, key].map(({ path }) => path ?? '').join('\n');
    const name = `${url.origin}\n${identity}`;
    let route = this.routes.get(name);
    if (route === undefined) {
      route = new UpstreamRoute(
        url.origin,
        this.proxies.for(url),
        this.certificatesOf(identity, tls),
        this.config,
      );
      this.routes.set(name, route);
    }
    return route;
  }

  /**
   * Lets a request take one of the route's places at once.
   * @throws UpstreamError `overloaded` when it would have to wait, and too many wait already
   */
  admit({ slots }: UpstreamRoute): void {
    if (slots.isFull && this.pending >= this.config.maxPending) {
      throw new UpstreamError('overloaded', 'Too many requests wait for the provider.');
    }
  }

  /** Runs after the HTTP server has answered its last request, so nothing is cut off. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.routes.values()].map((route) => route.close()));
  }

  private certificatesOf(identity: string, tls: TlsFiles): Certificates {
    let certificates = this.certificates.get(identity);
    if (certificates === undefined) {
      const trusted = { variable: 'SSL_CERT_FILE', path: this.network.trustedFile };
      certificates = new Certificates(tls, trusted, this.files);
      this.certificates.set(identity, certificates);
    }
    return certificates;
  }
}
