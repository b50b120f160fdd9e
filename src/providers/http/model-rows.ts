import type { MetadataReader } from '../../catalogue/metadata-format.js';
import type { Model } from '../../catalogue/model.js';
import { asRow, firstOf, unixSeconds } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';

/** Where a provider's rows keep what a model needs, and what stands in for what they lack. */
export interface RowFormat {
  /** The fields of the envelope that may hold the rows, the first array wins. */
  readonly listFields: readonly string[];
  /** Whether an object without any field, a cursor aside, is an empty list. */
  readonly leavesOutEmptyLists: boolean;
  /** Whether a row is a model that can be used, others are left out; undefined where all are. */
  readonly isUsable: ((row: Row) => boolean) | undefined;
  /** The fields that may hold the id, the first string wins. */
  readonly idFields: readonly string[];
  /** What ids begin with that is no part of them. */
  readonly idPrefix: string;
  /** The fields that may hold the date of creation, the first date wins. */
  readonly createdFields: readonly string[];
  /** Stands in for a date, Unix seconds. */
  readonly defaultCreated: number;
  /** The fields that may hold the owner, the first string wins. */
  readonly ownerFields: readonly string[];
  /** Stands in for an owner. */
  readonly defaultOwner: string;
  /** Reads what else is said. */
  readonly metadata: MetadataReader;
}

/**
 * The rows of a list: a bare array, or one of these fields of an envelope.
 * llama.cpp sends both keys, Ollama sends `data: null` for an empty list.
 * @returns undefined when the body is no list
 */
export function rowsOf(
  body: unknown,
  { listFields, leavesOutEmptyLists }: Pick<RowFormat, 'listFields' | 'leavesOutEmptyLists'>,
): readonly unknown[] | undefined {
  if (Array.isArray(body)) return body as unknown[];
  const envelope = asRow(body);
  if (envelope === undefined) return undefined;
  const list = listFields.map((field) => envelope[field]).find((each) => Array.isArray(each));
  if (list !== undefined) return list as unknown[];
  const isEmpty = envelope['data'] === null || (leavesOutEmptyLists && Object.keys(envelope).every(isCursor));
  return isEmpty ? [] : undefined;
}

function isCursor(name: string): boolean {
  return /^next_?page_?token$/i.test(name);
}

/** The model of a row; undefined for a row that is no object or has no id. */
export function toModel(value: unknown, format: RowFormat): Model | undefined {
  const row = asRow(value);
  const id = row && firstOf(format.idFields, (field) => text(row[field], format.idPrefix));
  if (row === undefined || id === undefined) return undefined;
  return {
    id,
    created: firstOf(format.createdFields, (field) => unixSeconds(row[field])) ?? format.defaultCreated,
    ownedBy: firstOf(format.ownerFields, (field) => text(row[field])) ?? format.defaultOwner,
    metadata: format.metadata(row),
  };
}

function text(value: unknown, prefix = ''): string | undefined {
  if (typeof value !== 'string') return undefined;
  const rest = value.startsWith(prefix) ? value.slice(prefix.length) : value;
  return rest === '' ? undefined : rest;
}
