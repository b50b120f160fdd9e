import { Inject, Injectable } from '@nestjs/common';
import { cacheConfig } from '../config/cache.config.js';
import type { CacheConfig } from '../config/cache.config.js';
import { builtInNames, declarationOf, engineName } from '../config/engines.js';
import { gatewayConfig } from '../config/gateway.config.js';
import type { GatewayConfig } from '../config/gateway.config.js';
import { misspeltVariables } from '../config/misspelt-variables.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { nearestName } from '../config/spelling.js';
import { GatewayKeys } from '../credentials/gateway-keys.js';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import { askedUrl, missingSetting } from '../providers/model-provider.js';
import type { ModelProvider } from '../providers/model-provider.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { StaticProvider } from '../providers/static.provider.js';
import type { StaticList } from '../providers/static.provider.js';
import { idleVariables } from './idle-variables.js';

/** What an operator should know of an engine. None of it is a secret. */
export interface EngineReport {
  readonly name: string;
  /** The built-in engine that it is; undefined for an OpenAI-compatible one. */
  readonly kind: string | undefined;
  /** The URL that is asked, without its query; undefined where none is. */
  readonly url: string | undefined;
  /** The host of the proxy by which requests go; undefined for direct connections. */
  readonly proxy: string | undefined;
  /** The variables of the files with certificates that connections use. */
  readonly tlsVariables: readonly string[];
  /** The variable, or other source, of the key for callers without one. */
  readonly keySource: string | undefined;
  /** The variable of the headers that are added to each request. */
  readonly headerVariable: string | undefined;
  /** The models that the operator gives instead of the list, or beside it. */
  readonly staticList: StaticList | undefined;
  /** Whether a provider is asked: it is not where a static list replaces its own. */
  readonly isRemote: boolean;
}

/** Says of a configuration what will be asked, and what is wrong with it: for the log, and for `--check`. */
@Injectable()
export class StartupReport {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly credentials: OperatorCredentials,
    private readonly gatewayKeys: GatewayKeys,
    @Inject(providerConfig.KEY) private readonly provider: ProviderConfig,
    @Inject(serverConfig.KEY) private readonly server: ServerConfig,
    @Inject(cacheConfig.KEY) private readonly cache: CacheConfig,
    @Inject(gatewayConfig.KEY) private readonly gateway: GatewayConfig,
  ) {}

  get engines(): EngineReport[] {
    return this.registry.configured.map((provider) => {
      const { identity, settings } = provider;
      const name = identity.kind ?? identity.engine;
      return {
        name: identity.engine,
        kind: declarationOf(engineName(name)) && name,
        url: askedUrl(settings),
        proxy: settings?.proxy?.current.host,
        tlsVariables: settings?.url?.protocol === 'https:' ? this.tlsVariablesOf(identity.engine) : [],
        keySource: this.keyVariableOf(provider) ?? settings?.keySource,
        headerVariable: settings?.headerVariables.map((each) => this.headersIn(each)).find(Boolean),
        staticList: this.staticListOf(provider),
        isRemote: settings !== undefined,
      };
    });
  }

  /** Which callers are answered: those with a key of this variable; undefined for all. */
  get gatewayKeyVariable(): string | undefined {
    if (!this.gatewayKeys.isRequired) return undefined;
    return this.gateway.apiKeysFile === undefined ? 'GATEWAY_API_KEYS' : 'GATEWAY_API_KEYS_FILE';
  }

  /** The engine that gets the credentials of callers; undefined for none. */
  get credentialTarget(): string | undefined {
    if (this.gatewayKeys.isRequired || this.registry.isStatic) return undefined;
    const [only] = this.registry.configured;
    const target = this.provider.isMultiEngine ? this.registry.credentialTarget : only;
    return target?.settings && target.identity.engine;
  }

  /** What has to be set before all engines can be asked, and what is wrong until then. */
  get missing(): string[] {
    const { isMultiEngine, allowPartial } = this.provider;
    const until =
      isMultiEngine && allowPartial
        ? 'Until then lists lack its models, and /readyz is a 503.'
        : 'Until then every list is a 502.';
    return this.registry.configured.flatMap((provider) => {
      const missing = missingSetting(provider);
      if (missing !== undefined) return [`${missing} ${until}${this.suggestion(provider)}`];
      return this.isEmpty(provider)
        ? [
            `The engine ${provider.identity.engine} is not built in, and ${String(provider.settings?.urlVariable)} is ` +
              `not set: the list is empty.${this.suggestion(provider)}`,
          ]
        : [];
    });
  }

  /** What is probably a mistake, in sentences. */
  get warnings(): string[] {
    const { provider, server, cache } = this;
    return [
      ...this.keysInClear,
      ...misspeltVariables(provider.engines).map(
        ({ variable, meant }) => `${variable} is not read: is ${meant} meant?`,
      ),
      ...idleVariables({
        provider,
        server,
        cache,
        needsGatewayKey: this.gatewayKeys.isRequired,
        providers: this.registry.configured,
        isStatic: this.registry.isStatic,
        keyVariableOf: (each) => this.keyVariableOf(each),
      }),
    ];
  }

  private tlsVariablesOf(engine: string): string[] {
    const { authorities, certificate, key } = this.provider.tlsFiles(engine);
    return [authorities, certificate, key].flatMap(({ variable, path }) =>
      path === undefined ? [] : [variable],
    );
  }

  /** A proxy reads the requests to an http:// URL. */
  private get keysInClear(): string[] {
    return this.registry.configured.flatMap(({ identity, settings }) => {
      const { url, proxy, urlVariable } = settings ?? {};
      if (proxy === undefined || url?.protocol !== 'http:') return [];
      return [
        `Keys for ${identity.engine} pass the proxy ${proxy.current.host} in clear: ${String(urlVariable)} is an ` +
          `http:// URL. Use https://, or name ${url.hostname} in NO_PROXY.`,
      ];
    });
  }

  private keyVariableOf({ settings }: ModelProvider): string | undefined {
    return settings && this.credentials.key(settings.keyVariables)?.current.variable;
  }

  /** The variable that is set, of one with headers and its `_FILE` variant. */
  private headersIn(variable: string): string | undefined {
    if (this.provider.headers.has(variable)) return variable;
    return this.provider.headerFiles.has(variable) ? `${variable}_FILE` : undefined;
  }

  private staticListOf(provider: ModelProvider): StaticList | undefined {
    return provider instanceof StaticProvider ? provider.list : this.registry.additionsTo(provider);
  }

  /** Whether a provider is not asked for want of an address, and nothing else gives models. */
  private isEmpty(provider: ModelProvider): boolean {
    const { settings } = provider;
    if (settings === undefined || settings.url !== undefined) return false;
    return (this.staticListOf(provider) ?? this.registry.additions) === undefined;
  }

  /** The built-in engine that is probably meant. */
  private suggestion({ identity: { engine } }: ModelProvider): string {
    const nearest = nearestName(engineName(engine), builtInNames());
    return nearest === undefined ? '' : ` Is the built-in engine ${nearest} meant?`;
  }
}
