import { describe, expect, it } from '@jest/globals';
import { base32, reversed } from '../../test/support/encodings.js';
import { authorizationCredential, keyCredential } from '../credentials/credential.js';
import '../providers/built-in-providers.js';
import { RelayRules } from './relay-rules.js';
import type { UpstreamErrorDetails } from './upstream.error.js';

type RelayErrorSecrets = Pick<UpstreamErrorDetails, 'credential'>;

const KEY = 'sk-Zq7vLm20517483Xw';
const DIGITS = '849302715566';

/** The rules for one answer. */
const operators = (key = KEY) => new RelayRules({ credential: keyCredential(key, 'VLLM_API_KEY') });
const operatorsHeader = () => new RelayRules({ otherSecrets: [authorizationCredential(`Token ${KEY}`)] });
const callers = new RelayRules({ credential: keyCredential(KEY) });

/** The ways in which a provider may show a key. */
const SHOWN: readonly (readonly [way: string, text: string])[] = [
  ['as it is', KEY],
  ['in capitals', KEY.toUpperCase()],
  ['its beginning', KEY.slice(0, 6)],
  ['its end', KEY.slice(-5)],
  ['inside a word', `req${KEY.slice(5, 11)}x`],
  ['in Base64', Buffer.from(KEY).toString('base64')],
  ['in Base64 without padding', Buffer.from(`${KEY}12`).toString('base64').replace(/=+$/, '')],
  ['in Base64 for URLs', Buffer.from(KEY).toString('base64url')],
  ['in Base64 behind other bytes', Buffer.from(`k:${KEY}`).toString('base64url')],
  ['in Base64 behind other characters', `a${Buffer.from(KEY).toString('base64url')}`],
  ['in Base64, in part', Buffer.from(KEY.slice(4, 12)).toString('base64url')],
  ['in hexadecimal digits', Buffer.from(KEY).toString('hex')],
  ['in hexadecimal digits behind another', `a${Buffer.from(KEY).toString('hex').toUpperCase()}`],
  ['URL-encoded', [...Buffer.from(KEY)].map((byte) => `%${byte.toString(16)}`).join('')],
  ['in Base32', base32(KEY)],
  ['in Base32 in lower case', base32(`ab${KEY}`).toLowerCase()],
  ['backwards', reversed(KEY)],
  ['backwards in Base64', Buffer.from(reversed(KEY)).toString('base64url')],
  ['with separators', KEY.replace(/./g, '$& ')],
];

describe('where a key of the operator was sent', () => {
  it('digits do not show it in several headers, in either order', () => {
    const [first, second] = [DIGITS.slice(0, 3), DIGITS.slice(3, 6)];
    const shown = (reset: string, limit: string) =>
      operators(DIGITS).headers({ 'x-ratelimit-reset': reset, 'x-ratelimit-limit': limit });
    expect(shown(first, second)).toEqual({ 'x-ratelimit-reset': first });
    expect(shown(second, first)).toEqual({ 'x-ratelimit-reset': second });
  });

  it('one challenge of a known scheme passes', () => {
    const pieces = KEY.match(/.{1,3}/g) ?? [];
    const shown = (lines: readonly string[]) => operators().headers({ 'www-authenticate': lines });
    expect(shown(pieces)).toEqual({});
    expect(shown([...pieces, 'BASIC realm="x"', 'Bearer'])).toEqual({ 'www-authenticate': 'Basic' });
  });

  it.each([
    'sk-ours',
    'sk-proj-9Q2mXw4Lk0Tz7Rb1Vn5Hc8Yd3Gf6Js',
    'gsk_0123abcd4567efgh',
    'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  ])('the usual numbers pass: %s', (key) => {
    const limits = {
      'retry-after': '20',
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-limit-tokens': '30000000',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-remaining-tokens': '29987',
      'x-ratelimit-reset': '1765200000',
      'anthropic-ratelimit-requests-reset': '2026-11-01T00:00:00Z',
      'anthropic-ratelimit-unified-5h-reset': '1765200000',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-reset-tokens': '6m0s',
    };
    expect(operators(key).headers(limits)).toEqual(limits);
  });

  it('more values than any provider sends are left out', () => {
    const lines = Array.from({ length: 40 }, () => '1');
    expect(operators().headers({ 'x-ratelimit-limit': lines, 'retry-after': '1' })).toEqual({});
  });

  it.each(SHOWN)('no header of a 4xx shows it: %s', (_way, text) => {
    for (const rules of [operators(), operatorsHeader()]) {
      const shown = rules.headers({
        'x-request-id': text,
        'retry-after': text,
        'x-ratelimit-key': text,
        'www-authenticate': text,
        [`x-ratelimit-${text.toLowerCase()}`]: '1',
      });
      const values = Object.entries(shown).flat(2);
      expect(values.filter((value) => !['x-upstream-request-id', '[redacted]'].includes(value))).toEqual([]);
    }
  });

  it.each(SHOWN)('no identifier shows it: %s', (_way, text) => {
    for (const rules of [operators(), operatorsHeader()]) expect(rules.identifier(text)).toBeUndefined();
  });

  it.each([
    ['in Retry-After', { 'retry-after': DIGITS }],
    ['in part', { 'retry-after': DIGITS.slice(3, 8) }],
    ['as a fraction', { 'x-ratelimit-reset': `0.${DIGITS.slice(0, 6)}` }],
    ['as a duration', { 'x-ratelimit-reset': `${DIGITS.slice(0, 9)}ms` }],
    ['in two lines', { 'x-ratelimit-limit': ['84', '9302'] }],
    ['in lines that are only together a part of it', { 'x-ratelimit-limit': ['84', '93'] }],
    ['in one line of two', { 'x-ratelimit-limit': ['5', DIGITS] }],
    ['as characters', { 'x-ratelimit-limit': '115,107,45,90,113' }],
    ['beside words', { 'x-ratelimit-limit': ['5', 'some words'] }],
  ])('digits do not show it: %s', (_way, headers) => {
    expect(operators(DIGITS).headers(headers)).toEqual({});
  });

  it('no prose passes', () => {
    expect(operators().prose('The key is wrong.')).toBeUndefined();
    expect(operatorsHeader().prose('The key is wrong.')).toBeUndefined();
  });

  it('what is no part of it passes', () => {
    const headers = {
      'retry-after': '12',
      'retry-after-ms': '1200.5',
      'x-ratelimit-limit-requests': ['500', '1000'],
      'x-ratelimit-reset-tokens': '6m0s',
      'anthropic-ratelimit-requests-reset': '2026-11-24T10:00:00Z',
      'x-ratelimit-reset': 'Wed, 21 Oct 2026 07:28:00 GMT',
      'www-authenticate': ['Bearer realm="x"', 'Negotiate'],
    };
    expect(operators().headers({ ...headers, 'x-request-id': 'req_011CTgbD' })).toEqual({
      ...headers,
      'www-authenticate': 'Bearer',
      'x-upstream-request-id': 'req_011CTgbD',
    });
    for (const word of ['invalid_api_key', 'quota', '401', 'tokens.limit']) {
      expect(operators().identifier(word)).toBe(word);
    }
  });

  it('a value is redacted first and judged then', () => {
    expect(operators().headers({ 'x-request-id': `vllm ${KEY}` })).toEqual({
      'x-upstream-request-id': 'vllm [redacted]',
    });
  });
});

describe("where the caller's own credential was sent", () => {
  it('it is struck out, and nothing else', () => {
    expect(callers.prose(`no ${KEY}, nor ${KEY.slice(0, 6)}`)).toBe(`no [redacted], nor ${KEY.slice(0, 6)}`);
    expect(
      callers.headers({
        'www-authenticate': ['Bearer', `Basic realm="${KEY}"`],
        [`x-ratelimit-${KEY.toLowerCase()}`]: '1',
      }),
    ).toEqual({ 'www-authenticate': ['Bearer', 'Basic realm="[redacted]"'] });
  });

  it('numbers and challenges pass as they are', () => {
    const headers = {
      'retry-after': '517',
      'x-ratelimit-limit': '483',
      'www-authenticate': ['Bearer realm="x"', 'Orbit'],
    };
    expect(callers.headers({ ...headers, 'x-request-id': 'an id, of any form' })).toEqual({
      ...headers,
      'x-upstream-request-id': 'an id, of any form',
    });
  });

  it('a short one garbles no number', () => {
    const short = new RelayRules({ credential: keyCredential('12') });
    expect(short.headers({ 'retry-after': '12' })).toEqual({ 'retry-after': '12' });
    expect(short.headers({ 'retry-after': ['12', '12 or so'] })).toEqual({
      'retry-after': ['[redacted]', '[redacted] or so'],
    });
  });

  it('a rate limit may have any name', () => {
    const headers = { 'x-ratelimit-of-orbit': '1', 'x-ratelimit-x': 'words' };
    expect(callers.headers(headers)).toEqual(headers);
    expect(operators().headers(headers)).toEqual({});
  });
});

it('a value that node:http refuses is left out', () => {
  expect(callers.headers({ 'retry-after': ['1\u0000', '7'], 'x-request-id': 'a\r\nb' })).toEqual({
    'retry-after': '7',
  });
});

describe('what a 5xx says', () => {
  const failed = (secret: RelayErrorSecrets) => new RelayRules({ status: 500, ...secret });
  const own = { credential: keyCredential(KEY) };
  const theirs = { credential: keyCredential(KEY, 'VLLM_API_KEY') };
  const long = 'word '.repeat(100);

  it('to callers is redacted, on one line and of 300 characters at most', () => {
    expect(failed(own).reason(`The key\n${KEY} is wrong.`)).toBe('The key [redacted] is wrong.');
    expect(failed(own).reason(long)).toMatch(/^(word )+word…$/);
    expect(failed(own).reason(long)?.length).toBeLessThanOrEqual(300);
    for (const nothing of [undefined, '', ' \n']) expect(failed(own).reason(nothing)).toBeUndefined();
    expect(failed(theirs).reason('Down.')).toBeUndefined();
  });

  it('to the operator has no part of any credential', () => {
    for (const rules of [failed(own), failed(theirs)]) {
      expect(rules.reasonForLog('Down\nfor long.')).toBe('Down for long.');
      const shown = rules.reasonForLog(`No ${KEY}, ${KEY.slice(3, 12)} is wrong.`);
      expect(shown).toContain('is wrong.');
      expect(shown).not.toContain(KEY.slice(3, 12));
      expect(rules.reasonForLog(long)).toMatch(/^(word )+word…$/);
      expect(rules.reasonForLog(long)?.length).toBeGreaterThan(290);
      for (const nothing of [undefined, '', ' \n']) expect(rules.reasonForLog(nothing)).toBeUndefined();
    }
  });

  it('in its headers is when to come again, and the id of its request', () => {
    const headers = {
      'retry-after': '7',
      'retry-after-ms': '7000',
      'x-ratelimit-limit': '5',
      'www-authenticate': 'Bearer',
      'x-request-id': 'req_1',
    };
    const { 'x-request-id': id, 'retry-after': seconds, 'retry-after-ms': milliseconds } = headers;
    for (const secret of [own, theirs]) {
      expect(failed(secret).headers(headers)).toEqual({
        'retry-after': seconds,
        'retry-after-ms': milliseconds,
        'x-upstream-request-id': id,
      });
    }
  });
});

it('the id of a request comes from the first header that has one', () => {
  expect(callers.headers({ 'x-request-id': [], 'request-id': 'req_2' })).toEqual({
    'x-upstream-request-id': 'req_2',
  });
  expect(callers.headers({})).toEqual({});
});
