import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { HealthController } from './health.controller.js';
import { Lifecycle } from './lifecycle.js';

/** Liveness, readiness and shutdown. */
@Module({
  imports: [ProvidersModule],
  controllers: [HealthController],
  providers: [Lifecycle],
  exports: [Lifecycle],
})
export class HealthModule {}
