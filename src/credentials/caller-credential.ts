import type { IncomingHttpHeaders } from 'node:http';
import { authorizationCredential, keyCredential } from './credential.js';
import type { Credential } from './credential.js';

/** The headers besides `Authorization` in which callers may send a key: those of Anthropic's and of Azure's clients. */
export const CALLER_KEY_HEADERS = ['x-api-key', 'api-key'] as const;

/**
 * The credential that a caller sent: its `Authorization` header, else its `x-api-key` or `api-key`.
 * @param placeholders keys in lower case that count as none: clients send one of them when their user has no key
 */
export function callerCredential(
  headers: IncomingHttpHeaders,
  placeholders: ReadonlySet<string>,
): Credential | undefined {
  const { authorization } = headers;
  // A client with an empty key may send the scheme alone.
  if (authorization !== undefined && !/^(bearer|basic)?\s*$/i.test(authorization)) {
    const credential = authorizationCredential(authorization);
    if (!isPlaceholder(credential.token ?? authorization, placeholders)) return credential;
  }
  for (const name of CALLER_KEY_HEADERS) {
    const key = headers[name];
    if (typeof key === 'string' && key !== '' && !isPlaceholder(key, placeholders)) return keyCredential(key);
  }
  return undefined;
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
