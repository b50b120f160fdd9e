import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { Metrics, METRICS } from '../metrics/metrics.js';
import { createMetricsServer } from '../observability/serve-metrics.js';
import { listeningAddress } from './listening-address.js';
import { cutOffStalledClients } from './stalled-clients.js';

/** Serves metrics on `METRICS_PORT` until the service has answered its last request. */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    @Inject(METRICS) private readonly metrics: Metrics | undefined,
    @Inject(serverConfig.KEY) private readonly config: ServerConfig,
  ) {}

  /** What it listens on, as a URL; undefined where it does not. */
  get address(): string | undefined {
    return this.server && listeningAddress(this.server.address());
  }

  /** @throws Error when the port is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { metricsPort, host } = this.config;
    if (metricsPort === undefined || this.metrics === undefined) return;
    this.server = createMetricsServer(this.metrics).listen(metricsPort, host);
    cutOffStalledClients(this.server);
    await once(this.server, 'listening');
  }

  onApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}
