import type { Credential } from './credential.js';

const REDACTED = '[redacted]';
/** The shortest part of a secret that gives something away: shorter ones occur in any word. */
const MIN_PART_LENGTH = 4;

/**
 * Redacts credentials in a text: secrets in any case, URL-encoded ones and those decoded from the Basic scheme
 * included. The longest form goes first: replacing a shorter one inside it would leave the rest of it readable.
 */
export function redact(text: string, credentials: readonly Credential[]): string {
  return credentials
    .flatMap(formsOf)
    .sort((a, b) => b.text.length - a.text.length)
    .reduce((redacted, form) => redacted.replace(new RegExp(escaped(form.text), form.flags), REDACTED), text);
}

/**
 * Whether a text holds a part of a secret, in any case: as it is, with separators in between, URL-encoded, in
 * hexadecimal digits or in Base64. What `redact` has replaced does not count.
 */
export function couldReveal(text: string, credentials: readonly Credential[]): boolean {
  const parts = new Set(
    credentials.flatMap(secretsOf).flatMap((secret) => [secret, joined(secret)].flatMap(partsOf)),
  );
  return readingsOf(text.replaceAll(REDACTED, ' ')).some((reading) => {
    const lower = reading.toLowerCase();
    return [...parts].some((part) => lower.includes(part));
  });
}

/** The texts in which a credential may be repeated. Of a whole header, only one as it was sent has its scheme redacted. */
function formsOf(credential: Credential): { text: string; flags: string }[] {
  const secrets = secretsOf(credential);
  const [secret = ''] = secrets;
  return [
    { text: credential.authorization, flags: 'g' },
    ...[encodeURIComponent(secret), ...secrets].map((text) => ({ text, flags: 'gi' })),
  ].filter(({ text }) => text !== '');
}

/** What is secret of a credential: all but its scheme, and what the Basic scheme encodes. */
function secretsOf({ authorization, token }: Credential): string[] {
  const [scheme = '', ...parameters] = authorization.split(/\s+/);
  const secret = token ?? (parameters.length > 0 ? parameters.join(' ') : scheme);
  if (scheme.toLowerCase() !== 'basic') return [secret];
  const decoded = Buffer.from(secret, 'base64').toString('utf8');
  return [secret, decoded, decoded.slice(decoded.indexOf(':') + 1)];
}

function partsOf(secret: string): string[] {
  const lower = secret.toLowerCase();
  if (lower.length <= MIN_PART_LENGTH) return lower === '' ? [] : [lower];
  return Array.from({ length: lower.length - MIN_PART_LENGTH + 1 }, (_, at) =>
    lower.slice(at, at + MIN_PART_LENGTH),
  );
}

/** A text in each encoding that it could be in. An encoded secret may begin anywhere in a run of characters. */
function readingsOf(text: string): string[] {
  const plain = joined(text);
  const base64 = text.match(/[\w+/-]{6,}/g) ?? [];
  const hexadecimal = plain.match(/[\da-f]{8,}/gi) ?? [];
  return [
    text,
    plain,
    text.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16))),
    ...base64.flatMap((run) => [0, 1, 2, 3].map((at) => decoded(run.slice(at), 'base64'))),
    ...hexadecimal.flatMap((run) => [0, 1].map((at) => decoded(run.slice(at), 'hex'))),
  ];
}

/** A text without what separates words. */
function joined(text: string): string {
  return text.replace(/[\s.,:;_-]/g, '');
}

function decoded(run: string, encoding: 'base64' | 'hex'): string {
  return Buffer.from(run, encoding).toString('latin1');
}

function escaped(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}-]/g, String.raw`\$&`);
}
