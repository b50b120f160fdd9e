import type { IncomingHttpHeaders } from 'node:http';
import { authorizationCredential, keyCredential } from './credential.js';
import type { Credential } from './credential.js';

/** The headers besides `Authorization` in which callers may send a key: those of Anthropic's and of Azure's clients. */
export const CALLER_KEY_HEADERS = ['x-api-key', 'api-key'] as const;

/** All headers in which callers may send a key. */
const CREDENTIAL_HEADERS = ['authorization', ...CALLER_KEY_HEADERS] as const;

/** @param name in lower case */
export function isCredentialHeader(name: string): boolean {
  return CREDENTIAL_HEADERS.some((each) => each === name);
}

/**
 * The credential that a caller sent: its `Authorization` header, else its `x-api-key` or `api-key`.
 * @param placeholders keys in lower case that count as none: clients send one of them when their user has no key
 */
export function callerCredential(
  headers: IncomingHttpHeaders,
  placeholders: ReadonlySet<string>,
): Credential | undefined {
  for (const name of CREDENTIAL_HEADERS) {
    const credential = credentialIn(headers, name, placeholders);
    if (credential !== undefined) return credential;
  }
  return undefined;
}

/** The credentials in all headers that may hold one. */
export function callerCredentials(
  headers: IncomingHttpHeaders,
  placeholders: ReadonlySet<string>,
): Credential[] {
  return CREDENTIAL_HEADERS.flatMap((name) => credentialIn(headers, name, placeholders) ?? []);
}

/** Takes the credentials out of the headers of a request, so that its caller is one without any. */
export function removeCredentials(headers: IncomingHttpHeaders): void {
  for (const name of CREDENTIAL_HEADERS) headers[name] = undefined;
}

function credentialIn(
  headers: IncomingHttpHeaders,
  name: (typeof CREDENTIAL_HEADERS)[number],
  placeholders: ReadonlySet<string>,
): Credential | undefined {
  const value = headers[name];
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  if (name !== 'authorization') return isPlaceholder(value, placeholders) ? undefined : keyCredential(value);
  // A client with an empty key may send the scheme alone.
  if (/^(bearer|basic)\s*$/i.test(value)) return undefined;
  const credential = authorizationCredential(value);
  return isPlaceholder(credential.token ?? value, placeholders) ? undefined : credential;
}

/** Some clients write a key that is missing as JSON, in quotes. */
function isPlaceholder(key: string, placeholders: ReadonlySet<string>): boolean {
  return placeholders.has(
    key
      .trim()
      .toLowerCase()
      .replace(/^"(.*)"$/, '$1'),
  );
}
