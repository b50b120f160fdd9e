import { Module } from '@nestjs/common';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';

/** The Models API. */
@Module({
  imports: [ProvidersModule],
  controllers: [ModelsController],
  providers: [ModelsService, OperatorCredentials],
})
export class ModelsModule {}
