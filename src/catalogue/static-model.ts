import type { ModelMetadata } from './model-metadata.js';
import { PROCESS_STARTED } from './model.js';
import type { Model } from './model.js';
import { asRow } from './row.js';

/** A model that the operator gives; its missing fields depend on the list that shows it. */
export type StaticModel = Pick<Model, 'id' | 'metadata'> &
  Partial<Model> & {
    /** The id of the model that this is another name for. */
    readonly aliasOf?: string;
    /** Whether the model is taken away. */
    readonly hidden?: boolean;
  };

/** How models of the operator get into a list. */
export interface MergeRules {
  /** The owner of added models that have none. */
  readonly owner: string;
  /** Whether the fields of a model that the list has already are added to it. */
  readonly addsFields: boolean;
}

/** A list with the models of the operator. */
export interface MergedModels {
  readonly models: readonly Model[];
  /** The aliases that are left out; the reason completes the sentence "because …". */
  readonly lostAliases: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Says that an alias is left out.
 * @param source where the operator's models come from
 */
export function lostAliasText(source: string, { id, reason }: MergedModels['lostAliases'][number]): string {
  return `${source}: the alias ${id} is left out, because ${reason}`;
}

/** The models by their ids; of those with the same id the first. */
export function firstById(rows: readonly StaticModel[]): ReadonlyMap<string, StaticModel> {
  const byId = new Map<string, StaticModel>();
  for (const row of rows) if (!byId.has(row.id)) byId.set(row.id, row);
  return byId;
}

/**
 * Adds the operator's models to a list. The models of the list keep their places; added ones and aliases follow in the
 * order of the operator.
 * @param rows of those with the same id the first counts
 */
export function mergeModels(
  list: readonly Model[],
  rows: readonly StaticModel[],
  { owner, addsFields }: MergeRules,
): MergedModels {
  const rowsById = firstById(rows);
  const shown = list.filter(({ id }) => rowsById.get(id)?.hidden !== true);
  const listed = new Map(
    list.map((model) => [model.id, addsFields ? withFields(model, rowsById.get(model.id)) : model]),
  );
  const added = [...rowsById.values()].filter(({ id }) => !listed.has(id));
  const found = new Map<string, Model | undefined>(listed);
  for (const row of added) {
    if (row.aliasOf === undefined && row.hidden !== true) found.set(row.id, addition(row, owner));
  }
  for (const row of added) if (row.aliasOf !== undefined) follow(row, rowsById, found);
  const visible = added.filter(({ hidden }) => hidden !== true);
  return {
    models: [...shown, ...visible]
      .map(({ id }) => found.get(id))
      .filter((model): model is Model => model !== undefined),
    lostAliases: [...rowsById.values()].flatMap(({ id, aliasOf }) => {
      if (aliasOf === undefined) return [];
      if (listed.has(id)) return [{ id, reason: 'the list has a model of that name' }];
      return found.get(id) === undefined
        ? [{ id, reason: `it leads to no model of the list: ${aliasOf}` }]
        : [];
    }),
  };
}

/**
 * Finds the model of an alias, which may be an alias itself. A chain may be as long as the file, so this is a loop.
 * @param found receives the models of all aliases on the way; undefined for those of no model
 */
function follow(
  alias: StaticModel,
  rowsById: ReadonlyMap<string, StaticModel>,
  found: Map<string, Model | undefined>,
): void {
  const way = new Map<string, StaticModel>();
  let next: StaticModel | undefined = alias;
  while (next !== undefined && !found.has(next.id) && !way.has(next.id)) {
    way.set(next.id, next);
    next =
      next.aliasOf === undefined
        ? undefined
        : (rowsById.get(next.aliasOf) ?? { id: next.aliasOf, metadata: undefined });
  }
  let model = next && found.get(next.id);
  for (const row of [...way.values()].reverse()) {
    model = row.aliasOf === undefined ? undefined : model && renamed(model, row);
    found.set(row.id, model);
  }
}

/** A model under another name, with the fields of that name over its own. */
function renamed(model: Model, { id, created, ownedBy, metadata }: StaticModel): Model {
  return {
    id,
    created: created ?? model.created,
    ownedBy: ownedBy ?? model.ownedBy,
    metadata: joined(metadata, model.metadata),
  };
}

function addition({ id, created = PROCESS_STARTED, ownedBy, metadata }: StaticModel, owner: string): Model {
  return { id, created, ownedBy: ownedBy ?? owner, metadata };
}

/** A model of a list with what only the operator says of it; the date and the owner are known of every model. */
function withFields(model: Model, row: StaticModel | undefined): Model {
  return row?.metadata === undefined ? model : { ...model, metadata: joined(model.metadata, row.metadata) };
}

/** All fields of both; of a field that both have the first counts, of objects its fields. */
function joined(
  first: ModelMetadata | undefined,
  second: ModelMetadata | undefined,
): ModelMetadata | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const fields: Record<string, unknown> = { ...second };
  for (const [name, value] of Object.entries(first)) {
    const [one, other] = [asRow(value), asRow(fields[name])];
    fields[name] = one && other ? { ...other, ...one } : value;
  }
  return fields;
}
