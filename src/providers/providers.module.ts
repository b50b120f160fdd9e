import { Module } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { UpstreamClient } from '../upstream/upstream.client.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { BUILT_IN_PROVIDERS } from './built-in-providers.js';
import type { ModelProvider } from './model-provider.js';
import { ProviderFailureLog } from './provider-failure-log.js';
import { CUSTOM_PROVIDER, MODEL_PROVIDERS, ProviderRegistry } from './provider.registry.js';
import type { ProviderContext } from './vendor.js';
import { PROVIDER_CONTEXT } from './vendor.js';
import { customProvider } from './vendors/custom.provider.js';

/** The LLM vendors and the choice between them. */
@Module({
  imports: [UpstreamModule],
  providers: [
    ...BUILT_IN_PROVIDERS.map(({ Provider }) => Provider),
    {
      provide: PROVIDER_CONTEXT,
      inject: [UpstreamClient, providerConfig.KEY, upstreamConfig.KEY],
      useFactory: (
        client: UpstreamClient,
        config: ProviderConfig,
        limits: UpstreamConfig,
      ): ProviderContext => ({ client, config, limits }),
    },
    {
      provide: MODEL_PROVIDERS,
      inject: BUILT_IN_PROVIDERS.map(({ Provider }) => Provider),
      useFactory: (...providers: readonly ModelProvider[]) => providers,
    },
    {
      provide: CUSTOM_PROVIDER,
      inject: [PROVIDER_CONTEXT],
      useFactory: (context: ProviderContext) => (engine: string) => customProvider(engine, context),
    },
    ProviderRegistry,
    ProviderFailureLog,
  ],
  exports: [ProviderRegistry, ProviderFailureLog],
})
export class ProvidersModule {}
