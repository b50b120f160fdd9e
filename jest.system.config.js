import config from './jest.config.js';

/** The tests that start the built service, or programs such as Redis, a browser and Helm. */
export default { ...config, testMatch: ['**/*.system-spec.ts'] };
