import { Module } from '@nestjs/common';
import { tracesConfig } from '../config/traces.config.js';
import type { TracesConfig } from '../config/traces.config.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { StartupLog } from './startup-log.js';
import { Tracing } from './tracing.js';

/** The injected `Tracing`; undefined when tracing is disabled. */
export const TRACING = Symbol('TRACING');

/** The log at start, and tracing. */
@Module({
  imports: [ProvidersModule, CredentialsModule],
  providers: [
    StartupLog,
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
