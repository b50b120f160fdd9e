import { ModelList } from '../model-list.js';
import type { StaticMerge } from '../static-merge.js';
import type { ListResult, ListSource } from './list-source.js';

/** A list that needs no request: no deadline, no sharing, no cache and no metric of a provider concern it. */
export class StaticListSource implements ListSource {
  private readonly empty = new ModelList([]);

  constructor(private readonly models: StaticMerge) {}

  list(): Promise<ListResult> {
    return Promise.resolve({ list: this.models.of(this.empty), cacheResult: undefined });
  }
}
