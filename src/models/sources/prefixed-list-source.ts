import { heapBytes } from '../../cache/heap-bytes.js';
import { memoize } from '../../cache/memoize.js';
import type { ModelList } from '../model-list.js';
import type { Caller, ListResult, ListSource } from './list-source.js';

/** The list of a provider, each id with the engine's name and a slash in front of it. */
export class PrefixedListSource implements ListSource {
  private readonly prefixed = memoize((list: ModelList) => {
    const models = list.models.map((model) => ({ ...model, id: `${this.engine}/${model.id}` }));
    // The rest is shared with the list.
    return list.derive(models, heapBytes(models.map(({ id }) => ({ id }))));
  });

  constructor(
    private readonly source: ListSource,
    private readonly engine: string,
  ) {}

  /** @throws UpstreamError */
  async list(caller: Caller): Promise<ListResult> {
    const result = await this.source.list(caller);
    return { ...result, list: this.prefixed(result.list) };
  }
}
