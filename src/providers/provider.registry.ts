import { Inject, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { StaticModel } from '../config/static-models.js';
import { StaticProvider } from './static.provider.js';
import { engineName } from '../config/engine-rules.js';
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
  /** Stands in for the owner of the models that the operator names. */
  readonly owner: string;
  /** Of several providers the one that gets the credentials of callers. */
  readonly forwardTo: ModelProvider | undefined;

  /** @throws ConfigurationError when two of the names mean the same provider */
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
        ? engines.map((each) => this.find(each))
        : [new StaticProvider(this.owner, replacement)];
    if (replacement === undefined && new Set(this.configured).size < engines.length) {
      throw new ConfigurationError([
        { variable: 'MODEL_ENGINES', rule: 'must not name the same provider twice' },
      ]);
    }
    const forwardTo = config.get<string>('provider.forwardTo');
    this.forwardTo = forwardTo === undefined ? undefined : this.configured[engines.indexOf(forwardTo)];
  }

  /** The provider of an engine name, case and `-` for `_` aside; a custom one for a name that is not built in. */
  find(engine: string): ModelProvider {
    return this.byName.get(engineName(engine)) ?? this.custom(engine);
  }
}
