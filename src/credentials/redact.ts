import type { Credential } from './credential.js';

const REDACTED = '[redacted]';

/**
 * Strikes credentials out of a text, also where they stand URL-encoded or decoded from the Basic scheme.
 * The longest form goes first, so that a shorter one does not leave the remains of a longer one behind.
 */
export function redact(text: string, credentials: readonly Credential[]): string {
  return [...new Set(credentials.flatMap(secretsOf))]
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}

function secretsOf({ authorization, token }: Credential): string[] {
  const [scheme = '', ...rest] = authorization.split(/\s+/);
  const secret = token ?? (rest.length > 0 ? rest.join(' ') : scheme);
  const forms = [authorization, secret, encodeURIComponent(secret)];
  if (scheme.toLowerCase() === 'basic') {
    const decoded = Buffer.from(secret, 'base64').toString('utf8');
    forms.push(decoded, decoded.slice(decoded.indexOf(':') + 1));
  }
  return forms.filter((form) => form !== '');
}
