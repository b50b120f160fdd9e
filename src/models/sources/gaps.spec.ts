import { expect, it } from '@jest/globals';
import { gapsOf } from './gaps.js';

it.each<[string, [string, string][] | undefined, [string, string][] | undefined]>([
  ['inference_profiles', undefined, [['bedrock', 'inference_profiles']]],
  ['openai=upstream_timeout', [['bedrock/openai', 'upstream_timeout']], undefined],
  ['a/b=overloaded', [['bedrock/a/b', 'overloaded']], undefined],
  ['a=provider_not_configured', [['bedrock/a', 'provider_not_configured']], undefined],
  [
    'a=upstream_503,b=profiles,c=upstream_error',
    [
      ['bedrock/a', 'upstream_503'],
      ['bedrock/c', 'upstream_error'],
    ],
    [['bedrock/b', 'profiles']],
  ],
  // A failure has such a code and nothing around it.
  ['a=upstream_', undefined, [['bedrock/a', 'upstream_']]],
  ['a=not_overloaded', undefined, [['bedrock/a', 'not_overloaded']]],
  ['a=overloaded_too', undefined, [['bedrock/a', 'overloaded_too']]],
])('of %s, failures are missing and the rest is lacking', (lacks, missing, lacking) => {
  expect(gapsOf('bedrock', lacks)).toEqual({
    ...(missing && { missing: new Map(missing) }),
    ...(lacking && { lacking: new Map(lacking) }),
  });
});
