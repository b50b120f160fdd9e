import { Global, Module } from '@nestjs/common';
import { metricsConfig } from '../config/metrics.config.js';
import type { MetricsConfig } from '../config/metrics.config.js';
import { Metrics, METRICS } from './metrics.js';

/** The figures of this process. Whatever is worth counting is counted where it happens. */
@Global()
@Module({
  providers: [
    {
      provide: METRICS,
      inject: [metricsConfig.KEY],
      useFactory: ({ enabled }: MetricsConfig) => (enabled ? new Metrics() : undefined),
    },
  ],
  exports: [METRICS],
})
export class MetricsModule {}
