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

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The credentials that a secret may be a part of. */
const CREDENTIALS: Readonly<Record<string, (secret: string) => Credential>> = {
  key: (text) => keyCredential(text),
  'key of the operator': (text) => keyCredential(text, 'VLLM_API_KEY'),
  Bearer: (text) => authorizationCredential(`Bearer ${text}`),
  Token: (text) => authorizationCredential(`Token ${text}`),
  Basic: (text) => authorizationCredential(`Basic ${base64(`user:${text}`)}`),
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
const mixed = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });

function written(text: string, way: string, cases: readonly boolean[]): string {
  const write = WRITINGS[way];
  if (write === undefined) throw new Error('there is no such way');
  return write(text, cases);
}

/** A secret that is written somewhere. */
interface Writing {
  readonly text: string;
  readonly as: string;
}

const BEFORE = [
  '',
  'Incorrect API key provided: ',
  'https://gw.test/v1?key=',
  '?url=https%3A%2F%2Fgw.test%2F%3Fkey%3D',
  '{"error":"',
  '{\\"error\\":\\"',
  '{&quot;error&quot;:&quot;',
  'x-api-key: ',
  "('",
];
const AFTER = ['', '.', '&page=2', '%26page%3D2', '"}', '\\"}', '&quot;}', ', 3)', "', no"];
const anyText = fc.string({
  unit: fc.oneof(
    character,
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    fc.constantFrom(' ', '\n', '%2F', '\\u0041', '\\\\', '&#x41;', '%2541'),
  ),
  maxLength: 12,
});
/** What stands behind a secret and before the next one. */
const gap = fc
  .tuple(
    fc.oneof(fc.constantFrom(...AFTER), anyText),
    fc.constantFrom('', '', ' [redacted] ', '[redacted]'),
    fc.oneof(fc.constantFrom(...BEFORE), anyText),
  )
  .map((parts) => parts.join(''));

/** Escapes whose meaning begins no other one. */
const CLOSED_END = /(?:%3D|&quot;|\\")$/;
/** What may be the beginning of an escape, or mean one. */
const OPEN_END = /[%\\&][#\w;%\\&]*$/;
/** What may be the rest of an escape. */
const REST = /^[\w#;"\\/%&]/;

/** A gap that makes no escape with the secrets around it, and no other occurrence of the next one: by a blank. */
function apart(text: string, last: Writing | undefined, next: Writing | undefined): string {
  let result = text;
  if (last !== undefined && (result === '' || isContinuedBy(result, last))) result = ` ${result}`;
  if (next === undefined) return result;
  const meant = result.replace(CLOSED_END, (escape) => (escape === '%3D' ? '=' : '"'));
  const ends = [result, meant].map((each) => Array.from(each).at(-1)?.toLowerCase() ?? ' ');
  const isShared = ends.some((end) => `${next.text}${next.as}`.toLowerCase().includes(end));
  return isShared || OPEN_END.test(result.replace(CLOSED_END, '')) ? `${result} ` : result;
}

/** Whether a text makes an escape with the end of a secret: then it is found only as it is. */
function isContinuedBy(text: string, { text: secret, as }: Writing): boolean {
  return (/&#\d*$/.test(as) && /^[\d;]/.test(text)) || (/[%\\&][#\w]*$/.test(secret) && REST.test(text));
}

it('no secret is left, however often, however it is written and whatever is around it', () => {
  const kinds = fc.constantFrom(...Object.keys(CREDENTIALS));
  const occurrence = fc.record({
    of: fc.nat(2),
    part: fc.nat(2),
    way: fc.constantFrom(...Object.keys(WRITINGS)),
    mixed,
    gap,
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(secret, kinds), { minLength: 1, maxLength: 3 }),
      gap,
      fc.array(occurrence, { minLength: 1, maxLength: 4 }),
      (secrets, start, occurrences) => {
        const credentials = secrets.flatMap(([text, kind]) => CREDENTIALS[kind]?.(text) ?? []);
        const writings = occurrences.map(({ of, part, way, mixed: cases }): Writing => {
          const [text, kind] = secrets[of % secrets.length] ?? ['', ''];
          const parts = kind === 'Basic' ? [text, `user:${text}`, base64(`user:${text}`)] : [text];
          const secretPart = parts[part % parts.length] ?? text;
          return { text: secretPart, as: written(secretPart, way, cases) };
        });
        const gaps = [start, ...occurrences.map((each) => each.gap)].map((text, at) =>
          apart(text, writings[at - 1], writings[at]),
        );
        const text = gaps.map((each, at) => each + (writings[at]?.as ?? '')).join('');
        const redacted = redact(text, credentials);
        expect(redacted).toBe(gaps.join('[redacted]'));
        expect(redact(redacted, credentials)).toBe(redacted);
      },
    ),
    runs(600),
  );
});

it('no secret is left as it is, whatever escapes it makes with what is around it', () => {
  const around = fc.oneof(
    gap,
    fc.constantFrom('%', '%4', '\\', '\\u00', '\\\\', '&', '&#', '&#x4', '"', '41', 'amp;'),
  );
  fc.assert(
    fc.property(around, secret, around, (before, text, after) => {
      const redacted = redact(before + text + after, [keyCredential(text)]);
      expect(redacted).toContain('[redacted]');
      expect(redacted.toLowerCase()).not.toContain(text.toLowerCase());
    }),
    runs(200),
  );
});

/** In another case Base64 means other bytes, and its hexadecimal digits are looked for nowhere. */
const WAYS_OF_BASE64 = Object.keys(WRITINGS).filter(
  (way) => !['in capitals', 'in hexadecimal digits'].includes(way),
);

it('no secret is left in Base64, whatever bytes are around it and however that is written', () => {
  const bytes = fc.uint8Array({ maxLength: 5 });
  const place = gap.map((text) => text.replaceAll('[redacted]', ''));
  fc.assert(
    fc.property(
      secret,
      fc.constantFrom('base64', 'base64url'),
      fc.tuple(bytes, bytes),
      fc.constantFrom(...WAYS_OF_BASE64),
      mixed,
      fc.tuple(place, place),
      (text, encoding, [first, last], way, cases, [start, end]) => {
        const inBytes = Buffer.from(text);
        const encoded = Buffer.concat([first, inBytes, last]).toString(encoding);
        const write = (to?: number): string => written(encoded.slice(0, to), way, cases);
        const writing = { text: encoded, as: write() };
        const before = apart(start, undefined, writing);
        const after = apart(end, writing, undefined);
        // Of the characters at its ends, some bits belong to other bytes.
        const rest = before + write(Math.ceil((first.length * 8) / 6));
        const covered = write(Math.floor(((first.length + inBytes.length) * 8) / 6));
        const otherRest = writing.as.slice(covered.length) + after;
        const [left = '', right = '', ...more] = redact(before + writing.as + after, [
          keyCredential(text),
        ]).split('[redacted]');
        expect(more).toEqual([]);
        expect([rest.startsWith(left), left.startsWith(before)]).toEqual([true, true]);
        expect([otherRest.endsWith(right), right.endsWith(after)]).toEqual([true, true]);
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
