import type { ModelMetadata } from './model-metadata.js';

/** A model as every provider's rows are brought to. */
export interface Model {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly ownedBy: string;
  /** What else the provider says of it; undefined when that is nothing. */
  readonly metadata?: ModelMetadata | undefined;
}

/** Stands in for the creation date of models whose provider gives none: one stable number, not "now". */
export const PROCESS_STARTED = Math.floor(Date.now() / 1000 - process.uptime());

/** The models in their order, of those with the same id only the first. */
export function uniqueById(models: Iterable<Model>): Model[] {
  const byId = new Map<string, Model>();
  for (const model of models) {
    if (!byId.has(model.id)) byId.set(model.id, model);
  }
  return [...byId.values()];
}
