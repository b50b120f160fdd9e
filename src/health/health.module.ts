import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { HealthController } from './health.controller.js';
import { Lifecycle } from './lifecycle.js';

/** Liveness, readiness and the way down. */
@Module({
  imports: [ProvidersModule],
  controllers: [HealthController],
  providers: [Lifecycle],
  exports: [Lifecycle],
})
export class HealthModule {}
