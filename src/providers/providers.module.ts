import { Module } from '@nestjs/common';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { CustomProvider } from './custom.provider.js';
import { BUILT_IN_PROVIDERS } from './index.js';
import type { ModelProvider } from './model-provider.js';
import { ProviderStatus } from './provider-status.js';
import { MODEL_PROVIDERS, ProviderRegistry } from './provider.registry.js';

/** The LLM vendors and the choice between them. */
@Module({
  imports: [UpstreamModule],
  providers: [
    ...BUILT_IN_PROVIDERS,
    {
      provide: MODEL_PROVIDERS,
      useFactory: (...providers: ModelProvider[]) => providers,
      inject: [...BUILT_IN_PROVIDERS],
    },
    CustomProvider,
    ProviderRegistry,
    ProviderStatus,
  ],
  exports: [ProviderRegistry, ProviderStatus],
})
export class ProvidersModule {}
