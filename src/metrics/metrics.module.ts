import { Global, Module } from '@nestjs/common';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { Metrics, METRICS } from './metrics.js';

/** The metrics of this process; global, because every room counts its own events. */
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
