import { Module } from '@nestjs/common';
import { tracesConfig } from '../config/traces.config.js';
import type { TracesConfig } from '../config/traces.config.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { MetricsServer } from './metrics-server.js';
import { StartupLog } from './startup-log.js';
import { Tracing } from './tracing.js';

/** What traces requests; undefined when nobody wants to have traces. */
export const TRACING = Symbol('TRACING');

/** What an operator sees of the service beside its answers. */
@Module({
  imports: [ProvidersModule, CredentialsModule],
  providers: [
    StartupLog,
    MetricsServer,
    {
      provide: TRACING,
      inject: [tracesConfig.KEY],
      useFactory: ({ enabled, serviceName }: TracesConfig) =>
        enabled ? Tracing.start(serviceName) : undefined,
    },
  ],
  exports: [TRACING],
})
export class ObservabilityModule {}
