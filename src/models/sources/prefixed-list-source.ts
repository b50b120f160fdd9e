import { memoize } from '../../cache/memoize.js';
import { ModelList } from '../model-list.js';
import type { Caller, ListResult, ListSource } from './list-source.js';

/** The list of a provider, each id with the engine's name and a slash in front of it. */
export class PrefixedListSource implements ListSource {
  private readonly prefixed = memoize(
    ({ models }: ModelList) =>
      new ModelList(models.map((model) => ({ ...model, id: `${this.engine}/${model.id}` }))),
  );

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
