import type { ModelMetadata } from './model-metadata.js';

/** A model, the form into which every provider's rows are converted. */
export interface Model {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly ownedBy: string;
  /** Undefined when the provider gives none. */
  readonly metadata?: ModelMetadata | undefined;
}

/** The creation date of models whose provider gives none: unlike "now" it never changes. */
export const PROCESS_STARTED = Math.floor(Date.now() / 1000 - process.uptime());

/** The models in their order, without those that repeat an earlier id. */
export function uniqueById(models: Iterable<Model>): Model[] {
  const byId = new Map<string, Model>();
  for (const model of models) {
    if (!byId.has(model.id)) byId.set(model.id, model);
  }
  return [...byId.values()];
}
