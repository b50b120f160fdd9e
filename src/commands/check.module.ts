import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { StartupModule } from '../startup/startup.module.js';
import { ListWarnings } from './list-warnings.js';
import { ProviderProbe } from './provider-probe.js';

/** The part of the system that `--check` needs: it neither listens, nor traces, nor opens the shared cache. */
@Module({
  imports: [ConfigModule, CredentialsModule, MetricsModule, ProvidersModule, StartupModule],
  providers: [ProviderProbe, ListWarnings],
})
export class CheckModule {}
