import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { serveDocs } from '../docs/docs.js';
import { Lifecycle } from '../health/lifecycle.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Log } from '../observability/logger.js';
import { decorateRequests } from '../observability/request-context.js';
import { serveMetrics } from '../observability/serve-metrics.js';
import { serveRoot } from '../page/serve-root.js';
import { StartupLog } from '../startup/startup-log.js';
import { enableCors } from './cors.js';
import { closeGracefully } from './graceful-close.js';
import { listeningAddress } from './listening-address.js';
import { MetricsServer } from './metrics-server.js';
import { REQUEST_OBSERVERS } from './request-observers.js';
import type { RequestObserverFactory } from './request-observers.js';
import { basePathPattern } from './request-path.js';
import { cutOffStalledClients } from './stalled-clients.js';

/** Sets up what Fastify serves and observes beside Nest's controllers. */
@Injectable()
export class ServerSetup {
  constructor(
    @Inject(REQUEST_OBSERVERS) private readonly observers: RequestObserverFactory,
    private readonly lifecycle: Lifecycle,
    private readonly startupLog: StartupLog,
    private readonly metricsServer: MetricsServer,
    @Inject(METRICS) private readonly metrics: Metrics | undefined,
    @Inject(serverConfig.KEY) private readonly config: ServerConfig,
    @Inject(upstreamConfig.KEY) private readonly limits: UpstreamConfig,
  ) {}

  apply(server: FastifyInstance, { logger, lostLines }: Log): void {
    const { metricsPort, docsEnabled, pageEnabled, corsOrigins, basePath } = this.config;
    server.basePath = basePathPattern(basePath);
    decorateRequests(server);
    server.requestObservers.push(...this.observers(logger));
    this.metrics?.watchLostLogLines(lostLines);
    if (this.metrics !== undefined && metricsPort === undefined) serveMetrics(server, this.metrics);
    serveRoot(server, this.config);
    if (docsEnabled) serveDocs(server, pageEnabled);
    if (corsOrigins.size > 0) enableCors(server, corsOrigins);
    cutOffStalledClients(server.server);
    closeGracefully(server, this.lifecycle, this.limits.timeoutMs);
    server.server.once('listening', () => {
      this.startupLog.write(listeningAddress(server.server.address()), this.metricsServer.address);
    });
  }
}
