import { Inject, Injectable, Optional } from '@nestjs/common';
import { SHARED_STORE } from '../cache/shared-store.js';
import type { SharedStore } from '../cache/shared-store.js';
import { cacheConfig } from '../config/cache.config.js';
import type { CacheConfig } from '../config/cache.config.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { ProviderFailureLog } from '../providers/provider-failure-log.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { cacheHeaders } from './http/cache-headers.js';
import { ProviderListSource } from './sources/provider-list-source.js';
import { SlowProviderGuard } from './sources/slow-provider-guard.js';
import { AggregateListSource } from './sources/aggregate-list-source.js';
import type { NamedSource } from './sources/aggregate-list-source.js';
import type { Caller, ListSource } from './sources/list-source.js';
import type { ModelList } from './model-list.js';
import { ModelSelection } from './model-selection.js';
import { PrefixedListSource } from './sources/prefixed-list-source.js';

/** A list, and what its answer says of where it comes from. */
export interface ListAnswer {
  readonly list: ModelList;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Undefined for a whole list. */
  readonly incomplete: MissingProviders | undefined;
}

/** What a list lacks. */
export interface MissingProviders {
  /** Who gave no list and why, `engine=code,…`. */
  readonly codes: string;
  /** Whether a model with this id would be shown if all had given their lists, for all that is known. */
  couldContain(id: string): boolean;
}

/** Answers callers with the models of the configured providers. */
@Injectable()
export class ModelsService {
  private readonly source: ListSource;

  constructor(
    registry: ProviderRegistry,
    operatorCredentials: OperatorCredentials,
    status: ProviderFailureLog,
    private readonly selection: ModelSelection,
    @Inject(SHARED_STORE) shared: SharedStore<ModelList> | undefined,
    @Inject(providerConfig.KEY) private readonly config: ProviderConfig,
    @Inject(upstreamConfig.KEY) limits: UpstreamConfig,
    @Inject(cacheConfig.KEY) cache: CacheConfig,
    @Optional() @Inject(METRICS) metrics?: Metrics,
  ) {
    const context = { config, limits, cache, shared, status, metrics };
    const sources = registry.configured.map((provider): NamedSource => {
      const { engine } = provider.identity;
      const servesCallers = !config.isMultiEngine || provider === registry.credentialTarget;
      const lists = new ProviderListSource(provider, operatorCredentials, servesCallers, context);
      const isPrefixed = config.prefixIds && !registry.isStatic;
      return { engine, source: isPrefixed ? new PrefixedListSource(lists, engine) : lists };
    });
    const [first, ...others] = sources;
    this.source =
      first !== undefined && others.length === 0
        ? first.source
        : new AggregateListSource(
            sources.map(({ engine, source }) => ({ engine, source: new SlowProviderGuard(source) })),
            config.allowPartial,
          );
  }

  /**
   * The list that the caller may see.
   * @throws UpstreamError
   */
  async list(caller: Caller): Promise<ListAnswer> {
    const { list: whole, found, missing } = await this.source.list(caller);
    const list = this.selection.of(whole);
    if (missing === undefined) return { list, headers: found && cacheHeaders(found), incomplete: undefined };
    const codes = [...missing].map(([engine, code]) => `${engine}=${code}`).join(',');
    const couldContain = (id: string): boolean =>
      this.selection.mayShow(id) &&
      (!this.config.prefixIds || [...missing.keys()].some((engine) => id.startsWith(`${engine}/`)));
    // Whoever kept it would go on without the rest when the rest is back.
    return {
      list,
      headers: { 'x-models-incomplete': codes, 'cache-control': 'no-store' },
      incomplete: { codes, couldContain },
    };
  }
}
