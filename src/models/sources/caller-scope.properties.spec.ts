import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../../test/support/runs.js';
import { cacheKey, scopeKey } from './caller-scope.js';

/** From few characters, so that two of them are often equal, or are when they are put together. */
const text = (minLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('a', ',', ' ', '\u00a0'), minLength, maxLength: 2 });
const header = fc.option(text(0), { nil: undefined });

const caller = fc.record({
  credential: fc.option(
    fc.record({
      variable: fc.constantFrom(undefined, 'a', 'aa'),
      authorization: text(1),
      token: fc.constant(undefined),
    }),
    { nil: undefined },
  ),
  organization: header,
  project: header,
  acceptsCallers: fc.boolean(),
});
type Caller = typeof caller extends fc.Arbitrary<infer V> ? V : never;

const keyOf = ({ credential, organization, project, acceptsCallers }: Caller): string =>
  scopeKey(
    credential,
    { 'openai-organization': organization, 'openai-project': project },
    { acceptsCallers, placeholders: new Set() },
  );

/** What the provider can tell callers apart by. */
const seenOf = ({ credential, organization = '', project = '', acceptsCallers }: Caller): unknown => [
  credential?.variable ?? '',
  credential?.authorization ?? '',
  ...(acceptsCallers ? [organization, project] : []),
];

it('two callers have one key only if the provider cannot tell them apart', () => {
  fc.assert(
    fc.property(caller, caller, (one, other) => {
      // One provider either accepts callers or does not.
      const another = { ...other, acceptsCallers: one.acceptsCallers };
      const areSame = JSON.stringify(seenOf(one)) === JSON.stringify(seenOf(another));
      expect(keyOf(one) === keyOf(another)).toBe(areSame);
      expect(cacheKey('target', keyOf(one)) === cacheKey('target', keyOf(another))).toBe(areSame);
    }),
    runs(3000),
  );
});
