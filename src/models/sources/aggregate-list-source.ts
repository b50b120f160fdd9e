import type { CacheResult } from '../../cache/list-cache.js';
import { uniqueById } from '../../catalogue/model.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { Caller, ListSource, ListResult } from './list-source.js';
import { memoize } from '../../cache/memoize.js';
import { ModelList } from '../model-list.js';

/** An engine, and where its list comes from. */
export interface NamedSource {
  readonly engine: string;
  readonly source: ListSource;
}

const NOTHING = new ModelList([]);

/** The lists of several engines as one, in the engines' order; of models with the same id the first stays. */
export class AggregateListSource implements ListSource {
  private readonly joined = new Joined();

  /** @param allowPartial whether a list may lack the models of an engine that fails */
  constructor(
    private readonly sources: readonly NamedSource[],
    private readonly allowPartial: boolean,
  ) {}

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
      // Of a bug everybody has to hear, and whoever is gone wants no list.
      if (!(error instanceof UpstreamError) || error.failure === 'cancelled') throw error;
      parts.push({ list: NOTHING, found: undefined });
      missing.set(this.sources[index]?.engine ?? '', error.code);
      errors.push(error);
    });
    if (errors.length === this.sources.length || (errors.length > 0 && !this.allowPartial)) {
      throw allProvidersFailed(missing, errors);
    }
    const list = this.joined.of(parts.map((part) => part.list));
    return errors.length > 0 ? { list, found: undefined, missing } : { list, found: joinedFound(parts) };
  }
}

function allProvidersFailed(
  missing: ReadonlyMap<string, string>,
  errors: readonly UpstreamError[],
): UpstreamError {
  const codes = [...missing].map(([engine, code]) => `${engine}=${code}`).join(', ');
  const error = new UpstreamError('failed', `These providers gave no list: ${codes}.`);
  error.retried = errors.some(({ retried }) => retried);
  return error;
}

/** As old as the oldest part. */
function joinedFound(parts: readonly ListResult[]): CacheResult<unknown> | undefined {
  const found = parts.map((part) => part.found).filter((each) => each !== undefined);
  if (found.length === 0) return undefined;
  return {
    value: undefined,
    ageMs: Math.max(...found.map(({ ageMs }) => ageMs)),
    ttlMs: Math.min(...found.map(({ ttlMs }) => ttlMs)),
    forward: found.find(({ forward }) => forward !== undefined)?.forward,
    collapsed: found.some(({ collapsed }) => collapsed),
  };
}

/** Remembers what was made of some lists, for as long as they live. */
class Joined {
  private readonly after = memoize((_list: ModelList) => new Joined());
  private value: ModelList | undefined;

  of(lists: readonly ModelList[]): ModelList {
    const node = lists.reduce((before: Joined, list) => before.after(list), this);
    node.value ??= new ModelList(uniqueById(lists.flatMap(({ models }) => models)));
    return node.value;
  }
}
