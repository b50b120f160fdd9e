import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { callerCredential } from '../../credentials/caller-credential.js';
import type { Credential } from '../../credentials/credential.js';
import { TRACEPARENT } from '../../upstream/upstream-trace.js';
import type { Caller } from './list-source.js';

type ForwardedHeader = readonly [name: string, form: RegExp];

/** Headers of the caller that can change the provider's answer. */
const SCOPE_HEADERS = ['openai-organization', 'openai-project'] as const;
const FORWARDED_SCOPE_HEADERS: readonly ForwardedHeader[] = SCOPE_HEADERS.map((name) => [name, /^/]);
/** Callers with different traces share an answer: a malformed trace of one must not fail the request of all. */
const TRACE_HEADERS: readonly ForwardedHeader[] = [
  ['traceparent', TRACEPARENT],
  ['tracestate', /^[\x20-\x7e]{1,512}$/],
];

/** Which part of a caller's request concerns a provider. */
export interface ScopeRules {
  /** Whether the caller's credential and its scope headers go to the provider. */
  readonly acceptsCallers: boolean;
  /** Keys that count as none. */
  readonly placeholders: ReadonlySet<string>;
}

/** The credential for a caller's request: the caller's own, else the operator's. */
export function credentialFor(
  headers: IncomingHttpHeaders,
  { acceptsCallers, placeholders }: ScopeRules,
  operatorKey: Credential | undefined,
): Credential | undefined {
  return (acceptsCallers ? callerCredential(headers, placeholders) : undefined) ?? operatorKey;
}

/** Equal for two callers only if the provider cannot tell them apart. No header value holds a line break. */
export function scopeKey(
  credential: Credential | undefined,
  headers: IncomingHttpHeaders,
  { acceptsCallers }: ScopeRules,
): string {
  let key = `${credential?.variable ?? ''}\n${credential?.authorization ?? ''}`;
  if (acceptsCallers) for (const name of SCOPE_HEADERS) key += `\n${String(headers[name] ?? '')}`;
  return key;
}

/**
 * The name of a list in a cache: a hash, so that neither this process nor a shared store keeps a credential.
 * @param target what else than the caller changes the list
 */
export function cacheKey(target: string, scope: string): string {
  return hash('sha256', `${target}\n${scope}`, 'base64url');
}

/** The headers of a caller's request that go to the provider as they are, names in lower case. */
export function forwardedHeaders(
  { headers, requestId, trace }: Caller,
  { acceptsCallers }: ScopeRules,
): Record<string, string> {
  const forwarded: Record<string, string> = { 'x-request-id': requestId };
  if (acceptsCallers) copy(headers, FORWARDED_SCOPE_HEADERS, forwarded);
  // The span of a traced request comes between the caller's and the provider's.
  if (trace === undefined) copy(headers, TRACE_HEADERS, forwarded);
  return forwarded;
}

function copy(
  headers: IncomingHttpHeaders,
  names: readonly ForwardedHeader[],
  to: Record<string, string>,
): void {
  for (const [name, form] of names) {
    const value = headers[name];
    if (typeof value === 'string' && form.test(value)) to[name] = value;
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1.4 */
export function wantsRevalidation({ 'cache-control': directives = '' }: IncomingHttpHeaders): boolean {
  return /(^|[\s,])no-cache([\s,]|$)/i.test(directives);
}
