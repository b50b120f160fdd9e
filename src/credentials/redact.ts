import type { Credential } from './credential.js';

const REDACTED = '[redacted]';

/** Strikes a credential out of a text, also where it stands URL-encoded or decoded from the Basic scheme. */
export function redact(text: string, credential: Credential | undefined): string {
  if (credential === undefined) return text;
  return secretsOf(credential).reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}

/** The longest first, so that a shorter one does not leave the remains of a longer one behind. */
function secretsOf({ authorization, token }: Credential): string[] {
  const [scheme = '', ...rest] = authorization.split(/\s+/);
  const secret = token ?? (rest.length > 0 ? rest.join(' ') : scheme);
  const forms = [authorization, secret, encodeURIComponent(secret)];
  if (scheme.toLowerCase() === 'basic') {
    const decoded = Buffer.from(secret, 'base64').toString('utf8');
    forms.push(decoded, decoded.slice(decoded.indexOf(':') + 1));
  }
  return [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
}
