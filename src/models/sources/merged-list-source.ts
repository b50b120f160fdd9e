import type { StaticMerge } from '../static-merge.js';
import type { Caller, ListResult, ListSource } from './list-source.js';

/** The list of one of several providers, with what the operator adds to it. */
export class MergedListSource implements ListSource {
  constructor(
    private readonly source: ListSource,
    private readonly additions: StaticMerge,
  ) {}

  /** @throws UpstreamError */
  async list(caller: Caller): Promise<ListResult> {
    const result = await this.source.list(caller);
    return { ...result, list: this.additions.of(result.list) };
  }
}
