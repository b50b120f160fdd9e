import { metadataReader, OWN_FORMAT } from '../catalogue/metadata-format.js';
import type { ModelMetadata } from '../catalogue/model-metadata.js';
import { asRow, isName } from '../catalogue/row.js';
import type { StaticModel } from '../catalogue/static-model.js';
import type { SecretForm } from './rules/secrets.js';

/** What becomes of a provider's list where the operator gives models. */
export const STATIC_MODES = ['replace', 'append', 'merge'] as const;
export type StaticMode = (typeof STATIC_MODES)[number];

export function isStaticMode(value: unknown): value is StaticMode {
  return STATIC_MODES.some((mode) => mode === value);
}

/** Where the operator's models are. */
export interface StaticSource {
  /** The variable that is set. */
  readonly variable: string;
  /** Undefined for a file. */
  readonly ids: readonly string[] | undefined;
  /** The path of the file. */
  readonly path: string | undefined;
  readonly mode: StaticMode;
}

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

/** A file of models: ids, or objects as in an answer with metadata, in a list or in OpenAI's envelope. */
export const STATIC_MODELS_FORM: SecretForm<readonly StaticModel[]> = {
  description: `JSON of at most 10 MiB: a list of ids, or of objects with an id and, where known, created, owned_by, ${METADATA_FIELDS.join(', ')}, alias_of and hidden`,
  parse: parseStaticModels,
  maxBytes: MAX_BYTES,
};

/**
 * The models that the operator gives in one of several variables, or in the `_FILE` variant of one; undefined when none
 * is set.
 * @param values of all variables
 */
export function staticSourceOf(
  variables: readonly string[],
  values: ReadonlyMap<string, unknown>,
  mode: StaticMode,
): StaticSource | undefined {
  for (const variable of variables) {
    const file = `${variable}_FILE`;
    const [ids, path] = [values.get(variable), values.get(file)];
    if (typeof path === 'string') return { variable: file, ids: undefined, path, mode };
    if (Array.isArray(ids)) return { variable, ids: ids as readonly string[], path: undefined, mode };
  }
  return undefined;
}

/** A file without models is an empty list, never a reason to ask the provider. Undefined for what is not entirely valid. */
function parseStaticModels(text: string): readonly StaticModel[] | undefined {
  try {
    const content = JSON.parse(text) as unknown;
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
  if (isName(value)) return { id: value, metadata: undefined };
  const row = asRow(value);
  if (row === undefined) return undefined;
  const { id, created, owned_by: ownedBy, alias_of: aliasOf, hidden, ...others } = row;
  if (!isName(id)) return undefined;
  if (created !== undefined && !(Number.isSafeInteger(created) && Number(created) >= 0)) return undefined;
  if (ownedBy !== undefined && !isName(ownedBy)) return undefined;
  if (aliasOf !== undefined && !isName(aliasOf)) return undefined;
  if (hidden !== undefined && typeof hidden !== 'boolean') return undefined;
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
    ...(aliasOf !== undefined && { aliasOf }),
    ...(hidden !== undefined && { hidden }),
  };
}

/** Whether what was read of a value is all of it; words may have been sorted. */
function isWhole(read: unknown, given: unknown): boolean {
  if (Array.isArray(given)) return Array.isArray(read) && read.length === given.length;
  const fields = asRow(given);
  if (fields === undefined) return read === given;
  return Object.entries(fields).every(([name, value]) => isWhole(asRow(read)?.[name], value));
}
