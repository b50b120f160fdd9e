import { CAPABILITIES, LIFECYCLES, TRAITS } from './model-metadata.js';
import type { Capability, Lifecycle, ModelMetadata } from './model-metadata.js';
import { asRow, firstOf, unixSeconds, valueAt } from './row.js';
import type { Path, Row } from './row.js';

/** Where words stand, and what each of them means; others mean nothing. */
export type Words<T extends string> = readonly (readonly [
  path: Path,
  meanings: Readonly<Record<string, T>>,
])[];

/** Where a provider's rows keep metadata. Of several places the first that has something wins. */
export interface MetadataFormat {
  readonly displayName?: readonly Path[];
  readonly contextLength?: readonly Path[];
  readonly maxOutputTokens?: readonly Path[];
  /** All of these count. A word is a text, one of a list, or the name of a field that is true. */
  readonly capabilities?: Words<Capability>;
  readonly lifecycle?: Words<Lifecycle>;
  readonly deprecatesAt?: readonly Path[];
}

/** Every word of a vocabulary means itself. */
function itself<T extends string>(words: readonly T[]): Readonly<Record<string, T>> {
  return Object.fromEntries(words.map((word) => [word, word]));
}

/** Metadata as this service writes it. */
export const OWN_FORMAT: Required<MetadataFormat> = {
  displayName: ['display_name'],
  contextLength: ['context_length'],
  maxOutputTokens: ['max_output_tokens'],
  capabilities: [['capabilities', itself(CAPABILITIES)]],
  lifecycle: [['lifecycle', itself(LIFECYCLES)]],
  deprecatesAt: ['deprecates_at'],
};

/** What a row says beyond the four fields of OpenAI; undefined when that is nothing. */
export type MetadataReader = (row: Row) => ModelMetadata | undefined;

/** A reader of rows. What is not of the expected type or size, or of no known meaning, counts as not said. */
export function metadataReader(format: MetadataFormat): MetadataReader {
  const displayName = first(format.displayName, displayText);
  const contextLength = first(format.contextLength, count);
  const maxOutputTokens = first(format.maxOutputTokens, count);
  const deprecatesAt = first(format.deprecatesAt, date);
  const capabilities = meanings(format.capabilities);
  const lifecycle = meanings(format.lifecycle);
  return (row) => {
    let metadata: { -readonly [K in keyof ModelMetadata]: ModelMetadata[K] } | undefined;
    const name = displayName(row);
    if (name !== undefined) (metadata ??= {}).display_name = name;
    const context = contextLength(row);
    if (context !== undefined) (metadata ??= {}).context_length = context;
    const output = maxOutputTokens(row);
    if (output !== undefined) (metadata ??= {}).max_output_tokens = output;
    const able = capabilities(row);
    if (able !== undefined) (metadata ??= {}).capabilities = inOrder(able);
    const [state] = lifecycle(row) ?? [];
    if (state !== undefined) (metadata ??= {}).lifecycle = state;
    const end = deprecatesAt(row);
    if (end !== undefined) (metadata ??= {}).deprecates_at = end;
    return metadata;
  };
}

/** Once, in the order of the vocabulary; `other` where nothing more is known of what the model is for. */
function inOrder(able: ReadonlySet<Capability>): readonly Capability[] {
  const named = CAPABILITIES.filter((each) => able.has(each));
  const hasPurpose = named.some((each) => each !== 'other' && !TRAITS.has(each));
  return hasPurpose ? named.filter((each) => each !== 'other') : named;
}

function first<T>(
  paths: readonly Path[] | undefined,
  read: (value: unknown) => T | undefined,
): (row: Row) => T | undefined {
  const values = (paths ?? []).map(valueAt);
  return (row) => firstOf(values, (value) => read(value(row)));
}

/** All that the words of a row mean; undefined when that is nothing. */
function meanings<T extends string>(words: Words<T> = []): (row: Row) => ReadonlySet<T> | undefined {
  const places = words.map(([path, table]) => [valueAt(path), new Map(Object.entries(table))] as const);
  return (row) => {
    let found: Set<T> | undefined;
    for (const [value, table] of places) {
      for (const word of wordsOf(value(row))) {
        const meaning = table.get(word);
        if (meaning !== undefined) (found ??= new Set()).add(meaning);
      }
    }
    return found;
  };
}

const NO_WORDS: readonly string[] = [];

function wordsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return NO_WORDS;
  if (typeof value === 'string') return [value.toLowerCase()];
  if (typeof value === 'boolean') return [String(value)];
  if (Array.isArray(value)) {
    return value.filter((each) => typeof each === 'string').map((each) => each.toLowerCase());
  }
  const row = asRow(value);
  if (row === undefined) return NO_WORDS;
  return Object.keys(row).filter((name) => row[name] === true || asRow(row[name])?.['supported'] === true);
}

const MAX_DISPLAY_NAME_LENGTH = 200;
/** Control characters, and those that turn the direction of text or cannot be seen. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/**
 * Paths wherever something begins, drives and URLs anywhere (those of buckets are paths too), whatever has a backslash,
 * and relative paths: a name may have one slash in a word, as ids do, but hardly two.
 */
const PATH = /(?:^|[^\p{L}\p{N}\s])[/]\S|(?:^|\s)[/~.]\S|:\/|\\|[^\s/]\/[^\s/]+\/[^\s/]/u;
const E_MAIL_ADDRESS = /\S\s*@\s*\S/;

/** A name that people may read: what looks like a path or an address is none. */
function displayText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_DISPLAY_NAME_LENGTH) return undefined;
  const text = value.trim();
  // In the signs that everybody knows: there is an at sign of full width, too.
  const plain = text.normalize('NFKC');
  return text === '' || UNPRINTABLE.test(text) || PATH.test(plain) || E_MAIL_ADDRESS.test(plain)
    ? undefined
    : text;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** Of a day, its beginning in UTC. */
function date(value: unknown): number | undefined {
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
  const seconds = unixSeconds(isDay ? `${value}T00:00:00Z` : value);
  return seconds === 0 ? undefined : seconds;
}
