import { Inject, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { ProviderConfig } from '../config/provider.config.js';
import type { StaticModel } from '../config/static-models.js';
import { StaticProvider } from './static.provider.js';
import { engineName, namesOf } from '../config/rules/engines.js';
import { ConfigurationError } from '../config/variables.js';
import type { ModelProvider } from './model-provider.js';

/** The built-in providers, one instance each. */
export const MODEL_PROVIDERS = Symbol('MODEL_PROVIDERS');
/** Makes the provider of an engine that is not built in. */
export const CUSTOM_PROVIDER = Symbol('CUSTOM_PROVIDER');

/** Knows all providers by their engine names, and which ones the environment chooses. */
@Injectable()
export class ProviderRegistry {
  private readonly byName: ReadonlyMap<string, ModelProvider>;
  /** The providers that `MODEL_ENGINES` names, in that order, or the one of `MAIN_MODEL_ENGINE`; or a static list. */
  readonly configured: readonly ModelProvider[];
  /** Whether nobody is asked, as the operator has written the whole list down. */
  readonly isStatic: boolean;
  /** Stands in for the owner of the models that the operator names. */
  readonly owner: string;
  /** Of several providers the one that gets the credentials of callers. */
  readonly credentialTarget: ModelProvider | undefined;

  /** @throws ConfigurationError when one provider would get the key of another */
  constructor(
    config: ConfigService,
    @Inject(MODEL_PROVIDERS) readonly builtIn: readonly ModelProvider[],
    @Inject(CUSTOM_PROVIDER) private readonly custom: (engine: string) => ModelProvider,
  ) {
    this.byName = new Map(
      builtIn.flatMap((provider) => [provider.engine, ...provider.aliases].map((name) => [name, provider])),
    );
    const engines = config.getOrThrow<readonly string[]>('provider.engines');
    const replacement = config.get<readonly StaticModel[]>('models.replacement');
    const [engine = '', ...others] = engines;
    this.owner = others.length === 0 ? this.find(engine).engine : 'static';
    this.configured =
      replacement === undefined
        ? engines.map((each) => this.asked(config, this.find(each)))
        : [new StaticProvider(this.owner, replacement, 'static')];
    if (others.length > 0) this.refuseSharedKeys(config);
    const target = config.get<string>('provider.credentialTarget');
    const names = target === undefined ? [] : namesOf(target);
    this.credentialTarget = this.configured[engines.findIndex((each) => names.includes(each))];
    this.isStatic = replacement !== undefined;
  }

  /** The provider of an engine name, case and `-` for `_` aside; a custom one for a name that is not built in. */
  find(engine: string): ModelProvider {
    return this.byName.get(engineName(engine)) ?? this.custom(engine);
  }

  /** The provider, or what the operator has written down of it. */
  private asked(config: ConfigService, provider: ModelProvider): ModelProvider {
    const { engine, aliases } = provider;
    const staticModels = config.get<ProviderConfig['staticModels']>('provider.staticModels');
    const models = staticModels?.([engine, ...aliases]);
    return models === undefined ? provider : new StaticProvider(engine, models, provider.label);
  }

  /** `GOOGLE_API_KEY` is that of `gemini`, and would be that of an engine of one's own named `google`. */
  private refuseSharedKeys(config: ConfigService): void {
    const keyVariables = config.getOrThrow<ProviderConfig['keyVariables']>('provider.keyVariables');
    const owners = new Map<string, string>();
    for (const { engine, aliases, isRemote, keyVariables: declared } of this.configured) {
      if (!isRemote) continue;
      for (const variable of keyVariables([engine, ...aliases], declared)) {
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
