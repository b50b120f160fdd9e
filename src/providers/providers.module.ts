import { Module } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { UpstreamClient } from '../upstream/upstream.client.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { BUILT_IN_PROVIDERS } from './built-in-providers.js';
import { ProviderFailureLog } from './provider-failure-log.js';
import { PROVIDER_FACTORY, ProviderRegistry } from './provider.registry.js';
import type { ProviderFactory } from './provider.registry.js';
import type { ProviderContext } from './vendor.js';
import { customProvider } from './vendors/custom.provider.js';

/** Makes the provider of an engine: of the vendor that it is, or an OpenAI-compatible one. */
export function providerFactory(context: ProviderContext): ProviderFactory {
  return ({ name, kind }) => {
    const vendor = BUILT_IN_PROVIDERS.find(({ engine }) => engine === kind);
    return vendor === undefined ? customProvider(name, context) : new vendor.Provider(context, name);
  };
}

/** The LLM vendors and the choice between them. */
@Module({
  imports: [UpstreamModule, CredentialsModule],
  providers: [
    {
      provide: PROVIDER_FACTORY,
      inject: [UpstreamClient, providerConfig.KEY, upstreamConfig.KEY],
      useFactory: (client: UpstreamClient, config: ProviderConfig, limits: UpstreamConfig) =>
        providerFactory({ client, config, limits }),
    },
    ProviderRegistry,
    ProviderFailureLog,
  ],
  exports: [ProviderRegistry, ProviderFailureLog],
})
export class ProvidersModule {}
