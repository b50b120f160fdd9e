/** Of larger bodies, few come in at the same time. */
export const LARGE_BYTES = 524_288;
/**
 * Larger bodies are scanned in a thread of their own. The main thread parses them in slices of this size; the last row
 * of a slice may go beyond it.
 */
export const SLICE_BYTES = 65_536;

/** In bytes, but for `marks`. */
export interface ScanLimits {
  /** Slices end at the first row beyond this. The main thread parses them, and gives way to others in between. */
  readonly slice: number;
  /** A larger object is not parsed: the body is refused. Other rows of that size are no models. */
  readonly row: number;
  /** The same for the commas and brackets of a row: each may become an object, while a long text is one. */
  readonly marks: number;
  /** A larger object in the envelope holds no cursor. */
  readonly nested: number;
  /** More beside the rows is no list. */
  readonly envelope: number;
}

const LIMITS: ScanLimits = {
  slice: SLICE_BYTES,
  row: 2_097_152,
  marks: 16_384,
  nested: 16_384,
  envelope: 131_072,
};

/** Where some rows of a list are: the bytes between two offsets of the body. */
type Slice = readonly [start: number, end: number];

/** An array in a body that may be the list. */
interface ScannedList {
  /** The slices in which there are objects that say something. */
  readonly slices: readonly Slice[];
  /** The number of rows in all other slices, which can be no models. */
  readonly skipped: number;
}

/** A body of JSON, read without making objects of its rows. */
export interface ScannedBody {
  /** JSON of what stands around the rows: the body with `[n]` in place of the nth list. */
  readonly envelope: string;
  readonly lists: readonly ScannedList[];
}

/** ASCII codes. */
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Finds the rows in a large body: those of each array that is in no other array. Only brackets, strings and commas are
 * looked at one by one; JSON.parse checks everything in slices, which are garbage at once. So the memory that it takes
 * does not grow with the body.
 * @throws SyntaxError when the body is not JSON, or holds too much beside its rows or in one of them
 */
export function scanBody(body: Buffer, limits = LIMITS): ScannedBody {
  const start = BYTE_ORDER_MARK.every((byte, at) => body[at] === byte) ? BYTE_ORDER_MARK.length : 0;
  const lists: RowCutter[] = [];
  const envelope = new Envelope(body, start, limits.envelope);
  let depth = 0;
  let marks = 0;
  let list: RowCutter | undefined;
  let listDepth = 0;
  let objectStart = 0;
  for (let at = start; at < body.length; at += 1) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPENING_BRACKET:
        depth += 1;
        marks += 1;
        if (list === undefined) {
          list = new RowCutter(body, at + 1, marks, limits);
          listDepth = depth;
        }
        break;
      case OPENING_BRACE:
        depth += 1;
        marks += 1;
        if (list === undefined && depth === 2) objectStart = at + 1;
        break;
      case COMMA:
        marks += 1;
        if (depth === listDepth) list?.endRow(at, marks);
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        if (list === undefined) {
          if (depth === 2 && at - objectStart > limits.nested) envelope.leaveOut(objectStart, at);
        } else if (depth === listDepth) {
          list.end(at, marks);
          envelope.replace(list.start, at, String(lists.push(list) - 1));
          list = undefined;
        }
        depth -= 1;
        break;
      case undefined:
      default:
    }
  }
  return { envelope: envelope.end(), lists: lists.map(({ slices, skipped }) => ({ slices, skipped })) };
}

/** The rows of a slice. @throws SyntaxError */
export function rowsOfSlice(body: Buffer, [start, end]: Slice): unknown[] {
  return JSON.parse(`[${body.toString('utf8', start, end)}]`) as unknown[];
}

/** The first byte that is no white space. */
function firstByte(body: Buffer, start: number): number | undefined {
  let at = start;
  while ((body[at] ?? 0xff) <= 0x20) at += 1;
  return body[at];
}

/** The offset of the quote that ends the string. */
function endOfString(body: Buffer, start: number): number {
  let at = start + 1;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** What stands around the rows, piece by piece. */
class Envelope {
  private readonly pieces: string[] = [];
  private bytes = 0;

  constructor(
    private readonly body: Buffer,
    private from: number,
    private readonly maxBytes: number,
  ) {}

  /** Writes the text in place of the bytes between two offsets. */
  replace(start: number, end: number, text: string): void {
    this.take(start);
    this.pieces.push(text);
    this.from = end;
  }

  /** Leaves the bytes between two offsets out, unless there is a list among them. */
  leaveOut(start: number, end: number): void {
    if (start >= this.from) this.replace(start, end, '');
  }

  /** @throws SyntaxError */
  end(): string {
    this.take(this.body.length);
    const json = this.pieces.join('');
    JSON.parse(json);
    return json;
  }

  private take(end: number): void {
    this.bytes += end - this.from;
    if (this.bytes > this.maxBytes) throw new SyntaxError('too much beside the rows');
    this.pieces.push(this.body.toString('utf8', this.from, end));
  }
}

/** Cuts a list into slices. */
class RowCutter implements ScannedList {
  readonly slices: Slice[] = [];
  skipped = 0;
  private sliceStart: number;
  private rowStart: number;

  constructor(
    private readonly body: Buffer,
    readonly start: number,
    private rowMarks: number,
    private readonly limits: ScanLimits,
  ) {
    this.sliceStart = start;
    this.rowStart = start;
  }

  /**
   * A comma after a row.
   * @param marks the number of commas and brackets so far
   */
  endRow(at: number, marks: number): void {
    if (this.isTooLarge(at, marks)) this.skipRow(at);
    else if (at - this.sliceStart >= this.limits.slice) {
      this.cut(at);
      this.sliceStart = at + 1;
    }
    this.rowStart = at + 1;
    this.rowMarks = marks;
  }

  /** The end of the list. */
  end(at: number, marks: number): void {
    if (this.isTooLarge(at, marks)) this.skipRow(at);
    else this.cut(at);
  }

  private isTooLarge(at: number, marks: number): boolean {
    return at - this.rowStart > this.limits.row || marks - this.rowMarks > this.limits.marks;
  }

  /** @throws SyntaxError for an object: without its model the list would not be whole */
  private skipRow(at: number): void {
    if (firstByte(this.body, this.rowStart) === OPENING_BRACE) throw new SyntaxError('a row is too large');
    if (this.sliceStart < this.rowStart) this.cut(this.rowStart - 1);
    this.skipped += 1;
    this.sliceStart = at + 1;
  }

  /** @throws SyntaxError also for a comma without a row, which would be between slices */
  private cut(end: number): void {
    const slice: Slice = [this.sliceStart, end];
    const rows = rowsOfSlice(this.body, slice);
    if (rows.length === 0 && this.sliceStart > this.start) throw new SyntaxError('a comma without a row');
    if (rows.some(saysSomething)) this.slices.push(slice);
    else this.skipped += rows.length;
  }
}

/** Whether a row is an object with a field: without one it has no id. */
function saysSomething(row: unknown): boolean {
  return typeof row === 'object' && row !== null && !Array.isArray(row) && hasField(row);
}

function hasField(row: object): boolean {
  for (const _name in row) return true;
  return false;
}
