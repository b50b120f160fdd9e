/** A JSON object of a provider's list, not yet validated. */
export type Row = Readonly<Record<string, unknown>>;

/** `undefined` for anything but a JSON object. */
export function asRow(value: unknown): Row | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : undefined;
}

/** The path to a value in a row: names of nested fields, joined by dots. */
export type Path = string;

/** Reads the value at a path; undefined when the row has none. */
export function valueAt(path: Path): (row: Row) => unknown {
  const [name = '', ...inner] = path.split('.');
  if (inner.length === 0) return (row) => row[name];
  const rest = valueAt(inner.join('.'));
  return (row) => {
    const value = asRow(row[name]);
    return value && rest(value);
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
  // What is not below would be milliseconds to the next reader.
  return whole >= 0 && whole < FIRST_MILLISECONDS ? whole : undefined;
}

/**
 * Half of a character, which JSON can hold and a URL cannot: no request could name such a model, and to Codex a list with it
 * is none.
 */
const HALF_CHARACTER = /\p{Cs}/u;

/** Whether a value can be an id or the name of an owner. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !HALF_CHARACTER.test(value);
}

/** The first result that is defined. */
export function firstOf<N, T>(names: readonly N[], read: (name: N) => T | undefined): T | undefined {
  for (const name of names) {
    const value = read(name);
    if (value !== undefined) return value;
  }
  return undefined;
}
