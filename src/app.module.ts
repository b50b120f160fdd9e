import { Module } from '@nestjs/common';
import { ConfigModule } from './config/config.module.js';
import { CredentialsModule } from './credentials/credentials.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ModelsModule } from './models/models.module.js';
import { TracingModule } from './observability/tracing.module.js';
import { MetricsServer } from './observability/metrics-server.js';
import { StartupLog } from './observability/startup-log.js';
import { ProvidersModule } from './providers/providers.module.js';

/** The map of the system. */
@Module({
  imports: [
    ConfigModule,
    CredentialsModule,
    ProvidersModule,
    ModelsModule,
    HealthModule,
    MetricsModule,
    TracingModule,
  ],
  providers: [StartupLog, MetricsServer],
})
export class AppModule {}
