import { Module } from '@nestjs/common';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { StartupLog } from './startup-log.js';
import { StartupReport } from './startup-report.js';

/** What is said of the configuration at the start. */
@Module({
  imports: [ProvidersModule, CredentialsModule],
  providers: [StartupReport, StartupLog],
  exports: [StartupReport, StartupLog],
})
export class StartupModule {}
