import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { missingSetting } from '../providers/model-provider.js';
import type { ModelProvider } from '../providers/model-provider.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { VERSION } from '../version.js';

/** Logs at start which providers are asked, and which variable each key comes from; never a key. Metrics get the engines. */
@Injectable()
export class StartupLog implements OnApplicationBootstrap {
  private readonly logger = new Logger('StartupLog');

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly credentials: OperatorCredentials,
    @Inject(METRICS) private readonly metrics: Metrics | undefined,
  ) {}

  onApplicationBootstrap(): void {
    const { configured } = this.registry;
    for (const provider of configured) this.logProvider(provider);
    this.metrics?.describe(configured.map(({ label }) => label).join(','), VERSION);
  }

  private logProvider(provider: ModelProvider): void {
    const { engine } = provider;
    const variable = provider.isRemote
      ? (this.credentials.keyFor(provider)?.current.variable ?? provider.keySource)
      : undefined;
    this.logger.log(
      [
        `models-gateway ${VERSION}`,
        `engine ${engine}`,
        sourceOf(provider),
        variable === undefined ? 'no key of its own' : `key from ${variable}`,
      ].join(', '),
    );
    const missing = missingSetting(provider);
    if (missing !== undefined) this.logger.warn(`${missing} Until then every list is a 502.`);
  }
}

/** Where the list comes from. */
function sourceOf(provider: ModelProvider): string {
  if (!provider.isRemote) return 'a static list';
  return provider.url === undefined ? 'no upstream' : `upstream ${provider.url.host}`;
}
