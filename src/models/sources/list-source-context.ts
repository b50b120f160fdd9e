import { Inject, Injectable, Optional } from '@nestjs/common';
import { MemoryBudget } from '../../cache/memory-budget.js';
import { SHARED_STORE } from '../../cache/shared-store.js';
import type { SharedStore } from '../../cache/shared-store.js';
import { cacheConfig } from '../../config/cache.config.js';
import type { CacheConfig } from '../../config/cache.config.js';
import { providerConfig } from '../../config/provider.config.js';
import type { ProviderConfig } from '../../config/provider.config.js';
import { upstreamConfig } from '../../config/upstream.config.js';
import type { UpstreamConfig } from '../../config/upstream.config.js';
import { OperatorCredentials } from '../../credentials/operator-credentials.js';
import { METRICS } from '../../metrics/metrics.js';
import type { Metrics } from '../../metrics/metrics.js';
import { ProviderFailureLog } from '../../providers/provider-failure-log.js';
import type { ModelList } from '../model-list.js';

/** What the sources of all providers have in common. */
@Injectable()
export class ListSourceContext {
  /** Of all lists that are kept. */
  readonly memory: MemoryBudget;

  constructor(
    readonly operatorCredentials: OperatorCredentials,
    readonly failureLog: ProviderFailureLog,
    @Inject(SHARED_STORE) readonly sharedStore: SharedStore<ModelList> | undefined,
    @Inject(providerConfig.KEY) readonly config: ProviderConfig,
    @Inject(upstreamConfig.KEY) readonly limits: UpstreamConfig,
    @Inject(cacheConfig.KEY) readonly cacheConfig: CacheConfig,
    @Optional() @Inject(METRICS) readonly metrics?: Metrics,
  ) {
    this.memory = new MemoryBudget(cacheConfig.maxBytes);
    metrics?.watchCacheMemory(() => this.memory.bytes);
  }
}
