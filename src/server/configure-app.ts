import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { enableCors } from './cors.js';
import { serveDocs } from '../docs/docs.js';
import { ErrorFilter } from '../errors/error.filter.js';
import { closeGracefully } from './graceful-close.js';
import { Lifecycle } from '../health/lifecycle.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { NestLogger } from '../observability/logger.js';
import { logRequests } from '../observability/request-log.js';
import { measureRequests, serveMetrics } from '../observability/serve-metrics.js';
import { decorateWithTrace } from '../observability/trace-id.js';
import type { Tracing } from '../observability/tracing.js';
import { TRACING } from '../observability/observability.module.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { VERSION } from '../version.js';
import { UpstreamExceptionFilter } from '../upstream/upstream-exception.filter.js';

/**
 * What `main` and the end-to-end tests both apply to a new application.
 * @param logger the log to write to
 */
export function configureApp(app: NestFastifyApplication, logger: Logger): void {
  app.useLogger(new NestLogger(logger));
  // Nest asks the last one first.
  app.useGlobalFilters(new ErrorFilter(), new UpstreamExceptionFilter());
  const server = app.getHttpAdapter().getInstance();
  decorateWithTrace(server);
  const tracing = app.get<Tracing | undefined>(TRACING);
  if (tracing !== undefined) server.requestObservers.push({ opened: tracing.open.bind(tracing) });
  const { configured } = app.get(ProviderRegistry);
  logRequests(
    server,
    logger,
    configured.map(({ identity }) => identity.engine),
  );
  const { metricsPort, docsEnabled, corsOrigins } = app.get<ServerConfig>(serverConfig.KEY);
  const metrics = app.get<Metrics | undefined>(METRICS);
  if (metrics !== undefined) {
    metrics.describe(configured.map(({ identity }) => identity.label).join(','), VERSION);
    measureRequests(server, metrics);
    if (metricsPort === undefined) serveMetrics(server, metrics);
  }
  if (docsEnabled) serveDocs(server);
  if (corsOrigins.size > 0) enableCors(server, corsOrigins);
  const { timeoutMs } = app.get<UpstreamConfig>(upstreamConfig.KEY);
  closeGracefully(server, app.get(Lifecycle), timeoutMs);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
}
