import { heapBytes, JOINED_TEXT_BYTES } from '../../cache/heap-bytes.js';
import { memoize } from '../../cache/memoize.js';
import type { ModelList } from '../model-list.js';
import type { Caller, ListResult, ListSource } from './list-source.js';

/** The list of a provider, each id with the engine's name and a slash in front of it. */
export class PrefixedListSource implements ListSource {
  private readonly prefixed = memoize((list: ModelList) => withPrefix(list, this.engine));

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

/** A list whose ids begin with a prefix and a slash. */
export function withPrefix(list: ModelList, prefix: string): ModelList {
  const models = list.models.map((model) => ({ ...model, id: `${prefix}/${model.id}` }));
  // The rest is shared with the list.
  const bytes = heapBytes(models.map(({ id }) => ({ id }))) + models.length * JOINED_TEXT_BYTES;
  return list.derive(models, bytes);
}
