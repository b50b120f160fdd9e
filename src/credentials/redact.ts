import type { Credential } from './credential.js';

const REDACTED = '[redacted]';

/**
 * Redacts credentials in a text, URL-encoded ones and those decoded from the Basic scheme included.
 * The longest form goes first: replacing a shorter one inside it would leave the rest of it readable.
 */
export function redact(text: string, credentials: readonly Credential[]): string {
  return [...new Set(credentials.flatMap(secretsOf))]
    .sort((a, b) => b.length - a.length)
    .reduce((redacted, secret) => redacted.replaceAll(secret, REDACTED), text);
}

function secretsOf({ authorization, token }: Credential): string[] {
  const [scheme = '', ...parameters] = authorization.split(/\s+/);
  const secret = token ?? (parameters.length > 0 ? parameters.join(' ') : scheme);
  const forms = [authorization, secret, encodeURIComponent(secret)];
  if (scheme.toLowerCase() === 'basic') {
    const decoded = Buffer.from(secret, 'base64').toString('utf8');
    forms.push(decoded, decoded.slice(decoded.indexOf(':') + 1));
  }
  return forms.filter((form) => form !== '');
}
