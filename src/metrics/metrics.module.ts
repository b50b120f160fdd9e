import { Global, Module } from '@nestjs/common';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { Metrics, METRICS } from './metrics.js';

/** The figures of this process. Whatever is worth counting is counted where it happens. */
@Global()
@Module({
  providers: [
    {
      provide: METRICS,
      inject: [serverConfig.KEY],
      useFactory: ({ metricsEnabled }: ServerConfig) => (metricsEnabled ? new Metrics() : undefined),
    },
  ],
  exports: [METRICS],
})
export class MetricsModule {}
