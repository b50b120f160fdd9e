import { BoundedMap } from '../../cache/bounded-map.js';
import type { CacheResult } from '../../cache/list-cache.js';
import { memoize } from '../../cache/memoize.js';
import type { MemoryBudget } from '../../cache/memory-budget.js';
import type { CacheConfig } from '../../config/cache.config.js';
import { uniqueById } from '../../catalogue/model.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { ModelList } from '../model-list.js';
import type { Caller, ListResult, ListSource } from './list-source.js';

/** An engine and where its list comes from. */
interface NamedSource {
  readonly engine: string;
  readonly source: ListSource;
}

const NO_MODELS = new ModelList([]);

/** The lists of several engines as one, in the engines' order; of models with the same id the first stays. */
export class AggregateListSource implements ListSource {
  private readonly joined: JoinedListCache;

  /** @param allowPartial whether a list may lack the models of an engine that fails */
  constructor(
    private readonly sources: readonly NamedSource[],
    private readonly allowPartial: boolean,
    memory: MemoryBudget,
    { enabled, maxEntries }: Pick<CacheConfig, 'enabled' | 'maxEntries'>,
  ) {
    this.joined = new JoinedListCache(memory, enabled ? maxEntries : 1);
  }

  /**
   * Asks all engines at the same time.
   * @throws UpstreamError when no engine gave its list, or one did not and all are wanted
   */
  async list(caller: Caller): Promise<ListResult> {
    const answers = await Promise.allSettled(this.sources.map(({ source }) => source.list(caller)));
    const missing = new Map<string, string>();
    const parts: ListResult[] = [];
    const errors: UpstreamError[] = [];
    answers.forEach((answer, index) => {
      if (answer.status === 'fulfilled') {
        parts.push(answer.value);
        return;
      }
      const error: unknown = answer.reason;
      // A bug concerns all engines, and a caller that has gone wants no list.
      if (!(error instanceof UpstreamError) || error.failure === 'cancelled') throw error;
      parts.push({ list: NO_MODELS, cacheResult: undefined });
      missing.set(this.sources[index]?.engine ?? '', error.code);
      errors.push(error);
    });
    if (errors.length === this.sources.length || (errors.length > 0 && !this.allowPartial)) {
      throw allProvidersFailed(missing, errors);
    }
    const list = this.joined.of(parts.map((part) => part.list));
    const lacking = new Map(parts.flatMap((part) => [...(part.lacking ?? [])]));
    const partOf = (engine: string): ModelList | undefined =>
      parts[this.sources.findIndex((each) => each.engine === engine)]?.list;
    return {
      list,
      cacheResult: errors.length > 0 ? undefined : joinedCacheResult(parts),
      ...(errors.length > 0 && { missing }),
      ...(lacking.size > 0 && { lacking }),
      partOf,
    };
  }
}

function allProvidersFailed(
  missing: ReadonlyMap<string, string>,
  causes: readonly UpstreamError[],
): UpstreamError {
  const codes = [...missing].map(([engine, code]) => `${engine}=${code}`).join(', ');
  const failure = causes.every((each) => each.failure === 'overloaded') ? 'overloaded' : 'failed';
  return new UpstreamError(failure, `These providers gave no list: ${codes}.`, { causes });
}

/** As old as the oldest part. */
function joinedCacheResult(parts: readonly ListResult[]): CacheResult<unknown> | undefined {
  const results = parts.map(({ cacheResult }) => cacheResult).filter((each) => each !== undefined);
  if (results.length === 0) return undefined;
  return {
    value: undefined,
    ageMs: Math.max(...results.map(({ ageMs }) => ageMs)),
    ttlMs: Math.min(...results.map(({ ttlMs }) => ttlMs)),
    forward: results.find(({ forward }) => forward !== undefined)?.forward,
    collapsed: results.some(({ collapsed }) => collapsed),
  };
}

/** Remembers what lists were joined to. */
class JoinedListCache {
  private readonly kept: BoundedMap<ModelList>;
  /** In use, so it is there even if it is too large to be kept. */
  private last: { readonly key: string; readonly list: ModelList } | undefined;
  private lists = 0;
  private readonly nameOf = memoize((_list: ModelList) => String((this.lists += 1)));

  constructor(memory: MemoryBudget, maxEntries: number) {
    this.kept = new BoundedMap(memory, maxEntries, ({ footprint }) => footprint);
  }

  of(parts: readonly ModelList[]): ModelList {
    const key = parts.map(this.nameOf).join();
    const known = this.kept.get(key) ?? (this.last?.key === key ? this.last.list : undefined);
    if (known !== undefined) return known;
    const list = ModelList.joined(uniqueById(parts.flatMap(({ models }) => models)), parts);
    this.kept.set(key, list);
    this.last = { key, list };
    return list;
  }
}
