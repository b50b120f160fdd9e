import { PROCESS_STARTED, uniqueById } from '../catalogue/model.js';
import type { Model } from '../catalogue/model.js';
import type { StaticModel } from '../config/static-models.js';
import type { ModelProvider, ProviderIdentity, ProviderList } from './model-provider.js';

/** A list that needs no request. */
export class StaticProvider implements ModelProvider {
  readonly settings = undefined;
  readonly models: readonly Model[];

  /** @param identity its engine is the owner of models that have none */
  constructor(
    readonly identity: ProviderIdentity,
    models: readonly StaticModel[],
  ) {
    this.models = staticModels(models, identity.engine);
  }

  listModels(): Promise<ProviderList> {
    return Promise.resolve(this);
  }
}

/** Whole models, each id once. */
export function staticModels(models: readonly StaticModel[], owner: string): readonly Model[] {
  return uniqueById(models.map((model) => ({ created: PROCESS_STARTED, ownedBy: owner, ...model })));
}
