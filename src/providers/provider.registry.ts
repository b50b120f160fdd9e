import { Inject, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { CustomProvider } from './custom.provider.js';
import type { ModelProvider } from './model-provider.js';

/** The built-in providers, one instance each. */
export const MODEL_PROVIDERS = Symbol('MODEL_PROVIDERS');

/** Knows all providers by their engine names, and which one the environment chooses. */
@Injectable()
export class ProviderRegistry {
  private readonly byName: ReadonlyMap<string, ModelProvider>;
  /** The provider that `MAIN_MODEL_ENGINE` names. */
  readonly configured: ModelProvider;

  constructor(
    config: ConfigService,
    @Inject(MODEL_PROVIDERS) readonly builtIn: readonly ModelProvider[],
    private readonly custom: CustomProvider,
  ) {
    this.byName = new Map(
      builtIn.flatMap((provider) => [provider.engine, ...provider.aliases].map((name) => [name, provider])),
    );
    this.configured = this.find(config.getOrThrow<string>('provider.engine'));
  }

  /** Whether `MAIN_MODEL_ENGINE` names one of those that are built in. */
  get isBuiltIn(): boolean {
    return this.configured !== this.custom;
  }

  /** The provider of an engine name, case and `-` for `_` aside; the custom one for a name that is not built in. */
  find(engine: string): ModelProvider {
    return this.byName.get(engine.toLowerCase().replaceAll('-', '_')) ?? this.custom;
  }
}
