import { Inject, Injectable, Logger } from '@nestjs/common';
import { idlePatterns, matchesGlob } from '../catalogue/glob.js';
import { TRAITS } from '../catalogue/model-metadata.js';
import type { Capability } from '../catalogue/model-metadata.js';
import type { Model } from '../catalogue/model.js';
import { modelsConfig } from '../config/models.config.js';
import type { ModelsConfig } from '../config/models.config.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { arrayBytes } from '../cache/heap-bytes.js';
import { memoize } from '../cache/memoize.js';
import type { ModelList } from './model-list.js';
import { StaticMerge } from './static-merge.js';

const MAX_ID_LENGTH = 4096;
/** The capabilities of a model that writes text. */
const CHATS: readonly Capability[] = ['chat', 'completions'];

/** Adds to the providers' list what the operator adds, and chooses what of it callers are shown. */
@Injectable()
export class ModelSelection {
  private readonly logger = new Logger('ModelSelection');
  private readonly additions: StaticMerge | undefined;
  private readonly showsAll: boolean;
  private isJudged = false;
  private readonly selected = memoize((list: ModelList) => {
    const models = list.models.filter((model) => this.isShown(model));
    return list.derive(models, arrayBytes(models.length));
  });

  constructor(
    @Inject(modelsConfig.KEY) private readonly config: ModelsConfig,
    { additions, owner }: ProviderRegistry,
  ) {
    const { allow, deny, types } = config;
    this.additions = additions && new StaticMerge(additions, owner);
    this.showsAll = [allow, deny, types].every(({ length }) => length === 0);
  }

  /**
   * The list as it is shown: made once for each list, and the same one where nothing is added or chosen.
   * @param isWhole whether no provider's models are missing
   */
  of(list: ModelList, isWhole = true): ModelList {
    const merged = this.additions?.of(list, isWhole) ?? list;
    if (isWhole && !this.isJudged && merged.models.length > 0) this.judgePatterns(merged);
    return this.showsAll ? merged : this.selected(merged);
  }

  /** The id under which the providers' list would have a model that is shown by this id; undefined where none is shown. */
  originOf(id: string): string | undefined {
    if (!this.mayShow(id)) return undefined;
    return this.additions === undefined ? id : this.additions.originOf(id);
  }

  /** Warns, once, of patterns that are probably misspelt. */
  private judgePatterns({ models }: ModelList): void {
    this.isJudged = true;
    const idle = idlePatterns(this.config.allow, models);
    if (idle.length > 0) {
      this.logger.warn(
        `No model of the first list matches these patterns of MODELS_ALLOW: ${idle.join(', ')}`,
      );
    }
  }

  /** Whether the patterns let a model with this id be shown; the filter by type may still leave it out. */
  private mayShow(id: string): boolean {
    const { allow, deny } = this.config;
    if (allow.length + deny.length === 0) return true;
    // Matching takes long with a long id, and no vendor has one.
    if (id.length > MAX_ID_LENGTH) return false;
    const matches = (pattern: string): boolean => matchesGlob(id, pattern);
    return !deny.some(matches) && (allow.length === 0 || allow.some(matches));
  }

  private isShown({ id, metadata }: Model): boolean {
    if (!this.mayShow(id)) return false;
    const { types } = this.config;
    const capabilities = metadata?.capabilities;
    if (types.length === 0 || capabilities === undefined) return true;
    // A model whose vendor does not say what it is for may be for anything.
    const mayBeForAnything = capabilities.every((each) => TRAITS.has(each));
    // `text_generation` alone may mean chat; it usually does.
    const mayChat =
      capabilities.includes('text_generation') && !CHATS.some((each) => capabilities.includes(each));
    return types.some(
      (type) =>
        capabilities.includes(type) ||
        (mayBeForAnything && !TRAITS.has(type)) ||
        (mayChat && CHATS.includes(type)),
    );
  }
}
