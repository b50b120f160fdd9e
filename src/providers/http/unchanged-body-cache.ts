import type { NowTest } from './first-seen-dates.js';

/** More than the lists of all known providers together. What does not fit is read again each time. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Servers whose bodies move list few models. */
const MAX_MOVING_BYTES = 65_536;
/**
 * What servers that make their rows at each request write anew: dates, and the ids of vLLM's permissions, which this
 * service does not read. Within a text of JSON, the quotation marks would have backslashes.
 */
const MOVING =
  /(?<="created": ?)\d{10}(?=[,}\s])|(?<="permission": ?\[\s?\{\s?"id": ?"modelperm-)[\dA-Za-z]+(?=")/g;
const HYPHEN = 0x2d;
const DATE = /^\d{10}$/;
const PERMISSION = /^[\dA-Za-z]+$/;

interface Entry<T> {
  readonly bytes: Buffer;
  readonly meaning: T;
  /** In their order. */
  readonly moving: readonly MovingPart[];
}

/** The place of a part of a body that differs from answer to answer, such as a date, and changes nothing in the list. */
interface MovingPart {
  readonly from: number;
  readonly to: number;
}

/**
 * Remembers, for each URL, the bytes of the last body and what they meant, so that unchanged bytes need not
 * be parsed again. The bytes are compared whole: a hash could collide, and comparing is a hundred times
 * cheaper than parsing. Bodies that differ only in dates of "now" and in ids of permissions count as unchanged.
 */
export class UnchangedBodyCache<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private bytes = 0;

  /** What the body meant the last time, if it is the same body. */
  get(url: string, body: Buffer, isNow: NowTest): T | undefined {
    const entry = this.entries.get(url);
    return entry !== undefined && isUnchanged(entry, body, isNow) ? entry.meaning : undefined;
  }

  set(url: string, body: Buffer, meaning: T, isNow: NowTest): void {
    this.bytes += body.length - (this.entries.get(url)?.bytes.length ?? 0);
    this.entries.set(url, { bytes: body, meaning, moving: movingParts(body, isNow) });
    if (this.bytes > MAX_BYTES) {
      this.entries.clear();
      this.bytes = 0;
    }
  }
}

/** The parts of a body that may move: other dates than "now" may not. */
function movingParts(body: Buffer, isNow: NowTest): readonly MovingPart[] {
  if (body.length > MAX_MOVING_BYTES) return [];
  const parts = Array.from(body.toString('latin1').matchAll(MOVING), ({ index, 0: { length } }) => ({
    from: index,
    to: index + length,
  }));
  return parts.filter((part) => haveMoved([part], body, isNow));
}

function isUnchanged<T>({ bytes, moving }: Entry<T>, body: Buffer, isNow: NowTest): boolean {
  if (bytes.length !== body.length) return false;
  if (moving.length === 0) return bytes.equals(body);
  let end = 0;
  for (const part of moving) {
    if (bytes.compare(body, end, part.from, end, part.from) !== 0) return false;
    end = part.to;
  }
  if (bytes.compare(body, end, body.length, end) !== 0) return false;
  return bytes.equals(body) || haveMoved(moving, body, isNow);
}

/** Whether a body has what may move at all these places. */
function haveMoved(parts: readonly MovingPart[], body: Buffer, isNow: NowTest): boolean {
  let lastDate = '';
  return parts.every(({ from, to }) => {
    const text = body.toString('latin1', from, to);
    if (body[from - 1] === HYPHEN) return PERMISSION.test(text);
    // All rows have the same one.
    if (text === lastDate) return true;
    lastDate = text;
    return DATE.test(text) && isNow(Number(text));
  });
}
