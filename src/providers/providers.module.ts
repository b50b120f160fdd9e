import { Module } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { UpstreamClient } from '../upstream/upstream.client.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { CustomProvider } from './vendors/custom.provider.js';
import { BUILT_IN_PROVIDERS } from './built-in-providers.js';
import type { ModelProvider } from './model-provider.js';
import { ProviderFailureLog } from './provider-failure-log.js';
import { CUSTOM_PROVIDER, MODEL_PROVIDERS, ProviderRegistry } from './provider.registry.js';

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
    {
      provide: CUSTOM_PROVIDER,
      inject: [UpstreamClient, providerConfig.KEY, upstreamConfig.KEY],
      useFactory:
        (client: UpstreamClient, config: ProviderConfig, limits: UpstreamConfig) =>
        (engine: string): ModelProvider =>
          new CustomProvider(engine, client, config, limits),
    },
    ProviderRegistry,
    ProviderFailureLog,
  ],
  exports: [ProviderRegistry, ProviderFailureLog],
})
export class ProvidersModule {}
