import config from './jest.config.js';

/** What a slow last run may take beside `FUZZ_SECONDS`. */
const SLACK_MS = 90_000;

process.env.FUZZ_RUNS ??= '100000';
process.env.FUZZ_SECONDS ??= '60';

/** The properties alone, each tried until its time or its number of runs is over; see test/support/runs.ts. */
export default {
  ...config,
  testMatch: ['**/*.properties.spec.ts', '**/*.properties.e2e-spec.ts'],
  testTimeout: Number(process.env.FUZZ_SECONDS) * 1000 + SLACK_MS,
};
