import { Module } from '@nestjs/common';
import { tracesConfig } from '../config/traces.config.js';
import type { TracesConfig } from '../config/traces.config.js';
import { Tracing } from './tracing.js';

/** The injected `Tracing`; undefined when tracing is disabled. */
export const TRACING = Symbol('TRACING');

/** Tracing. */
@Module({
  providers: [
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
