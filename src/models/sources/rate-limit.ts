import type { RateLimit } from '../../cache/list-cache.js';
import { SYSTEM_CLOCK } from '../../concurrency/clock.js';
import { redact } from '../../credentials/redact.js';
import { allHeaderLines } from '../../upstream/upstream-headers.js';
import type { UpstreamHeaders } from '../../upstream/upstream-headers.js';
import { retryAfterMs } from '../../upstream/retry-after.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { UpstreamErrorDetails } from '../../upstream/upstream.error.js';

/** Too many requests, or too slow a one: neither says anything of the caller's right to the list. */
const LIMIT_STATUSES: ReadonlySet<number | undefined> = new Set([408, 429]);
/** A longer body says no more in an error. */
const MAX_BODY_BYTES = 4096;
/** The objects and the places in maps and lists that remember an answer. */
const NOTE_BYTES = 1500;

/** An answer of the provider from before: it was not asked again. */
export class RepeatedRejection extends UpstreamError {}

/** The rate limit that a provider's 4xx announces; undefined for any other. */
export function rateLimitOf({ message, details }: UpstreamError): RateLimit | undefined {
  const { status, headers = {} } = details;
  if (!LIMIT_STATUSES.has(status)) return undefined;
  const remembered = withoutCallersCredential(details);
  return {
    pauseMs: retryAfterMs(headers, SYSTEM_CLOCK.unix()),
    errorFor: (remainingMs) =>
      new RepeatedRejection('rejected', message, {
        ...remembered,
        headers: { ...remembered.headers, 'retry-after': String(Math.max(1, Math.ceil(remainingMs / 1000))) },
      }),
    bytes:
      NOTE_BYTES +
      JSON.stringify(remembered.headers).length * 2 +
      (remembered.body?.length ?? 0) +
      2 * message.length,
  };
}

/** The part of an answer that is worth keeping, in which no credential of a caller is left. */
function withoutCallersCredential({
  status = 429,
  headers = {},
  body,
  credential,
  otherSecrets = [],
}: UpstreamErrorDetails): UpstreamErrorDetails & { readonly headers: UpstreamHeaders } {
  const isOperators = credential?.variable !== undefined;
  const clean = (text: string): string =>
    credential === undefined || isOperators ? text : redact(text, [credential]);
  // The remaining seconds are written anew.
  const kept = allHeaderLines(headers)
    .filter(([name]) => name !== 'retry-after-ms')
    .map(([name, lines]) => [name, lines.map(clean)] as const);
  return {
    status,
    headers: Object.fromEntries(kept),
    ...(body !== undefined &&
      body.length <= MAX_BODY_BYTES && { body: Buffer.from(clean(body.toString('utf8'))) }),
    credential: isOperators ? credential : undefined,
    otherSecrets,
  };
}
