/**
 * The headers of a provider's answer, names in lower case. Any header may come in several lines, which undici hands
 * over as an array; node:http's type denies it.
 */
export type UpstreamHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The values of a header, one a line. */
export function headerLines(headers: UpstreamHeaders, name: string): readonly string[] {
  return linesOf(Object.hasOwn(headers, name) ? headers[name] : undefined);
}

/** The value of a header that is a list: several lines are one list (RFC 9110, section 5.3). */
export function headerList(headers: UpstreamHeaders, name: string): string {
  return headerLines(headers, name).join(', ');
}

/** All headers with their values. */
export function allHeaderLines(headers: UpstreamHeaders): [name: string, lines: readonly string[]][] {
  return Object.entries(headers).map(([name, value]) => [name, linesOf(value)]);
}

function linesOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
