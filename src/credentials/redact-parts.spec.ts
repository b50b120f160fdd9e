import { describe, expect, it } from '@jest/globals';
import { base32, reversed } from '../../test/support/encodings.js';
import { authorizationCredential, keyCredential } from './credential.js';
import type { Credential } from './credential.js';
import { couldReveal, redactParts } from './redact.js';

const SECRET = 'sk-Wolfram0789xyz';
/** A new one each time: what is made of a credential is remembered. */
const key = (): Credential => keyCredential(SECRET);

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const hex = (text: string): string => Buffer.from(text).toString('hex');
/** RFC 4648, section 7: the other alphabet of Base32. */
const base32hex = (text: string): string =>
  base32(text).replace(/./g, (each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(each).toString(32));

describe('couldReveal', () => {
  it.each([
    ['four characters', 'ends in "8xyz"', false],
    ['four characters of the secret', 'ends in "9xyz"', true],
    ['three characters of the secret', 'ends in "xyz"', false],
    ['a separator and three characters of the secret', 'k-Wo', true],
    ['a part in another case', 'WOLF', true],
    ['a part backwards', 'zyx9', true],
    ['a part with separators', 'w-o.l f', true],
    ['a part without the separators of the secret', 'skwo', true],
    ['a part in a URL', 'w%6Flf', true],
    ['a part that a placeholder stands in', 'wo[redacted]lf', true],
    ['the placeholder', '[redacted]', false],
    ['hexadecimal digits of four characters', hex('Wolf'), true],
    ['hexadecimal digits in capitals', hex('Wolf').toUpperCase(), true],
    ['hexadecimal digits of three characters', hex('Wol'), false],
    ['Base64', base64(SECRET).slice(8, 14), true],
    ['less of Base64', base64(SECRET).slice(8, 13), false],
    ['Base64 behind one byte', base64(`x${SECRET}`).slice(8, 14), true],
    ['Base64 behind two bytes', base64(`xx${SECRET}`).slice(8, 14), true],
    ['Base64 in capitals', base64(SECRET.toUpperCase()).slice(8, 14), true],
    ['Base64 in small letters', base64(SECRET.toLowerCase()).slice(4, 10), true],
    ['Base64 backwards', base64(reversed(SECRET)).slice(8, 14), true],
    ['Base32', base32(SECRET).slice(10, 16), true],
    ['less of Base32', base32(SECRET).slice(10, 15), false],
    ['Base32 behind one byte', base32(`x${SECRET}`).slice(10, 16), true],
    ['Base32 behind four bytes', base32(`xxxx${SECRET}`).slice(10, 16), true],
    ['Base32 with its other alphabet', base32hex(SECRET).slice(10, 16), true],
    ['what stands beside the secret in Base64', base64(`user:name ${SECRET}`).slice(0, 11), false],
    ['nothing', '', false],
  ])('of %s: %j is %s', (_name, text, expected) => {
    expect(couldReveal(text, [key()])).toBe(expected);
  });

  it('finds the characters that Base64 has for URLs', () => {
    const secret = '???>>>???>>>';
    expect(couldReveal(base64(secret), [keyCredential(secret)])).toBe(true);
    expect(couldReveal(Buffer.from(secret).toString('base64url'), [keyCredential(secret)])).toBe(true);
  });

  it('finds a secret as short as a part, or shorter', () => {
    expect(couldReveal('it is x-yz', [keyCredential('xyz')])).toBe(true);
    expect(couldReveal('it is xy', [keyCredential('xyz')])).toBe(false);
    expect(couldReveal('it is xyz', [keyCredential('wxyz')])).toBe(false);
  });

  it('finds parts of what the Basic scheme encodes', () => {
    const basic = authorizationCredential(`Basic ${base64('alice:wolfram')}`);
    expect(['alic', 'fram', 'bob'].map((text) => couldReveal(text, [basic]))).toEqual([true, true, false]);
  });

  it('finds parts of any of several credentials, and of no scheme', () => {
    const credentials = [keyCredential('abcdefgh'), authorizationCredential('Bearer wolfram')];
    expect(['cdef', 'wolf', 'bearer'].map((text) => couldReveal(text, credentials))).toEqual([
      true,
      true,
      false,
    ]);
    expect(couldReveal('cdef', [])).toBe(false);
  });

  it('finds nothing of an empty secret', () => {
    expect(couldReveal('any text', [authorizationCredential('')])).toBe(false);
  });
});

describe('redactParts', () => {
  it.each([
    ['The key is wrong.', 'The key is wrong.'],
    [`The key ${SECRET}, as sent,\nis wrong.`, 'The key [redacted], as sent,\nis wrong.'],
    ['The key sk-W*****9xyz  is\twrong.', 'The key [redacted]  is\twrong.'],
    [`(${hex('Wolf')}) is not ${base64(SECRET).slice(8, 14)}`, '[redacted] is not [redacted]'],
    ['', ''],
  ])('of %j is %j', (text, expected) => {
    expect(redactParts(text, [key()])).toBe(expected);
  });

  it('is nothing when a part is left in several words', () => {
    expect(redactParts('The key w ol f is wrong.', [key()])).toBeUndefined();
  });
});
