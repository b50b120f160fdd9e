import { CAPABILITIES, LIFECYCLES, TRAITS } from './model-metadata.js';
import type { Capability, Lifecycle, ModelMetadata } from './model-metadata.js';
import { asRow, firstOf, unixSeconds, valueAt } from './row.js';
import type { Path, Row } from './row.js';

/** Paths to words, and the meaning of each word; other words are ignored. */
export type Words<T extends string> = readonly (readonly [
  path: Path,
  meanings: Readonly<Record<string, T>>,
])[];

/** Where a provider's rows have metadata. Of several paths the first with a valid value wins. */
export interface MetadataFormat {
  readonly displayName?: readonly Path[];
  readonly contextLength?: readonly Path[];
  readonly maxOutputTokens?: readonly Path[];
  /** The words of all paths count. A word is a text, an element of a list, or the name of a field that is true. */
  readonly capabilities?: Words<Capability>;
  readonly lifecycle?: Words<Lifecycle>;
  readonly deprecatesAt?: readonly Path[];
}

/** Maps every word of a vocabulary to itself. */
function identityOf<T extends string>(words: readonly T[]): Readonly<Record<string, T>> {
  return Object.fromEntries(words.map((word) => [word, word]));
}

/** Metadata in this service's own answers. */
export const OWN_FORMAT: Required<MetadataFormat> = {
  displayName: ['display_name'],
  contextLength: ['context_length'],
  maxOutputTokens: ['max_output_tokens'],
  capabilities: [['capabilities', identityOf(CAPABILITIES)]],
  lifecycle: [['lifecycle', identityOf(LIFECYCLES)]],
  deprecatesAt: ['deprecates_at'],
};

/** Reads the metadata of a row, beyond OpenAI's four fields; undefined when there is none. */
export type MetadataReader = (row: Row) => ModelMetadata | undefined;

/** Creates a reader of rows. Values of another type, size or meaning than expected are ignored. */
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
    const named = capabilities(row);
    if (named !== undefined) (metadata ??= {}).capabilities = sorted(named);
    const [state] = lifecycle(row) ?? [];
    if (state !== undefined) (metadata ??= {}).lifecycle = state;
    const end = deprecatesAt(row);
    if (end !== undefined) (metadata ??= {}).deprecates_at = end;
    return metadata;
  };
}

/** Sorts capabilities as the vocabulary does. `other` stays only where no purpose of the model is known. */
function sorted(named: ReadonlySet<Capability>): readonly Capability[] {
  const capabilities = CAPABILITIES.filter((each) => named.has(each));
  const hasPurpose = capabilities.some((each) => each !== 'other' && !TRAITS.has(each));
  return hasPurpose ? capabilities.filter((each) => each !== 'other') : capabilities;
}

function first<T>(
  paths: readonly Path[] | undefined,
  read: (value: unknown) => T | undefined,
): (row: Row) => T | undefined {
  const values = (paths ?? []).map(valueAt);
  return (row) => firstOf(values, (value) => read(value(row)));
}

/** Reads the meanings of a row's words; undefined when there are none. */
function meanings<T extends string>(words: Words<T> = []): (row: Row) => ReadonlySet<T> | undefined {
  const sources = words.map(([path, table]) => [valueAt(path), new Map(Object.entries(table))] as const);
  return (row) => {
    let result: Set<T> | undefined;
    for (const [value, table] of sources) {
      for (const word of wordsOf(value(row))) {
        const meaning = table.get(word);
        if (meaning !== undefined) (result ??= new Set()).add(meaning);
      }
    }
    return result;
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
/** Control characters, and those that are invisible or change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/**
 * Paths at the start of a word, drives and URLs (of buckets too), backslashes, and relative paths: a word of a name
 * may contain one slash, as ids do, but hardly two.
 */
const PATH = /(?:^|[^\p{L}\p{N}\s])[/]\S|(?:^|\s)[/~.]\S|:\/|\\|[^\s/]\/[^\s/]+\/[^\s/]/u;
const E_MAIL_ADDRESS = /\S\s*@\s*\S/;

/** A name for people; undefined for a text that looks like a path or an e-mail address. */
function displayText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_DISPLAY_NAME_LENGTH) return undefined;
  const text = value.trim();
  // NFKC turns characters of full width, an at sign for instance, into ASCII.
  const plain = text.normalize('NFKC');
  return text === '' || UNPRINTABLE.test(text) || PATH.test(plain) || E_MAIL_ADDRESS.test(plain)
    ? undefined
    : text;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** Unix seconds of a date; a day without a time is its beginning in UTC. */
function date(value: unknown): number | undefined {
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
  const seconds = unixSeconds(isDay ? `${value}T00:00:00Z` : value);
  return seconds === 0 ? undefined : seconds;
}
