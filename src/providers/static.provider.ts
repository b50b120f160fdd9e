import { PROCESS_STARTED, uniqueById } from '../catalogue/model.js';
import type { Model } from '../catalogue/model.js';
import type { StaticModel } from '../config/static-models.js';
import type { ModelProvider } from './model-provider.js';

/** A list that needs nobody to be asked. */
export class StaticProvider implements ModelProvider {
  readonly aliases: readonly string[] = [];
  /** Nothing is asked, so there is nothing to send a key with. */
  readonly keyVariables: readonly string[] = [];
  readonly keySource = undefined;
  readonly isRemote = false;
  readonly keyVariable = undefined;
  readonly url = undefined;
  readonly urlVariable = undefined;
  readonly missingVariable = undefined;
  readonly models: readonly Model[];

  /**
   * @param engine stands in for the owner of models that have none
   * @param label its name in metrics
   */
  constructor(
    readonly engine: string,
    models: readonly StaticModel[],
    readonly label: string,
  ) {
    this.models = staticModels(models, engine);
  }

  listModels(): Promise<readonly Model[]> {
    return Promise.resolve(this.models);
  }
}

/** Whole models, each id once. */
export function staticModels(models: readonly StaticModel[], owner: string): readonly Model[] {
  return uniqueById(models.map((model) => ({ created: PROCESS_STARTED, ownedBy: owner, ...model })));
}
