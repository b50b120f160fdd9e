import type { Model } from '../../catalogue/model.js';
import { ModelList } from '../model-list.js';
import type { ListResult, ListSource } from './list-source.js';

/** A list that needs no request: no deadline, no sharing, no cache and no metric of a provider concern it. */
export class StaticListSource implements ListSource {
  private readonly result: Promise<ListResult>;

  constructor(models: readonly Model[]) {
    this.result = Promise.resolve({ list: new ModelList(models), cacheResult: undefined });
  }

  list(): Promise<ListResult> {
    return this.result;
  }
}
