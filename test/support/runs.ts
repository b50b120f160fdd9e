import fc from 'fast-check';
import type { Parameters } from 'fast-check';

/** Every `npm test` tries the same values. */
const SEED = 20;

/**
 * How a property is tried: a few times with a fixed seed, or as the variables of `npm run test:fuzz` say, which
 * `jest.fuzz.config.js` sets. A failure prints its seed and its path.
 * @param few how often without these variables
 */
export function runs<T>(few: number): Parameters<T> {
  const {
    FUZZ_RUNS: times,
    FUZZ_SECONDS: seconds = '60',
    FUZZ_SEED: seed,
    FUZZ_PATH: path = '',
  } = process.env;
  if (times === undefined) return { seed: SEED, numRuns: few };
  return {
    numRuns: Number(times),
    plugins: [fc.interruptAfterTimeLimit(Number(seconds) * 1000)],
    path,
    ...(seed !== undefined && { seed: Number(seed) }),
  };
}
