import { LRUCache } from 'lru-cache';
import { CODINGS } from './content-coding.js';
import type { Coding } from './content-coding.js';

/** How a client wants a body. */
export interface AcceptedCoding {
  /** Undefined for the body as it is. */
  readonly coding: Coding | undefined;
  /** Whether the client refuses the body as it is. */
  readonly isRequired: boolean;
}

/** Clients send few different headers. */
const MAX_HEADERS = 128;
/** A browser sends 23 characters; long headers are not worth their memory. */
const MAX_LENGTH = 256;

const NONE: AcceptedCoding = { coding: undefined, isRequired: false };
const known = new LRUCache<string, AcceptedCoding>({ max: MAX_HEADERS });

/** What `Accept-Encoding` asks for. Of codings that a client likes equally, this service takes the best one. */
export function acceptedCoding(header: string | undefined): AcceptedCoding {
  if (header === undefined) return NONE;
  let accepted = known.get(header);
  if (accepted === undefined) {
    accepted = negotiate(header, [...CODINGS.keys()]);
    if (header.length <= MAX_LENGTH) known.set(header, accepted);
  }
  return accepted;
}

/**
 * Where a client accepts nothing that is available, it gets the body as it is (RFC 9110, section 12.1).
 * @param available the best one first
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 */
export function negotiate(header: string, available: readonly Coding[]): AcceptedCoding {
  const weights = weightsOf(header);
  const others = weights.get('*');
  const weightOf = (coding: Coding): number => weights.get(coding) ?? others ?? 0;
  const [best] = available.toSorted((a, b) => weightOf(b) - weightOf(a));
  if (best === undefined || weightOf(best) === 0) return NONE;
  // Unless it is named, the body as it is will do, but only where there is nothing else.
  const identity = weights.get('identity') ?? (others === 0 ? 0 : undefined);
  return identity !== undefined && identity > weightOf(best)
    ? NONE
    : { coding: best, isRequired: identity === 0 };
}

/** Items that are malformed are left out; `x-gzip` is `gzip` (RFC 9110, section 8.4.1.3). */
function weightsOf(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const item of header.toLowerCase().split(',')) {
    const [, name = '', weight = '1'] =
      /^\s*(?:x-(?=gzip))?([a-z\d*-]+)\s*(?:;\s*q\s*=\s*(\d(?:\.\d*)?)\s*)?$/.exec(item) ?? [];
    if (name !== '') weights.set(name, Number(weight));
  }
  return weights;
}
