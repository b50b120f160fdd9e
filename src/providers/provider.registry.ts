import { Inject, Injectable } from '@nestjs/common';
import { modelsConfig } from '../config/models.config.js';
import type { ModelsConfig } from '../config/models.config.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { namesOf } from '../config/engines.js';
import { engineName } from '../config/rules/engines.js';
import { ConfigurationError } from '../config/variables.js';
import type { ModelProvider } from './model-provider.js';
import { StaticProvider } from './static.provider.js';

/** The built-in providers, one instance each. */
export const MODEL_PROVIDERS = Symbol('MODEL_PROVIDERS');
/** Makes the provider of an engine that is not built in. */
export const CUSTOM_PROVIDER = Symbol('CUSTOM_PROVIDER');

type RegistryConfig = Pick<ProviderConfig, 'engines' | 'credentialTarget' | 'staticModels'>;

/** Knows all providers by their engine names, and which ones the environment chooses. */
@Injectable()
export class ProviderRegistry {
  private readonly byName: ReadonlyMap<string, ModelProvider>;
  /** The providers that `MODEL_ENGINES` names, in that order, or the one of `MAIN_MODEL_ENGINE`; or a static list. */
  readonly configured: readonly ModelProvider[];
  /** Whether the operator has given the whole list, so that no provider is asked. */
  readonly isStatic: boolean;
  /** The owner of models that the operator names without one. */
  readonly owner: string;
  /** Of several providers the one that gets the credentials of callers. */
  readonly credentialTarget: ModelProvider | undefined;

  /** @throws ConfigurationError when one provider would get the key of another */
  constructor(
    @Inject(providerConfig.KEY) private readonly config: RegistryConfig,
    @Inject(modelsConfig.KEY) { replacement }: Pick<ModelsConfig, 'replacement'>,
    @Inject(MODEL_PROVIDERS) readonly builtIn: readonly ModelProvider[],
    @Inject(CUSTOM_PROVIDER) private readonly custom: (engine: string) => ModelProvider,
  ) {
    this.byName = new Map(
      builtIn.flatMap((provider) => {
        const { engine, aliases } = provider.identity;
        return [engine, ...aliases].map((name) => [name, provider] as const);
      }),
    );
    const { engines, credentialTarget } = config;
    const [engine = '', ...others] = engines;
    this.owner = others.length === 0 ? this.find(engine).identity.engine : 'static';
    this.configured =
      replacement === undefined
        ? engines.map((each) => this.staticOrRemote(this.find(each)))
        : [new StaticProvider({ engine: this.owner, aliases: [], label: 'static' }, replacement)];
    if (others.length > 0) this.refuseSharedKeys();
    const names: readonly string[] = credentialTarget === undefined ? [] : namesOf(credentialTarget);
    this.credentialTarget = this.configured[engines.findIndex((each) => names.includes(each))];
    this.isStatic = replacement !== undefined;
  }

  /** The provider of an engine name, case and `-` for `_` aside; a custom one for a name that is not built in. */
  find(engine: string): ModelProvider {
    return this.byName.get(engineName(engine)) ?? this.custom(engine);
  }

  /** The provider, or the static list that the operator gives for it. */
  private staticOrRemote(provider: ModelProvider): ModelProvider {
    const { engine, aliases } = provider.identity;
    const models = this.config.staticModels([engine, ...aliases]);
    return models === undefined ? provider : new StaticProvider(provider.identity, models);
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
