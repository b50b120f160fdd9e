import { readFileSync, statSync } from 'node:fs';
import { metadataReader, OWN_FORMAT } from '../catalogue/metadata-format.js';
import type { Model } from '../catalogue/model.js';
import type { ModelMetadata } from '../catalogue/model-metadata.js';
import { asRow } from '../catalogue/row.js';
import { ConfigurationError } from './variables.js';

/** A model that the operator lists; its missing fields depend on the list that shows it. */
export type StaticModel = Pick<Model, 'id' | 'metadata'> & Partial<Model>;

const MAX_BYTES = 10_485_760;
const METADATA_FIELDS = [
  'display_name',
  'description',
  'context_length',
  'max_output_tokens',
  'capabilities',
  'architecture',
  'pricing',
  'supported_parameters',
  'lifecycle',
  'deprecates_at',
  'shutdown_date',
] as const satisfies readonly (keyof ModelMetadata)[];
/** Redundant fields of this service's answers: they are accepted, so that an answer may serve as the file. */
const REPEATED_FIELDS: readonly string[] = ['object', 'name', 'max_model_len'];
const readMetadata = metadataReader(OWN_FORMAT);

/** The rule of a variable that names a file with models. */
export const STATIC_FILE_RULE = `must be the path of a readable JSON file of at most 10 MiB with a list of ids, or of objects with an id and, where known, created, owned_by, ${METADATA_FIELDS.slice(0, -1).join(', ')} and ${String(METADATA_FIELDS.at(-1))}`;

/**
 * The models of a variable or of its `_FILE` variant; undefined when neither is set.
 * @param variable the name of the variable, without `_FILE`
 * @param path of the file; a file without models is an empty list, never a reason to ask the provider
 * @throws ConfigurationError when the file has become invalid since it was checked
 */
export function staticModelsOf(
  variable: string,
  ids: readonly string[] | undefined,
  path: string | undefined,
): readonly StaticModel[] | undefined {
  if (path !== undefined) {
    const models = readStaticModels(path);
    if (models !== undefined) return models;
    throw new ConfigurationError([{ variable: `${variable}_FILE`, rule: STATIC_FILE_RULE }]);
  }
  return ids?.map((id) => ({ id, metadata: undefined }));
}

/**
 * The models in a JSON file: ids, or objects as in an answer with metadata, in a list or in OpenAI's envelope.
 * @returns undefined when the file is missing, too large, or not entirely valid
 */
export function readStaticModels(path: string): readonly StaticModel[] | undefined {
  try {
    const stats = statSync(path);
    // Opening a pipe would wait for its writer.
    if (!stats.isFile() || stats.size > MAX_BYTES) return undefined;
    const content = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')) as unknown;
    const rows: unknown = Array.isArray(content) ? content : asRow(content)?.['data'];
    if (!Array.isArray(rows)) return undefined;
    const models = rows.map(staticModel).filter((model) => model !== undefined);
    return models.length === rows.length ? models : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for an invalid model. Unknown fields are invalid: a misspelt one would be ignored unnoticed. */
function staticModel(value: unknown): StaticModel | undefined {
  if (typeof value === 'string') return value === '' ? undefined : { id: value, metadata: undefined };
  const row = asRow(value);
  if (row === undefined) return undefined;
  const { id, created, owned_by: ownedBy, ...others } = row;
  if (typeof id !== 'string' || id === '') return undefined;
  if (created !== undefined && !(Number.isSafeInteger(created) && Number(created) >= 0)) return undefined;
  if (ownedBy !== undefined && (typeof ownedBy !== 'string' || ownedBy === '')) return undefined;
  const metadata = readMetadata(row);
  const isValid = Object.entries(others).every(([name, given]) => {
    if (REPEATED_FIELDS.includes(name)) return true;
    const field = METADATA_FIELDS.find((each) => each === name);
    if (field === undefined) return false;
    return isWhole(metadata?.[field], given);
  });
  if (!isValid) return undefined;
  return {
    id,
    metadata,
    ...(created !== undefined && { created: Number(created) }),
    ...(ownedBy !== undefined && { ownedBy }),
  };
}

/** Whether what was read of a value is all of it; words may have been sorted. */
function isWhole(read: unknown, given: unknown): boolean {
  if (Array.isArray(given)) return Array.isArray(read) && read.length === given.length;
  const fields = asRow(given);
  if (fields === undefined) return read === given;
  return Object.entries(fields).every(([name, value]) => isWhole(asRow(read)?.[name], value));
}
