import type { Model } from './model.js';

/** One JSON object of a provider's list, not yet trusted. */
export type Row = Readonly<Record<string, unknown>>;

/** Where a provider's rows keep what a model needs, and what stands in for what they lack. */
export interface RowFormat {
  /** The fields of the envelope that may hold the rows, the first array wins. */
  readonly listFields: readonly string[];
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
}

/** `undefined` for anything but a JSON object. */
export function asRow(value: unknown): Row | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : undefined;
}

/**
 * The rows of a list: a bare array, or one of these fields of an envelope.
 * llama.cpp sends both keys, Ollama sends `data: null` for an empty list.
 * @returns undefined when the body is no list
 */
export function rowsOf(body: unknown, fields: readonly string[]): readonly unknown[] | undefined {
  if (Array.isArray(body)) return body as unknown[];
  const envelope = asRow(body);
  const list = fields.map((field) => envelope?.[field]).find((each) => Array.isArray(each));
  if (list !== undefined) return list as unknown[];
  return envelope?.['data'] === null ? [] : undefined;
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
  };
}

/** Numbers from here on are milliseconds: as seconds they would lie past the year 33000. */
const FIRST_MILLISECONDS = 1e12;
const RFC_3339 = /^\d{4}-\d\d-\d\d[t ]\d\d:\d\d:\d\d(\.\d+)?(z|[+-]\d\d:\d\d)$/i;

/** Unix seconds from an integer, a float, milliseconds or an RFC 3339 string; undefined from anything else. */
export function unixSeconds(value: unknown): number | undefined {
  if (typeof value === 'string')
    return RFC_3339.test(value) ? fromMilliseconds(Date.parse(value)) : undefined;
  if (typeof value !== 'number') return undefined;
  return value >= FIRST_MILLISECONDS ? fromMilliseconds(value) : wholeSeconds(value);
}

function fromMilliseconds(milliseconds: number): number | undefined {
  return wholeSeconds(milliseconds / 1000);
}

function wholeSeconds(seconds: number): number | undefined {
  const whole = Math.floor(seconds);
  return Number.isSafeInteger(whole) && whole >= 0 ? whole : undefined;
}

function text(value: unknown, prefix = ''): string | undefined {
  if (typeof value !== 'string') return undefined;
  const rest = value.startsWith(prefix) ? value.slice(prefix.length) : value;
  return rest === '' ? undefined : rest;
}

/** What is read of the first of these names that has anything; undefined when none has. */
export function firstOf<T>(names: readonly string[], read: (name: string) => T | undefined): T | undefined {
  for (const name of names) {
    const found = read(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
