import type { MetadataReader } from '../../catalogue/metadata-format.js';
import { asRow, firstOf, isName, unixSeconds, valueAt } from '../../catalogue/row.js';
import type { Path, Row } from '../../catalogue/row.js';
import type { NotedModel } from './http-vendor.js';

/** Where a provider's rows keep what a model needs, and the defaults for what they lack. */
export interface RowFormat {
  /** Where the envelope may hold the rows, the first array wins. */
  readonly listFields: readonly Path[];
  /** Whether an object without any field, the cursor aside, is an empty list. */
  readonly leavesOutEmptyLists: boolean;
  /** Where the envelope holds the cursor to the next page; undefined where there is none. */
  readonly cursorField: Path | undefined;
  /** A row as the fields below find it; undefined where it is used as it is. */
  readonly reshape: ((row: Row) => Row) | undefined;
  /** Whether a row is a model that can be used, others are left out; undefined where all are. */
  readonly isUsable: ((row: Row) => boolean) | undefined;
  /** Where a row may hold the id, the first text wins. */
  readonly idFields: readonly Path[];
  /** What ids begin with that is no part of them. */
  readonly idPrefix: string;
  /** Where a row may hold the date of creation, the first date wins. */
  readonly createdFields: readonly Path[];
  /** The date of rows without one, Unix seconds. */
  readonly defaultCreated: number;
  /** Where a row may hold the owner, the first text wins. */
  readonly ownerFields: readonly Path[];
  /** The owner of rows without one. */
  readonly defaultOwner: string;
  /** Reads the metadata of a row. */
  readonly metadata: MetadataReader;
  /** What else of a row is kept with its model; undefined for nothing. */
  readonly notes: ((row: Row) => readonly string[]) | undefined;
}

/** Reads the rows of one provider. */
export class RowReader {
  private readonly lists: readonly ((envelope: Row) => unknown)[];
  private readonly ids: readonly ((row: Row) => unknown)[];
  private readonly dates: readonly ((row: Row) => unknown)[];
  private readonly owners: readonly ((row: Row) => unknown)[];
  private readonly cursorName: string | undefined;

  constructor(private readonly format: RowFormat) {
    this.lists = format.listFields.map(valueAt);
    this.ids = format.idFields.map(valueAt);
    this.dates = format.createdFields.map(valueAt);
    this.owners = format.ownerFields.map(valueAt);
    this.cursorName = format.cursorField?.split('.')[0];
  }

  /**
   * The rows of a list: those of a bare array, or of an envelope.
   * llama.cpp sends both `data` and `models`; Ollama sends `data: null` for an empty list.
   * @returns undefined when the body is no list
   */
  rowsOf(body: unknown): readonly unknown[] | undefined {
    if (Array.isArray(body)) return body as unknown[];
    const envelope = asRow(body);
    // A failure with the status 200, as Cloudflare and others write it; its list may be null.
    if (envelope === undefined || envelope['success'] === false) return undefined;
    const lists = this.lists.map((read) => read(envelope));
    const list = lists.find((each) => Array.isArray(each));
    if (list !== undefined) return list as unknown[];
    return lists[0] === null || this.isLeftOut(envelope) ? [] : undefined;
  }

  /** Whether a row is a model that can be used. */
  isUsable(value: unknown): boolean {
    return this.format.isUsable?.(asRow(value) ?? {}) ?? true;
  }

  /** The model of a row; undefined for a row that is no object or has no id. */
  modelOf(value: unknown): NotedModel | undefined {
    const { reshape, idPrefix, defaultCreated, defaultOwner, metadata, notes } = this.format;
    const given = asRow(value);
    const row = given && reshape !== undefined ? reshape(given) : given;
    const id = row && firstOf(this.ids, (read) => text(read(row), idPrefix));
    if (row === undefined || id === undefined) return undefined;
    const model = {
      id,
      created: firstOf(this.dates, (read) => unixSeconds(read(row))) ?? defaultCreated,
      ownedBy: firstOf(this.owners, (read) => text(read(row))) ?? defaultOwner,
      metadata: metadata(row),
    };
    return notes === undefined ? model : { ...model, notes: notes(row) };
  }

  private isLeftOut(envelope: Row): boolean {
    return this.format.leavesOutEmptyLists && Object.keys(envelope).every((name) => name === this.cursorName);
  }
}

function text(value: unknown, prefix = ''): string | undefined {
  if (!isName(value)) return undefined;
  const rest = value.startsWith(prefix) ? value.slice(prefix.length) : value;
  return rest === '' ? undefined : rest;
}
