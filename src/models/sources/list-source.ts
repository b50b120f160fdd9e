import type { IncomingHttpHeaders } from 'node:http';
import type { CacheResult } from '../../cache/list-cache.js';
import type { Waiting } from '../../concurrency/coalescer.js';
import type { UpstreamOutcome } from '../../upstream/upstream-outcome.js';
import type { UpstreamTrace } from '../../upstream/upstream-trace.js';
import type { ModelList } from '../model-list.js';

/** The sender of a request for a list. */
export interface Caller extends Waiting {
  readonly headers: IncomingHttpHeaders;
  /** Goes to the provider, so that its logs and ours can be matched. */
  readonly requestId: string;
  /** Whether it misses a model in the list that is kept, so that a newer one is wanted. */
  readonly seeksModel: boolean;
  /** Undefined when the request is not traced. */
  readonly trace: UpstreamTrace | undefined;
  /** Records the outcome of a provider's request; not called for a list out of the cache. */
  onUpstream(outcome: UpstreamOutcome): void;
}

/** A list and where it came from. */
export interface ListResult {
  readonly list: ModelList;
  /** Undefined where lists are not cached. */
  readonly cacheResult: CacheResult<unknown> | undefined;
  /** The error codes of the providers whose models are missing, by engine; undefined when none are. */
  readonly missing?: ReadonlyMap<string, string>;
  /** By engine: what is missing from a list that its provider did give; undefined when all are whole. */
  readonly lacking?: ReadonlyMap<string, string>;
  /** The list of one of several engines; not there for the list of one. */
  readonly partOf?: (engine: string) => ModelList | undefined;
}

/** Where lists come from: one provider, or several joined. */
export interface ListSource {
  /**
   * The list that a caller may see.
   * @throws UpstreamError
   */
  list(caller: Caller): Promise<ListResult>;
}
