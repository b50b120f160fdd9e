import { Module } from '@nestjs/common';
import { ConfigModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';
import { ModelsModule } from './models/models.module.js';

/** The map of the system. */
@Module({ imports: [ConfigModule, ModelsModule, HealthModule] })
export class AppModule {}
