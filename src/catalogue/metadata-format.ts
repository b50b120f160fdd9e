import { CAPABILITIES, LIFECYCLES, MODALITIES, PRICED, TRAITS } from './model-metadata.js';
import type { Capability, Lifecycle, Modality, ModelMetadata, Pricing } from './model-metadata.js';
import { descriptionText, displayText } from './public-text.js';
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
  readonly description?: readonly Path[];
  readonly contextLength?: readonly Path[];
  readonly maxOutputTokens?: readonly Path[];
  /** The words of all paths count. A word is a text, an element of a list, or the name of a field that is true. */
  readonly capabilities?: Words<Capability>;
  readonly inputModalities?: Words<Modality>;
  readonly outputModalities?: Words<Modality>;
  /** OpenRouter's object; the prices of other vendors are numbers, or for other amounts. */
  readonly pricing?: readonly Path[];
  readonly supportedParameters?: readonly Path[];
  readonly lifecycle?: Words<Lifecycle>;
  /** The date of the deprecation, else that of the end. */
  readonly deprecatesAt?: readonly Path[];
  /** The date of the end. Where OpenAI's field is one of these paths and is null, the model has no such date yet. */
  readonly shutdownDate?: readonly Path[];
}

/** Maps every word of a vocabulary to itself. */
export function identityOf<T extends string>(words: readonly T[]): Readonly<Record<string, T>> {
  return Object.fromEntries(words.map((word) => [word, word]));
}

/** Metadata in this service's own answers. */
export const OWN_FORMAT: Required<MetadataFormat> = {
  displayName: ['display_name'],
  description: ['description'],
  contextLength: ['context_length'],
  maxOutputTokens: ['max_output_tokens'],
  capabilities: [['capabilities', identityOf(CAPABILITIES)]],
  inputModalities: [['architecture.input_modalities', identityOf(MODALITIES)]],
  outputModalities: [['architecture.output_modalities', identityOf(MODALITIES)]],
  pricing: ['pricing'],
  supportedParameters: ['supported_parameters'],
  lifecycle: [['lifecycle', identityOf(LIFECYCLES)]],
  deprecatesAt: ['deprecates_at'],
  shutdownDate: ['shutdown_date'],
};

/** Reads the metadata of a row, beyond OpenAI's four fields; undefined when there is none. */
export type MetadataReader = (row: Row) => ModelMetadata | undefined;

/** Creates a reader of rows. Values of another type, size or meaning than expected are ignored. */
export function metadataReader(format: MetadataFormat): MetadataReader {
  const named = meanings(format.capabilities);
  const inputs = inputsOf(meanings(format.inputModalities), named);
  const outputs = meanings(format.outputModalities);
  const namedHere = meanings(OWN_FORMAT.capabilities);
  const stages = meanings(format.lifecycle);
  const fields = Object.entries({
    display_name: first(format.displayName, displayText),
    description: first(format.description, descriptionText),
    context_length: first(format.contextLength, count),
    max_output_tokens: first(format.maxOutputTokens, count),
    capabilities: (row) =>
      sorted(isOwnRow(row) ? namedHere(row) : purposeOf(named(row), inputs(row), outputs(row))),
    architecture: (row) => architectureOf(inputs(row), outputs(row)),
    pricing: first(format.pricing, pricing),
    supported_parameters: first(format.supportedParameters, parameterNames),
    lifecycle: (row) => stages(row)?.values().next().value,
    deprecates_at: first(format.deprecatesAt, date),
    shutdown_date: shutdownDate(format.shutdownDate),
  } satisfies Readers);
  return (row) => {
    let metadata: Record<string, unknown> | undefined;
    for (const [name, read] of fields) {
      const value = read(row);
      if (value !== undefined) (metadata ??= {})[name] = value;
    }
    return metadata;
  };
}

const OWN_WORDS: ReadonlySet<unknown> = new Set(CAPABILITIES);

/**
 * Whether another instance of this service has made a row. What it says a model can do is all: from other fields, the
 * same words would be read in another way than there.
 */
function isOwnRow(row: Row): boolean {
  const { capabilities } = row;
  return (
    Array.isArray(capabilities) &&
    // This service leaves the field out where it knows nothing.
    capabilities.length > 0 &&
    capabilities.every((each) => OWN_WORDS.has(each)) &&
    row['object'] === 'model' &&
    row['name'] === row['display_name'] &&
    row['max_model_len'] === row['context_length']
  );
}

/** A reader of each field, in the order of answers. */
type Readers = {
  readonly [K in keyof ModelMetadata]-?: (row: Row) => ModelMetadata[K] | undefined;
};

/** A model that makes text of sound alone writes down what is said: it takes no text to answer. */
function purposeOf(
  named: ReadonlySet<Capability> | undefined,
  inputs: ReadonlySet<Modality> | undefined,
  outputs: ReadonlySet<Modality> | undefined,
): ReadonlySet<Capability> | undefined {
  if (!named?.has('text_generation') || !isOnly(inputs, 'audio') || !isOnly(outputs, 'text')) return named;
  return new Set([...named].map((each) => (each === 'text_generation' ? 'transcription' : each)));
}

function isOnly(modalities: ReadonlySet<Modality> | undefined, modality: Modality): boolean {
  return modalities?.size === 1 && modalities.has(modality);
}

/** Sorts capabilities as the vocabulary does. `other` stays only where no purpose of the model is known. */
function sorted(named: ReadonlySet<Capability> | undefined): readonly Capability[] | undefined {
  if (named === undefined) return undefined;
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

/** What a model with vision takes. */
const SEEING: ReadonlySet<Modality> = new Set(['text', 'image']);

/** Reads what goes into a model. Clients look for images there, and many vendors name the capability only. */
function inputsOf(
  said: (row: Row) => ReadonlySet<Modality> | undefined,
  named: (row: Row) => ReadonlySet<Capability> | undefined,
): (row: Row) => ReadonlySet<Modality> | undefined {
  return (row) => said(row) ?? (named(row)?.has('vision') === true ? SEEING : undefined);
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

function architectureOf(
  inputs: ReadonlySet<Modality> | undefined,
  outputs: ReadonlySet<Modality> | undefined,
): ModelMetadata['architecture'] {
  if (inputs === undefined && outputs === undefined) return undefined;
  return {
    ...(inputs && { input_modalities: MODALITIES.filter((each) => inputs.has(each)) }),
    ...(outputs && { output_modalities: MODALITIES.filter((each) => outputs.has(each)) }),
  };
}

/** OpenRouter writes -1 for a price that depends on the request. */
const PRICE = /^(-1|\d{1,12}(\.\d{1,20})?)$/;

function pricing(value: unknown): Pricing | undefined {
  const row = asRow(value);
  const prices = PRICED.filter((name) => isPrice(row?.[name]));
  return prices.length === 0 ? undefined : Object.fromEntries(prices.map((name) => [name, row?.[name]]));
}

function isPrice(value: unknown): boolean {
  return typeof value === 'string' && PRICE.test(value);
}

const MAX_PARAMETERS = 64;
const PARAMETER = /^[a-z][a-z\d_]{0,63}$/;

function parameterNames(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const names = value.filter((each): each is string => typeof each === 'string' && PARAMETER.test(each));
  return names.length === 0 ? undefined : names.slice(0, MAX_PARAMETERS);
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** The first day of Unix time stands for no date. */
const SECONDS_OF_DAY = 86_400;

/** Unix seconds of a date; a day without a time is its beginning in UTC. */
function date(value: unknown): number | undefined {
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
  const seconds = unixSeconds(isDay ? `${value}T00:00:00Z` : value);
  if (seconds !== undefined && seconds < SECONDS_OF_DAY) return undefined;
  // JavaScript takes the 30th of February for the 2nd of March.
  if (isDay && dayOf(seconds) !== value) return undefined;
  return seconds;
}

/** Reads the day of the end. OpenAI writes null for a model without one; the nulls of other vendors say less. */
function shutdownDate(paths: readonly Path[] = []): (row: Row) => string | null | undefined {
  const read = first(paths, day);
  if (!paths.includes('shutdown_date')) return read;
  return (row) => read(row) ?? (row['shutdown_date'] === null ? null : undefined);
}

/** A date's day in UTC. */
function day(value: unknown): string | undefined {
  return dayOf(date(value));
}

/** The last second that four digits of a year can name. */
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

function dayOf(seconds: number | undefined): string | undefined {
  if (seconds === undefined || seconds > LAST_SECOND) return undefined;
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
