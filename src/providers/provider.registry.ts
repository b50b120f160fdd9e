import { Inject, Injectable } from '@nestjs/common';
import type { ConfiguredEngine } from '../config/engine-variables.js';
import { namesOf } from '../config/engines.js';
import { modelsConfig } from '../config/models.config.js';
import type { ModelsConfig } from '../config/models.config.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { ConfigurationError } from '../config/variables.js';
import { SecretFiles } from '../credentials/secret-files.js';
import type { ModelProvider } from './model-provider.js';
import { openStaticList, StaticProvider } from './static.provider.js';
import type { StaticList } from './static.provider.js';

/** The injection token of `ProviderFactory`. */
export const PROVIDER_FACTORY = Symbol('PROVIDER_FACTORY');

/** Makes the provider of an engine. */
export type ProviderFactory = (engine: ConfiguredEngine) => ModelProvider;

type RegistryConfig = Pick<ProviderConfig, 'engines' | 'credentialTarget' | 'staticList'>;

/** Knows the providers that the environment chooses, and the models that the operator gives. */
@Injectable()
export class ProviderRegistry {
  /** The providers that `MODEL_ENGINES` names, in that order, or the one of `MAIN_MODEL_ENGINE`; or a static list. */
  readonly configured: readonly ModelProvider[];
  /** Whether the operator has given the whole list, so that no provider is asked. */
  readonly isStatic: boolean;
  /** The owner of models that the operator gives without one. */
  readonly owner: string;
  /** Of several providers the one that gets the credentials of callers. */
  readonly credentialTarget: ModelProvider | undefined;
  /** The models that the operator adds to the list of all providers. */
  readonly additions: StaticList | undefined;
  private readonly additionsByProvider = new Map<ModelProvider, StaticList>();

  /** @throws ConfigurationError when one provider would get the key of another */
  constructor(
    @Inject(providerConfig.KEY) private readonly config: RegistryConfig,
    @Inject(modelsConfig.KEY) { staticList }: Pick<ModelsConfig, 'staticList'>,
    @Inject(PROVIDER_FACTORY) make: ProviderFactory,
    private readonly files: SecretFiles,
  ) {
    const { engines, credentialTarget } = config;
    const [engine, ...others] = engines;
    this.owner = engine === undefined || others.length > 0 ? 'static' : (engine.kind ?? engine.name);
    this.isStatic = staticList?.mode === 'replace';
    const list = staticList && openStaticList(staticList, files);
    this.configured =
      list !== undefined && this.isStatic
        ? [new StaticProvider({ engine: this.owner, label: 'static' }, list)]
        : engines.map((each) => this.staticOrRemote(make(each)));
    this.additions = this.isStatic ? undefined : list;
    if (others.length > 0) this.refuseSharedKeys();
    this.credentialTarget = this.find(credentialTarget);
  }

  /** The models that the operator adds to the list of one of several providers. */
  additionsTo(provider: ModelProvider): StaticList | undefined {
    return this.additionsByProvider.get(provider);
  }

  /** The provider of a name, or else of another name of the same engine. */
  private find(name: string | undefined): ModelProvider | undefined {
    if (name === undefined) return undefined;
    const others: readonly string[] = namesOf(name);
    return (
      this.configured.find(({ identity }) => identity.engine === name) ??
      this.configured.find(({ identity }) => others.includes(identity.engine))
    );
  }

  /** The provider, or the static list that the operator gives for it. */
  private staticOrRemote(provider: ModelProvider): ModelProvider {
    const { identity } = provider;
    const source = this.config.staticList(identity.engine);
    if (source === undefined) return provider;
    const list = openStaticList(source, this.files);
    if (source.mode === 'replace') return new StaticProvider(identity, list);
    this.additionsByProvider.set(provider, list);
    return provider;
  }

  /** `GOOGLE_API_KEY` is that of `gemini`, and would be that of an engine of one's own named `google`. */
  private refuseSharedKeys(): void {
    const owners = new Map<string, string>();
    for (const { identity, settings } of this.configured) {
      const { engine } = identity;
      for (const variable of settings?.keyVariables ?? []) {
        const other = owners.get(variable);
        if (other !== undefined) {
          const rule = `must not name both ${other} and ${engine}: ${variable} would be the key of either`;
          throw new ConfigurationError([{ variable: 'MODEL_ENGINES', rule }]);
        }
        owners.set(variable, engine);
      }
    }
  }
}
