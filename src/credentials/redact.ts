import { memoize } from '../cache/memoize.js';
import type { Credential } from './credential.js';

const REDACTED = '[redacted]';
/** A shorter text occurs in longer words by chance. */
const MIN_LENGTH_IN_WORDS = 8;
/** The shortest part of a secret that gives something away: shorter ones occur in any word. */
const PART_LENGTH = 4;
const HEX_PART_LENGTH = 2 * PART_LENGTH;
/** Of Base32 and Base64. Shorter ones occur in numbers. */
const ENCODED_PART_LENGTH = 6;
/** RFC 4648, sections 6 and 7. */
const BASE32_ALPHABETS = ['abcdefghijklmnopqrstuvwxyz234567', '0123456789abcdefghijklmnopqrstuv'];
/** The characters of a word. */
const IN_WORD = String.raw`[\w\x80-\uffff]`;

/**
 * Redacts credentials in a text: secrets in any case, URL-encoded ones and those decoded from the Basic scheme
 * included. What is redacted already stays as it is.
 */
export function redact(text: string, credentials: readonly Credential[]): string {
  const forms = credentials.flatMap(formsOf);
  return text
    .split(REDACTED)
    .map((part) => withoutForms(part, forms))
    .join(REDACTED);
}

/** Occurrences that overlap are one: the rest of the longer one could be read. */
function withoutForms(text: string, forms: readonly RegExp[]): string {
  const found = forms
    .flatMap((form) => [...text.matchAll(form)])
    .map(({ index, 0: { length } }) => [index, index + length] as const)
    .sort(([a], [b]) => a - b);
  let result = '';
  let end = 0;
  for (const [from, to] of found) {
    if (from >= end) result += text.slice(end, from) + REDACTED;
    end = Math.max(end, to);
  }
  return result + text.slice(end);
}

/**
 * Whether a text holds a part of a secret, forwards or backwards, in any case: as it is, with separators in between,
 * URL-encoded, in hexadecimal digits, in Base32 or in Base64. What `redact` has replaced does not count.
 */
export function couldReveal(text: string, credentials: readonly Credential[]): boolean {
  const shown = text.replaceAll(REDACTED, ' ');
  const readings = [shown, joined(shown), percentDecoded(shown)];
  const texts = [...readings, ...readings.map((reading) => reading.toLowerCase())];
  return credentials
    .map(tracesOf)
    .some(({ parts, lengths }) =>
      texts.some((each) => lengths.some((length) => windowsOf(each, length).some((part) => parts.has(part)))),
    );
}

/**
 * Redacts credentials and every word that shows a part of one, as masked ones do.
 * @returns undefined when parts can be put together out of several words
 */
export function redactParts(text: string, credentials: readonly Credential[]): string | undefined {
  const redacted = redact(text, credentials)
    .split(/(\s+)/)
    .map((word) => (couldReveal(word, credentials) ? REDACTED : word))
    .join('');
  return couldReveal(redacted, credentials) ? undefined : redacted;
}

/** The texts in which a credential may be repeated. Of a whole header, only one as it was sent has its scheme redacted. */
function formsOf(credential: Credential): RegExp[] {
  const secrets = secretsOf(credential);
  const [secret = ''] = secrets;
  return [
    { text: credential.authorization, flags: 'g' },
    ...[encodeURIComponent(secret), ...secrets].map((text) => ({ text, flags: 'gi' })),
  ]
    .filter(({ text }) => text !== '')
    .map(({ text, flags }) => new RegExp(patternOf(text), flags));
}

/** A short text does not begin or end inside a word. */
function patternOf(text: string): string {
  const pattern = text.replace(/[$()*+.?[\\\]^{|}-]/g, String.raw`\$&`);
  if (text.length >= MIN_LENGTH_IN_WORDS) return pattern;
  return `(?<!${IN_WORD}(?=${IN_WORD}))${pattern}(?!(?<=${IN_WORD})${IN_WORD})`;
}

/** What is secret of a credential: all but its scheme, and what the Basic scheme encodes. */
function secretsOf({ authorization, token }: Credential): string[] {
  const [scheme = '', ...parameters] = authorization.split(/\s+/);
  const secret = token ?? (parameters.length > 0 ? parameters.join(' ') : scheme);
  if (scheme.toLowerCase() !== 'basic') return [secret];
  const decoded = Buffer.from(secret, 'base64').toString('utf8');
  return [secret, decoded, decoded.slice(decoded.indexOf(':') + 1)];
}

/** The texts that show a part of a credential, and how long they are. */
const tracesOf = memoize((credential: Credential) => {
  const parts = new Set(
    secretsOf(credential)
      .flatMap((secret) => [secret, secret.toLowerCase(), secret.toUpperCase()])
      .flatMap((secret) => [secret, Array.from(secret).reverse().join('')])
      .flatMap((secret) => [
        ...partsOf(secret.toLowerCase(), PART_LENGTH),
        ...partsOf(joined(secret.toLowerCase()), PART_LENGTH),
        ...encodedParts(Buffer.from(secret)),
      ]),
  );
  return { parts, lengths: [...new Set([...parts].map(({ length }) => length))] };
});

/** What an encoded secret looks like depends on the number of bytes before it, which are not part of it. */
function encodedParts(secret: Buffer): string[] {
  const behind = (count: number, bits: number, encode: (bytes: Buffer) => string): string =>
    encode(Buffer.concat([Buffer.alloc(count), secret])).slice(Math.ceil((count * 8) / bits));
  const encoded = [
    ...[0, 1, 2].flatMap((count) =>
      (['base64', 'base64url'] as const).map((name) => behind(count, 6, (bytes) => bytes.toString(name))),
    ),
    ...[0, 1, 2, 3, 4].flatMap((count) =>
      BASE32_ALPHABETS.map((alphabet) => behind(count, 5, (bytes) => base32(bytes, alphabet))),
    ),
  ];
  return [
    ...windowsOf(secret.toString('hex'), HEX_PART_LENGTH),
    ...encoded.flatMap((text) => windowsOf(text, ENCODED_PART_LENGTH)),
  ];
}

function base32(bytes: Buffer, alphabet: string): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((each) => alphabet[parseInt(each, 2)]).join('');
}

/** All parts of a secret; the secret itself when it is as short as one. */
function partsOf(secret: string, length: number): string[] {
  return secret !== '' && secret.length < length ? [secret] : windowsOf(secret, length);
}

/** All parts of a text that have a length. */
function windowsOf(text: string, length: number): string[] {
  return Array.from({ length: Math.max(0, text.length - length + 1) }, (_, at) =>
    text.slice(at, at + length),
  );
}

function percentDecoded(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

/** A text without what separates words. */
function joined(text: string): string {
  return text.replace(/[\s.,:;_-]/g, '');
}
