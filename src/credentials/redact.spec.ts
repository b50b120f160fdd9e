import { describe, expect, it } from '@jest/globals';
import { authorizationCredential, keyCredential } from './credential.js';
import { redact } from './redact.js';

const BASIC = Buffer.from('alice:pa:ss wörd').toString('base64');

describe('redact', () => {
  it.each([
    ['a token', 'Bearer sk-abc', 'Incorrect API key: sk-abc.', 'Incorrect API key: [redacted].'],
    ['a short token', 'Bearer qwerty', 'key qwerty is wrong', 'key [redacted] is wrong'],
    [
      'every occurrence',
      'Bearer sk-abc',
      'sk-abc, sk-abc and sk-abc',
      '[redacted], [redacted] and [redacted]',
    ],
    ['in the middle of a word', 'Bearer sk-abc', 'key=sk-abc&x', 'key=[redacted]&x'],
    ['the whole header', 'Bearer sk-abc', 'got "Bearer sk-abc"', 'got "[redacted]"'],
    ['the whole header in another case', 'bearer sk-abc', 'got "bearer sk-abc"', 'got "[redacted]"'],
    [
      'a URL-encoded token',
      'Bearer a/b+c=',
      '?key=a%2Fb%2Bc%3D and a/b+c=',
      '?key=[redacted] and [redacted]',
    ],
    [
      'a token that is percent-encoded in part',
      'Bearer sk-abcde',
      '%73k%2Dabc%64e, sk-abcd%65',
      '[redacted], [redacted]',
    ],
    [
      'a token in a URL in a URL',
      'Bearer sk/abcde',
      '?url=%3Fkey%3Dsk%252fabcde',
      '?url=%3Fkey%3D[redacted]',
    ],
    [
      'a token in JSON in a text',
      'Bearer sk"ab\\cde/é',
      'got {"key":"sk\\"ab\\\\cde\\/\\u00E9"}',
      'got {"key":"[redacted]"}',
    ],
    ['a token in JSON in JSON', 'Bearer sk"abcdef', String.raw`got sk\\\"abcdef`, 'got [redacted]'],
    [
      'a token in HTML',
      'Bearer a+b/c=<"\'&',
      '<p>a&#43;b&#x2F;c&#X3d;&lt;&quot;&#039;&AMP;</p>',
      '<p>[redacted]</p>',
    ],
    ['blanks in a form', 'Custom a=b, c=d', 'form=a%3Db%2C+c%3Dd', 'form=[redacted]'],
    ['hexadecimal digits', 'Bearer sk-abc', '0x736B2d616263', '0x[redacted]'],
    ['Base64', 'Bearer sk-abcde', Buffer.from('key:sk-abcde').toString('base64'), 'a2V5On[redacted]'],
    ['a URL-encoded token that contains the raw one', 'Bearer sk-50%', '?key=sk-50%25', '?key=[redacted]'],
    [
      'characters that are special in regular expressions',
      'Bearer a.b*c$&',
      'a.b*c$& but axb',
      '[redacted] but axb',
    ],
    ['a token that begins with an escape', 'Bearer sk-abcde', 'no %73k-abcde', 'no [redacted]'],
    ['a token of another scheme', 'Token sk-abc', 'token sk-abc refused', 'token [redacted] refused'],
    ['a token behind two blanks', 'Token  sk-abc', 'token sk-abc refused', 'token [redacted] refused'],
    ['a value with a blank at its end', 'sk-abc ', 'what is sk-abc?', 'what is [redacted]?'],
    ['words with two blanks', 'Custom a=b,  c=d', 'what is a=b,  c=d?', 'what is [redacted]?'],
    ['a credential of several words', 'Custom a=b, c=d', 'what is a=b, c=d?', 'what is [redacted]?'],
    ['a token without a scheme', 'sk-abc', 'what is sk-abc?', 'what is [redacted]?'],
    ['Basic as sent', `Basic ${BASIC}`, `bad: ${BASIC}`, 'bad: [redacted]'],
    ['Basic decoded', `Basic ${BASIC}`, 'bad: alice:pa:ss wörd', 'bad: [redacted]'],
    ['the password of Basic', `Basic ${BASIC}`, 'alice has no pa:ss wörd', 'alice has no [redacted]'],
    ['Basic in another case', `basic ${BASIC}`, 'no pa:ss wörd', 'no [redacted]'],
  ])('redacts %s', (_name, authorization, text, expected) => {
    expect(redact(text, [authorizationCredential(authorization)])).toBe(expected);
  });

  it('redacts a key that was sent without a scheme', () => {
    expect(redact('invalid x-api-key sk-abc', [keyCredential('sk-abc')])).toBe(
      'invalid x-api-key [redacted]',
    );
  });

  it('redacts the longer of two keys first', () => {
    const credentials = [keyCredential('sk-abc'), keyCredential('sk-abcdef')];
    expect(redact('sk-abcdef and sk-abc', credentials)).toBe('[redacted] and [redacted]');
  });

  it.each([
    ['d', 'slow down, d', 'slow down, [redacted]'],
    ['abc', 'abcd, xabc and abc1 but abc.', 'abcd, xabc and abc1 but [redacted].'],
    ['key', 'monkey: KEY', 'monkey: [redacted]'],
    ['é', 'café é', 'café [redacted]'],
    ['redacted', 'redacted', '[redacted]'],
    ['abc%', 'abc%1 xabc%', '[redacted]1 xabc%'],
    ['sk-abcde', 'xsk-abcdex', 'x[redacted]x'],
  ])('redacts a short secret only where it is a word: %s', (key, text, expected) => {
    expect(redact(text, [keyCredential(key)])).toBe(expected);
  });

  it.each(['d', 'redacted', 'e[r'])('changes nothing when it is applied again: %s', (key) => {
    const once = redact(`${key} is wrong`, [keyCredential(key)]);
    expect(once).toBe('[redacted] is wrong');
    expect(redact(once, [keyCredential(key)])).toBe(once);
  });

  it('takes no number and no word for an encoded secret of up to three characters', () => {
    const text = 'codes 64, 616263 and YWJj';
    expect(redact(text, [keyCredential('d'), keyCredential('abc')])).toBe(text);
    expect(redact('code 7778797A', [keyCredential('wxyz')])).toBe('code [redacted]');
  });

  it('leaves nothing of secrets that overlap', () => {
    const credentials = [keyCredential('abcdefgh'), keyCredential('efghijklmn')];
    expect(redact('xabcdefghijklmn', credentials)).toBe('x[redacted]');
  });

  it.each([
    ['without a credential', []],
    ['that contains no credential', [keyCredential('sk-abc')]],
    [
      'that only the Basic scheme would encode',
      [authorizationCredential(`Token ${Buffer.from('The key is wrong.').toString('base64')}`)],
    ],
    // The credential decodes to "nobody:", whose empty password occurs between any two letters.
    ['despite an empty password', [authorizationCredential('Basic bm9ib2R5Og==')]],
  ])('leaves a text unchanged %s', (_name, credentials) => {
    expect(redact('The key is wrong.', credentials)).toBe('The key is wrong.');
  });
});
