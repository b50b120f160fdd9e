import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { authorizationCredential, keyCredential } from './credential.js';
import type { Credential } from './credential.js';
import { redact } from './redact.js';

const character = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) },
  { weight: 1, arbitrary: fc.constantFrom('é', '☃', '😀', '"', '\\', '%', '/', '+', '%41', '\\"', '&amp;') },
);
const secret = fc.string({ unit: character, minLength: 8, maxLength: 40 });

/** The credentials that a secret may be a part of. */
const CREDENTIALS: Readonly<Record<string, (secret: string) => Credential>> = {
  key: (text) => keyCredential(text),
  'key of the operator': (text) => keyCredential(text, 'VLLM_API_KEY'),
  Bearer: (text) => authorizationCredential(`Bearer ${text}`),
  Token: (text) => authorizationCredential(`Token ${text}`),
  Basic: (text) => authorizationCredential(`Basic ${Buffer.from(`user:${text}`).toString('base64')}`),
  'no scheme': (text) => authorizationCredential(text),
};

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
const inHtml = (text: string): string =>
  text.replace(/[^\w-]/gu, (each) => NAMED_IN_HTML[each] ?? `&#x${(each.codePointAt(0) ?? 0).toString(16)};`);
const NAMED_IN_HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#039;',
  '+': '&#43;',
  '/': '&sol;',
  '=': '&equals;',
};
const numbered = (text: string, end: string): string =>
  Array.from(text, (each) => `&#${String(each.codePointAt(0))}${end}`).join('');
const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** How a provider may write a secret; `mixed` decides what is written in which case. */
const WRITINGS: Readonly<Record<string, (secret: string, mixed: readonly boolean[]) => string>> = {
  'as it is': (text) => text,
  'in capitals': (text) => text.toUpperCase(),
  'in a URL': encodeURIComponent,
  'in a URL, twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'in a path': (text) => encodeURIComponent(text).replaceAll('%2F', '/'),
  'in a form': (text) => new URLSearchParams({ a: text }).toString().slice(2),
  'percent-encoded': percent,
  'percent-encoded in part, in either case': (text, mixed) =>
    Array.from(text, (each, at) => {
      const encoded = percent(each);
      // What no URL holds as it is.
      const isEncoded = /[%"\\]/.test(each);
      return mixed[at % mixed.length] && !isEncoded
        ? each
        : mixed[(at * 7) % mixed.length]
          ? encoded
          : encoded.toUpperCase();
    }).join(''),
  'in JSON': inJson,
  'in a form in JSON in HTML': (text) => inHtml(inJson(new URLSearchParams({ a: text }).toString().slice(2))),
  'in JSON in JSON': (text) => inJson(inJson(text)),
  'in JSON in JSON in JSON': (text) => inJson(inJson(inJson(text))),
  'in JSON in HTML in a URL': (text) => encodeURIComponent(inHtml(inJson(text))),
  'in JSON in JSON in a URL': (text) => percent(inJson(inJson(text))),
  'in JSON in ASCII': (text) =>
    Array.from(
      { length: text.length },
      (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  'in hexadecimal digits of a program': (text) =>
    text.replace(/[\0-\xff]/g, (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`),
  'in HTML': inHtml,
  'in numbers of HTML': (text) => numbered(text, ';'),
  'in numbers of HTML, unfinished': (text) => numbered(text, ''),
  'in JSON in HTML': (text) => inHtml(inJson(text)),
  'in hexadecimal digits': (text) => Buffer.from(text).toString('hex'),
};
const BEFORE = [
  '',
  'Incorrect API key provided: ',
  'https://gw.test/v1?key=',
  '{"error":"',
  'x-api-key: ',
  "('",
];
const AFTER = ['', '.', '&page=2', '"}', ', 3)', "', no"];
const ESCAPE = /%[\da-f]{2}|\\["\\/]|\\u[\da-f]{4}|\\x[\da-f]{2}|&(?:\w+;|#x?[\da-f])/i;
const mixed = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
const place = fc.tuple(fc.constantFrom(...BEFORE), fc.constantFrom(...AFTER));

it('no secret is left, however it is written', () => {
  fc.assert(
    fc.property(
      secret,
      fc.constantFrom(...Object.keys(CREDENTIALS)),
      fc.constantFrom(...Object.keys(WRITINGS)),
      mixed,
      place,
      (text, kind, way, cases, [before, after]) => {
        // A scheme and what follows it are no secret of their own.
        fc.pre(!/^(bearer|basic|token)/i.test(text));
        // Its end and the quote behind it would be an escape, which is decoded with those in the secret.
        fc.pre(!(text.endsWith('\\') && ESCAPE.test(text)));
        const credential = CREDENTIALS[kind]?.(text);
        const written = WRITINGS[way]?.(text, cases);
        if (credential === undefined || written === undefined) throw new Error('there is no such case');
        const redacted = redact(before + written + after, [credential]);
        expect(redacted).toBe(`${before}[redacted]${after}`);
        expect(redact(redacted, [credential])).toBe(redacted);
      },
    ),
    runs(600),
  );
});

it('no secret is left in Base64, whatever bytes are around it', () => {
  const bytes = fc.uint8Array({ maxLength: 5 });
  fc.assert(
    fc.property(
      secret,
      fc.constantFrom('base64', 'base64url'),
      bytes,
      bytes,
      place,
      (text, encoding, first, last, [before, after]) => {
        const around = (middle: string): string =>
          Buffer.concat([first, Buffer.from(middle), last]).toString(encoding);
        const redacted = redact(before + around(text) + after, [keyCredential(text)]);
        // Of the characters at its ends, some bits belong to other bytes.
        const encoded = Buffer.concat([Buffer.alloc(first.length % 3), Buffer.from(text)]).toString(encoding);
        const core = encoded.slice(2, -4);
        expect(redacted).toContain('[redacted]');
        expect(redacted).not.toContain(core);
      },
    ),
    runs(300),
  );
});

it('a text without a secret stays as it is', () => {
  const other = fc.string({ unit: fc.constantFrom('☃', '✓', '✗', '★', 'ä'), minLength: 8, maxLength: 12 });
  const text = fc.string({
    unit: fc.oneof(
      character,
      fc.constantFrom('%41', '%2F', '\\u0041', '&amp;', '&#99999;', '[redacted]', ' ', '\n'),
    ),
  });
  fc.assert(
    fc.property(
      other,
      text.filter((each) => !/[☃✓✗★ä]/.test(each)),
      (key, without) => {
        expect(redact(without, [keyCredential(key)])).toBe(without);
      },
    ),
    runs(200),
  );
});
