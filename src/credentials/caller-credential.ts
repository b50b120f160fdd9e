import type { IncomingHttpHeaders } from 'node:http';
import { authorizationCredential, keyCredential } from './credential.js';
import type { Credential } from './credential.js';

/** Where clients of Anthropic and Azure put their key. */
const KEY_HEADERS = ['x-api-key', 'api-key'] as const;

/**
 * The credential a caller sent: its `Authorization` header, else its `x-api-key` or `api-key`.
 * @param placeholders keys that count as none, because an SDK insists on a key where none is needed
 */
export function callerCredential(
  headers: IncomingHttpHeaders,
  placeholders: ReadonlySet<string>,
): Credential | undefined {
  const { authorization } = headers;
  // "Bearer" alone is what remains of an SDK's empty key.
  if (authorization !== undefined && !/^(bearer)?\s*$/i.test(authorization)) {
    const credential = authorizationCredential(authorization);
    if (credential.token === undefined || !placeholders.has(credential.token)) return credential;
  }
  for (const name of KEY_HEADERS) {
    const key = headers[name];
    if (typeof key === 'string' && key !== '' && !placeholders.has(key)) return keyCredential(key);
  }
  return undefined;
}
