import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ErrorFilter } from '../errors/error.filter.js';
import { HealthModule } from '../health/health.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { StartupModule } from '../startup/startup.module.js';
import { UpstreamExceptionFilter } from '../upstream/upstream-exception.filter.js';
import { MetricsServer } from './metrics-server.js';
import { requestObservers } from './request-observers.js';
import { ServerSetup } from './server.setup.js';

/** The HTTP server: its observers, its errors, and what it serves beside Nest's controllers. */
@Module({
  imports: [ProvidersModule, HealthModule, ObservabilityModule, StartupModule],
  providers: [
    ServerSetup,
    MetricsServer,
    requestObservers,
    // Nest asks the last filter first.
    { provide: APP_FILTER, useClass: ErrorFilter },
    { provide: APP_FILTER, useClass: UpstreamExceptionFilter },
  ],
})
export class ServerModule {}
