import { Inject, Injectable } from '@nestjs/common';
import type { CacheResult } from '../cache/list-cache.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { MissingProviders } from './missing-providers.js';
import type { ModelList } from './model-list.js';
import { ModelSelection } from './model-selection.js';
import { createListSource } from './sources/create-list-source.js';
import { ListSourceContext } from './sources/list-source-context.js';
import type { Caller, ListSource } from './sources/list-source.js';

/** A list, how fresh it is, and what it lacks. */
export interface ListAnswer {
  readonly list: ModelList;
  /** Undefined where lists are not cached. */
  readonly cacheResult: CacheResult<unknown> | undefined;
  /** Undefined for a whole list. */
  readonly missing: MissingProviders | undefined;
}

/** Answers callers with the models of the configured providers. */
@Injectable()
export class ModelsService {
  private readonly source: ListSource;

  constructor(
    registry: ProviderRegistry,
    context: ListSourceContext,
    private readonly selection: ModelSelection,
    @Inject(providerConfig.KEY) private readonly config: Pick<ProviderConfig, 'prefixIds'>,
  ) {
    this.source = createListSource(registry, context);
  }

  /**
   * The list that the caller may see.
   * @throws UpstreamError
   */
  async list(caller: Caller): Promise<ListAnswer> {
    const { list, cacheResult, missing } = await this.source.list(caller);
    return {
      list: this.selection.of(list),
      cacheResult,
      missing: missing && new MissingProviders(missing, (id) => this.couldContain(id, missing)),
    };
  }

  private couldContain(id: string, missing: ReadonlyMap<string, string>): boolean {
    if (!this.selection.mayShow(id)) return false;
    return !this.config.prefixIds || [...missing.keys()].some((engine) => id.startsWith(`${engine}/`));
  }
}
