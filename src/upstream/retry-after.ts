import type { IncomingHttpHeaders } from 'node:http';

/** No provider keeps itself from being asked for longer. */
const MAX_PAUSE_MS = 300_000;

/**
 * How long a provider wants to be left alone, ms; undefined when it does not say, or says "not at all".
 * @param now Unix time in ms, for a date
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: number): number | undefined {
  const pauses = [
    // Azure's and OpenAI's, which is more precise.
    ...linesOf(headers, 'retry-after-ms').map((line) => decimal(line)),
    ...linesOf(headers, 'retry-after').map((line) => decimal(line, 1000) ?? Date.parse(line) - now),
  ];
  const pause = pauses.find((each) => each !== undefined && each > 0);
  return pause === undefined ? undefined : Math.min(pause, MAX_PAUSE_MS);
}

/** The lines of a header: undici gives those of one that comes twice as an array. */
function linesOf(headers: IncomingHttpHeaders, name: string): string[] {
  return [headers[name] ?? []].flat();
}

function decimal(text: string, unit = 1): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * unit : undefined;
}
