import { Module } from '@nestjs/common';
import { tracesConfig } from '../config/traces.config.js';
import type { TracesConfig } from '../config/traces.config.js';
import { Tracing } from './tracing.js';

/** What traces requests; undefined when nobody wants to have traces. */
export const TRACING = Symbol('TRACING');

/** Traces by OpenTelemetry. */
@Module({
  providers: [
    {
      provide: TRACING,
      inject: [tracesConfig.KEY],
      useFactory: ({ enabled, serviceName }: TracesConfig) =>
        enabled ? Tracing.start(serviceName) : undefined,
    },
  ],
})
export class TracingModule {}
