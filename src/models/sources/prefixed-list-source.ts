import type { Caller, ListSource, ListResult } from './list-source.js';
import { memoize } from '../../cache/memoize.js';
import { ModelList } from '../model-list.js';

/** The list of an engine, each id with the engine's name and a slash in front of it. */
export class PrefixedListSource implements ListSource {
  private readonly prefixed = memoize(
    ({ models }: ModelList) =>
      new ModelList(models.map((model) => ({ ...model, id: `${this.engine}/${model.id}` }))),
  );

  constructor(
    private readonly source: ListSource,
    private readonly engine: string,
  ) {}

  async list(caller: Caller): Promise<ListResult> {
    const answer = await this.source.list(caller);
    return { ...answer, list: this.prefixed(answer.list) };
  }
}
