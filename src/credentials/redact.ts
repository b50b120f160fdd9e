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
 * How one character is written in URLs (RFC 3986, section 2.1, in UTF-8), in texts of JSON (RFC 8259, section 7) and of
 * programs, and in HTML, by its number or as templates do.
 */
const ESCAPES = new RegExp(
  [
    String.raw`%[0-7][\da-f]|%[cd][\da-f]%[89ab][\da-f]|%e[\da-f](?:%[89ab][\da-f]){2}|%f[0-7](?:%[89ab][\da-f]){3}`,
    String.raw`\\u[\da-f]{4}|\\x[\da-f]{2}|\\["\\/]`,
    String.raw`&#0*\d{1,7};?|&#x0*[\da-f]{1,6};?|&(?:amp|lt|gt|quot|apos|plus|sol|equals);`,
  ].join('|'),
  'gi',
);
const HTML_NAMES = new Map([
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&apos;', "'"],
  // Those of Base64.
  ['&plus;', '+'],
  ['&sol;', '/'],
  ['&equals;', '='],
]);
const LAST_CODE_POINT = 0x10ffff;
/** An error may stand in JSON in JSON in HTML, and what looks like escapes in the secret is decoded besides. */
const MAX_LAYERS = 5;

/** A text, or what its escapes mean. */
interface Reading {
  readonly text: string;
  /** Where each character stands in the first text, and where that ends. */
  readonly places: readonly number[];
}

/**
 * Redacts credentials in a text: secrets in any case, with the escapes of URLs, of JSON and of HTML, in hexadecimal
 * digits and in Base64, and those decoded from the Basic scheme. What is redacted already stays as it is. A secret whose
 * beginning or end would be an escape together with what is around it is found only as it is.
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
  const found = readingsOf(text)
    .flatMap((reading) => forms.flatMap((form) => occurrencesOf(form, reading)))
    .sort(([a], [b]) => a - b);
  let result = '';
  let end = 0;
  for (const [from, to] of found) {
    if (from >= end) result += text.slice(end, from) + REDACTED;
    end = Math.max(end, to);
  }
  return result + text.slice(end);
}

/** The text, and what it means once its escapes are decoded, layer by layer. */
function readingsOf(text: string): Reading[] {
  const readings: Reading[] = [];
  let reading: Reading | undefined = {
    text,
    places: Array.from({ length: text.length + 1 }, (_, at) => at),
  };
  while (reading !== undefined && readings.length <= MAX_LAYERS) {
    readings.push(reading);
    reading = decoded(reading);
  }
  return readings;
}

/** @returns undefined for a text without escapes */
function decoded({ text, places }: Reading): Reading | undefined {
  let result = '';
  const resultPlaces: number[] = [];
  let end = 0;
  for (const { index, 0: escape } of text.matchAll(ESCAPES)) {
    const meaning = meaningOf(escape);
    result += text.slice(end, index) + meaning;
    for (; end < index; end += 1) resultPlaces.push(places[end] ?? 0);
    resultPlaces.push(...Array<number>(meaning.length).fill(places[index] ?? 0));
    end = index + escape.length;
  }
  return end === 0
    ? undefined
    : { text: result + text.slice(end), places: resultPlaces.concat(places.slice(end)) };
}

function meaningOf(escape: string): string {
  if (escape.startsWith('%')) return Buffer.from(escape.replaceAll('%', ''), 'hex').toString('utf8');
  if (escape.startsWith('&')) {
    const code = Number(escape.slice(2).replace(/^x/i, '0x').replace(';', ''));
    return (
      HTML_NAMES.get(escape.toLowerCase()) ?? (code > LAST_CODE_POINT ? escape : String.fromCodePoint(code))
    );
  }
  return escape.length === 2 ? escape.slice(1) : String.fromCharCode(parseInt(escape.slice(2), 16));
}

function occurrencesOf(form: RegExp, { text, places }: Reading): (readonly [from: number, to: number])[] {
  return Array.from(text.matchAll(form), ({ index, 0: { length } }) => [
    places[index] ?? 0,
    places[index + length] ?? 0,
  ]);
}

/**
 * Whether a text holds a part of a secret, forwards or backwards, in any case: as it is, with separators in between,
 * with the escapes that `redact` knows, in hexadecimal digits, in Base32 or in Base64. What `redact` has replaced does
 * not count.
 */
export function couldReveal(text: string, credentials: readonly Credential[]): boolean {
  const shown = text.replaceAll(REDACTED, ' ');
  const readings = [joined(shown), percentDecoded(shown), ...readingsOf(shown).map(({ text }) => text)];
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
const formsOf = memoize((credential: Credential): readonly RegExp[] => {
  const secrets = secretsOf(credential);
  const bytes = secrets.map((secret) => Buffer.from(secret));
  const anyCase = new Set([
    // As forms write blanks.
    ...secrets.map((secret) => secret.replaceAll(' ', '+')),
    // Also decoded: what looks like an escape in the secret itself is decoded with those that it is written with.
    ...secrets.flatMap((secret) => readingsOf(secret).map(({ text }) => text)),
    ...bytes.map((secret) => secret.toString('hex')).filter(isLong),
  ]);
  const sameCase = new Set([credential.authorization, ...bytes.flatMap(base64Texts).filter(isLong)]);
  return [
    ...Array.from(sameCase, (text) => ({ text, flags: 'g' })),
    ...Array.from(anyCase, (text) => ({ text, flags: 'gi' })),
  ]
    .filter(({ text }) => text !== '')
    .map(({ text, flags }) => new RegExp(patternOf(text), flags));
});

function isLong({ length }: string): boolean {
  return length >= MIN_LENGTH_IN_WORDS;
}

/** The characters of Base64 that are the same whatever bytes are around the secret. */
function base64Texts(secret: Buffer): string[] {
  return [0, 1, 2].flatMap((count) =>
    (['base64', 'base64url'] as const).map((name) => {
      const length = Math.floor(((count + secret.length) * 8) / 6);
      return behind(secret, count, 6, (bytes) => bytes.toString(name).slice(0, length));
    }),
  );
}

/** A short text does not begin or end inside a word. */
function patternOf(text: string): string {
  const pattern = text.replace(/[$()*+.?[\\\]^{|}-]/g, String.raw`\$&`);
  if (text.length >= MIN_LENGTH_IN_WORDS) return pattern;
  return `(?<!${IN_WORD}(?=${IN_WORD}))${pattern}(?!(?<=${IN_WORD})${IN_WORD})`;
}

/** What is secret of a credential: all but its scheme, and what the Basic scheme encodes. */
function secretsOf({ authorization, token }: Credential): string[] {
  const whole = authorization.trim();
  const [, scheme = whole, parameters = whole] = /^(\S+)\s+(\S.*)$/s.exec(whole) ?? [];
  const secret = token ?? parameters;
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
function behind(secret: Buffer, count: number, bits: number, encode: (bytes: Buffer) => string): string {
  return encode(Buffer.concat([Buffer.alloc(count), secret])).slice(Math.ceil((count * 8) / bits));
}

function encodedParts(secret: Buffer): string[] {
  const encoded = [
    ...[0, 1, 2].flatMap((count) =>
      (['base64', 'base64url'] as const).map((name) =>
        behind(secret, count, 6, (bytes) => bytes.toString(name)),
      ),
    ),
    ...[0, 1, 2, 3, 4].flatMap((count) =>
      BASE32_ALPHABETS.map((alphabet) => behind(secret, count, 5, (bytes) => base32(bytes, alphabet))),
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
