import type { IncomingHttpHeaders } from 'node:http';
import type { Waiting } from '../../concurrency/coalescer.js';
import type { CacheResult } from '../../cache/list-cache.js';
import type { UpstreamTrace } from '../../upstream/upstream-trace.js';
import type { ModelList } from '../model-list.js';

/** Who asks for the list. */
export interface Caller extends Waiting {
  readonly headers: IncomingHttpHeaders;
  /** Goes to the provider, so that its logs and ours can be matched. */
  readonly requestId: string;
  /** Undefined when the request is not traced. */
  readonly trace: UpstreamTrace | undefined;
  /** Learns what came of asking a provider; not called when a kept list was served. */
  onUpstream(outcome: UpstreamOutcome): void;
}

/** What came of asking a provider. */
export interface UpstreamOutcome {
  readonly engine: string;
  /** The provider's status; undefined when it gave none. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** A list, and how it was come by. */
export interface ListResult {
  readonly list: ModelList;
  /** What the cache knows of it; undefined where lists are not kept. */
  readonly found: CacheResult<unknown> | undefined;
  /** The codes of the engines whose models are missing; undefined when none are. */
  readonly missing?: ReadonlyMap<string, string>;
}

/** Where lists come from. */
export interface ListSource {
  /**
   * The list that a caller may see.
   * @throws UpstreamError
   */
  list(caller: Caller): Promise<ListResult>;
}
