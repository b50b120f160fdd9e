import { Inject, Injectable } from '@nestjs/common';
import { matchesGlob } from '../catalogue/glob.js';
import { TRAITS } from '../catalogue/model-metadata.js';
import type { Capability } from '../catalogue/model-metadata.js';
import { uniqueById } from '../catalogue/model.js';
import type { Model } from '../catalogue/model.js';
import { modelsConfig } from '../config/models.config.js';
import type { ModelsConfig } from '../config/models.config.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { staticModels } from '../providers/static.provider.js';
import { arrayBytes } from '../cache/heap-bytes.js';
import { memoize } from '../cache/memoize.js';
import type { ModelList } from './model-list.js';

const MAX_ID_LENGTH = 4096;
/** The capabilities of a model that writes text. */
const CHATS: readonly Capability[] = ['chat', 'completions'];

/** Chooses what of the providers' list callers are shown, and adds what the operator adds. */
@Injectable()
export class ModelSelection {
  private readonly appended: readonly Model[];
  private readonly changesNothing: boolean;
  private readonly selected = memoize((list: ModelList) => {
    const models = uniqueById([...list.models, ...this.appended]).filter((model) => this.isShown(model));
    return list.derive(models, arrayBytes(models.length));
  });

  constructor(
    @Inject(modelsConfig.KEY) private readonly config: ModelsConfig,
    { owner }: ProviderRegistry,
  ) {
    const { allow, deny, types, appended } = config;
    this.appended = staticModels(appended, owner);
    this.changesNothing = [allow, deny, types, appended].every(({ length }) => length === 0);
  }

  /** The list as it is shown: made once for each list, and the same one where nothing is chosen. */
  of(list: ModelList): ModelList {
    return this.changesNothing ? list : this.selected(list);
  }

  /** Whether the patterns let a model with this id be shown; the filter by type may still leave it out. */
  mayShow(id: string): boolean {
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
