import config from './jest.config.js';

/** The tests that start the built service, or that all need a program such as Redis, a browser or Helm. */
export default { ...config, testMatch: ['**/*.system-spec.ts'] };
