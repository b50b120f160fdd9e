import { Module } from '@nestjs/common';
import { SHARED_STORE } from '../cache/shared-store.js';
import { cacheConfig } from '../config/cache.config.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { SecretFiles } from '../credentials/secret-files.js';
import { METRICS } from '../metrics/metrics.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { ModelSelection } from './model-selection.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';
import { openSharedStore } from './open-shared-store.js';
import { ListSourceContext } from './sources/list-source-context.js';

/** The Models API. */
@Module({
  imports: [ProvidersModule, CredentialsModule],
  controllers: [ModelsController],
  providers: [
    ModelsService,
    ModelSelection,
    ListSourceContext,
    {
      provide: SHARED_STORE,
      inject: [cacheConfig.KEY, SecretFiles, METRICS],
      useFactory: openSharedStore,
    },
  ],
})
export class ModelsModule {}
