import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { GatewayKeys } from '../credentials/gateway-keys.js';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { missingSetting } from '../providers/model-provider.js';
import type { ModelProvider, ProviderSettings } from '../providers/model-provider.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { VERSION } from '../version.js';

/** Logs at start which providers are asked, and which variable each key comes from; never a key. Metrics get the engines. */
@Injectable()
export class StartupLog implements OnApplicationBootstrap {
  private readonly logger = new Logger('StartupLog');

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly credentials: OperatorCredentials,
    private readonly gatewayKeys: GatewayKeys,
    @Inject(METRICS) private readonly metrics: Metrics | undefined,
  ) {}

  onApplicationBootstrap(): void {
    const { configured } = this.registry;
    for (const provider of configured) this.logProvider(provider);
    if (this.gatewayKeys.isRequired) this.logGatewayKeys();
    this.metrics?.describe(configured.map(({ identity }) => identity.label).join(','), VERSION);
  }

  private logGatewayKeys(): void {
    this.logger.log('Callers need a key of GATEWAY_API_KEYS; their credentials go to no provider.');
    if (this.registry.credentialTarget !== undefined) {
      this.logger.warn('FORWARD_AUTHORIZATION_TO has no effect beside GATEWAY_API_KEYS.');
    }
  }

  private logProvider(provider: ModelProvider): void {
    const { identity, settings } = provider;
    const variable =
      settings && (this.credentials.key(settings.keyVariables)?.current.variable ?? settings.keySource);
    this.logger.log(
      [
        `models-gateway ${VERSION}`,
        `engine ${identity.engine}${identity.kind === undefined ? '' : ` (${identity.kind})`}`,
        sourceOf(settings),
        variable === undefined ? 'no key of its own' : `key from ${variable}`,
      ].join(', '),
    );
    const { url, proxy } = settings ?? {};
    if (proxy !== undefined && url?.protocol === 'http:') {
      this.logger.warn(
        `Keys for ${identity.engine} pass the proxy ${proxy.current.host} in clear: ${String(settings?.urlVariable)} is an ` +
          `http:// URL. Use https://, or name ${url.hostname} in NO_PROXY.`,
      );
    }
    const missing = missingSetting(provider);
    if (missing !== undefined) this.logger.warn(`${missing} Until then every list is a 502.`);
  }
}

/** Where the list comes from. */
function sourceOf(settings: ProviderSettings | undefined): string {
  if (settings === undefined) return 'a static list';
  const { url, proxy } = settings;
  if (url === undefined) return 'no upstream';
  return `upstream ${url.host}${proxy === undefined ? '' : ` by proxy ${proxy.current.host}`}`;
}
