import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { base32, reversed } from '../../test/support/encodings.js';
import { runs } from '../../test/support/runs.js';
import { keyCredential } from '../credentials/credential.js';
import '../providers/built-in-providers.js';
import { RelayRules } from './relay-rules.js';

const NUMBERS = ['retry-after', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];

/** How an attacker may write a key, and how long a piece is that gives four characters of it away. */
const ENCODINGS: readonly (readonly [encode: (key: string) => string, length: number])[] = [
  [(key) => key, 4],
  [(key) => key.toUpperCase(), 4],
  [reversed, 4],
  [(key) => Buffer.from(key).toString('hex'), 9],
  [(key) => Buffer.from(key).toString('base64url'), 8],
  [(key) => Buffer.from(reversed(key)).toString('base64'), 8],
  [base32, 9],
];

it('no header shows a key of the operator in pieces, in whatever encoding', () => {
  const key = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcDEF')),
    minLength: 20,
    maxLength: 40,
  });
  const cuts = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(...NUMBERS)), {
    minLength: 5,
    maxLength: 30,
  });
  fc.assert(
    fc.property(key, fc.constantFrom(...ENCODINGS), cuts, (secret, [encode, length], places) => {
      const encoded = encode(secret);
      const credential = keyCredential(secret, 'VLLM_API_KEY');
      const lines: Record<string, string[]> = { 'x-request-id': [] };
      let at = 0;
      for (const [size, name] of places) {
        const piece = encoded.slice(at, at + size);
        (lines[/^\d+$/.test(piece) ? name : 'www-authenticate'] ??= []).push(piece);
        at += size;
        lines['x-request-id'] = [piece];
        const shown = new RelayRules({ credential }).headers(lines);
        const together = Object.values(shown).flat().join('').toLowerCase();
        const leaks = Array.from({ length: encoded.length - length + 1 }, (_, from) =>
          encoded.slice(from, from + length).toLowerCase(),
        ).filter((part) => together.includes(part));
        expect(leaks).toEqual([]);
      }
    }),
    runs(100),
  );
});
