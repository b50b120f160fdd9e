import fc from 'fast-check';
import type { Parameters, Plugin } from 'fast-check';

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
    plugins: [endAfter(Number(seconds) * 1000)],
    path,
    ...(seed !== undefined && { seed: Number(seed) }),
  };
}

/**
 * Ends a property before its next run: the plugin of fast-check ends it in the middle of one, which goes on. A failure is
 * made smaller as long as that takes.
 */
function endAfter<T>(milliseconds: number): Plugin<T> {
  return () => {
    const end = Date.now() + milliseconds;
    let hasFailed = false;
    const noted = <R>(result: R): R => {
      hasFailed ||= result !== null && !(result instanceof fc.PreconditionFailure);
      return result;
    };
    return {
      decorateRun: (run) => (value) => {
        if (Date.now() >= end && !hasFailed) return new fc.PreconditionFailure(true);
        const result = run(value);
        return result instanceof Promise ? result.then(noted) : noted(result);
      },
    };
  };
}
