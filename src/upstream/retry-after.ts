import { headerLines } from './upstream-headers.js';
import type { UpstreamHeaders } from './upstream-headers.js';

/** No provider keeps itself from being asked for longer. */
const MAX_PAUSE_MS = 300_000;

/**
 * How long a provider wants to be left alone, ms; undefined when it does not say, or says "not at all".
 * @param now Unix time in ms, for a date
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(headers: UpstreamHeaders, now: number): number | undefined {
  const pauses = [
    // Azure's and OpenAI's, which is more precise.
    ...headerLines(headers, 'retry-after-ms').map((line) => decimal(line)),
    ...headerLines(headers, 'retry-after').map((line) => decimal(line, 1000) ?? Date.parse(line) - now),
  ];
  const pause = pauses.find((each) => each !== undefined && each > 0);
  return pause === undefined ? undefined : Math.min(pause, MAX_PAUSE_MS);
}

function decimal(text: string, unit = 1): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * unit : undefined;
}
