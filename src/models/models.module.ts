import { Module } from '@nestjs/common';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';

/** The Models API. */
@Module({
  imports: [ProvidersModule, CredentialsModule],
  controllers: [ModelsController],
  providers: [ModelsService],
})
export class ModelsModule {}
