import { Module } from '@nestjs/common';
import { ConfigModule } from './config/config.module.js';
import { CredentialsModule } from './credentials/credentials.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ModelsModule } from './models/models.module.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { ProvidersModule } from './providers/providers.module.js';
import { ServerModule } from './server/server.module.js';
import { StartupModule } from './startup/startup.module.js';

/** The map of the system. */
@Module({
  imports: [
    ConfigModule,
    CredentialsModule,
    ProvidersModule,
    ModelsModule,
    HealthModule,
    MetricsModule,
    ObservabilityModule,
    StartupModule,
    ServerModule,
  ],
})
export class AppModule {}
