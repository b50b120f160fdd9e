import { Inject, Injectable } from '@nestjs/common';
import { SEEK_PAUSE_MS } from '../cache/list-cache.js';
import type { CacheResult } from '../cache/list-cache.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import type { ProviderIdentity } from '../providers/model-provider.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { MissingProviders } from './missing-providers.js';
import type { ModelList } from './model-list.js';
import { ModelSelection } from './model-selection.js';
import { EngineShares } from './engine-shares.js';
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
  /** What the list has of an engine, before models are chosen. */
  readonly partOf: (engine: string) => ModelList | undefined;
}

/** Answers callers with the models of the configured providers. */
@Injectable()
export class ModelsService {
  private readonly source: ListSource;
  private readonly shares: EngineShares | undefined;
  /** Providers whose ids may be written without a tag or a namespace. */
  private readonly identitiesWithShortIds: readonly ProviderIdentity[];

  constructor(
    registry: ProviderRegistry,
    context: ListSourceContext,
    private readonly selection: ModelSelection,
    @Inject(providerConfig.KEY) private readonly config: Pick<ProviderConfig, 'prefixIds'>,
  ) {
    this.source = createListSource(registry, context);
    const identities = registry.configured.map(({ identity }) => identity);
    const engines = identities.map(({ engine }) => engine);
    this.shares = engines.length > 1 ? new EngineShares(engines) : undefined;
    this.identitiesWithShortIds = identities.filter(
      ({ defaultTag, defaultNamespace }) => defaultTag !== undefined || defaultNamespace !== undefined,
    );
  }

  /**
   * The list that the caller may see.
   * @throws UpstreamError
   */
  async list(caller: Caller): Promise<ListAnswer> {
    const { list, cacheResult, missing, lacking, partOf = () => list } = await this.source.list(caller);
    const isWhole = missing === undefined && lacking === undefined;
    return {
      list: this.selection.of(list, missing === undefined),
      cacheResult,
      missing: isWhole
        ? undefined
        : new MissingProviders(new Map([...(missing ?? []), ...(lacking ?? [])]), (id) =>
            this.couldContain(id, missing),
          ),
      partOf,
    };
  }

  /**
   * A newer list, for a model that a kept one lacks; undefined where the provider was asked a moment ago, or gives none.
   * @param seeker the caller of the kept list, which says now that it seeks a model
   */
  async newerThan({ cacheResult }: ListAnswer, seeker: Caller): Promise<ListAnswer | undefined> {
    if (cacheResult === undefined || cacheResult.ageMs < SEEK_PAUSE_MS) return undefined;
    try {
      return await this.list(seeker);
    } catch (error) {
      // A provider that refuses the caller refuses the kept list as well.
      if (error instanceof UpstreamError && error.failure !== 'rejected') return undefined;
      throw error;
    }
  }

  /** How many models of a list are of which engine, `engine=count,…`; undefined where there is only one engine. */
  sharesOf({ list, partOf }: ListAnswer): string | undefined {
    return this.shares?.of(list, partOf);
  }

  /** These ids as the list of their engine writes them, with its tag and without its namespace, as far as it has them. */
  listedIds({ partOf }: ListAnswer, ids: readonly string[]): string[] {
    return this.identitiesWithShortIds.flatMap(({ engine, defaultTag = '', defaultNamespace = '' }) => {
      const prefix = this.config.prefixIds ? `${engine}/` : '';
      const namespace = prefix + defaultNamespace;
      const short = ids.map((id) => (id.startsWith(namespace) ? prefix + id.slice(namespace.length) : id));
      return [...short, ...short.map((id) => id + defaultTag)].filter(
        (id) => partOf(engine)?.plain.find(id) !== undefined,
      );
    });
  }

  private couldContain(id: string, missing: ReadonlyMap<string, string> | undefined): boolean {
    // A credential that may not read a part of a list gets a 404, not an error for as long as that is so.
    if (missing === undefined) return false;
    const origin = this.selection.originOf(id);
    if (origin === undefined) return false;
    // Of an engine that is a gateway, the name of its own engine follows.
    const engines = [...missing.keys()].map((name) => name.split('/')[0] ?? name);
    return !this.config.prefixIds || engines.some((engine) => origin.startsWith(`${engine}/`));
  }
}
