// Mutation tests of one room by the unit specs in it: ROOM=cache npm run test:mutation
import jestConfig from './jest.config.js';
import { bundledPackages } from './test/support/bundled-packages.mjs';

const { ROOM = '' } = process.env;
const ROOMS = [
  'cache',
  'catalogue',
  'concurrency',
  'config',
  'credentials',
  'errors',
  'models',
  'providers',
  'upstream',
];
if (!ROOMS.includes(ROOM.split('/')[0] ?? '')) {
  throw new Error(`ROOM must be a folder of src: one of ${ROOMS.join(', ')}, or a folder in it.`);
}

// The bundles that make the suites faster are made by Jest's global set-up, which Stryker does not run.
const moduleNameMapper = Object.fromEntries(
  Object.entries(jestConfig.moduleNameMapper ?? {}).filter(([name]) => !(name in bundledPackages)),
);

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  packageManager: 'npm',
  plugins: ['@stryker-mutator/jest-runner'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'],
  jest: {
    projectType: 'custom',
    configFile: 'jest.config.js',
    // A mutant that lets a test wait for ever is killed sooner than by Stryker, which would need a new process then.
    config: { testMatch: [`<rootDir>/src/${ROOM}/**/*.spec.ts`], moduleNameMapper, testTimeout: 5000 },
  },
  coverageAnalysis: 'perTest',
  mutate: [`src/${ROOM}/**/*.ts`, '!src/**/*.spec.ts'],
  // Anchored: a bare `docs` would leave out src/docs, too.
  ignorePatterns: ['/dist', '/reports', '/docs', '/deploy', '/bench'],
  // Each of them would need all tests of the room.
  ignoreStatic: true,
  reporters: ['clear-text', 'html'],
  htmlReporter: { fileName: `reports/mutation/${ROOM.replaceAll('/', '-')}.html` },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  tempDirName: 'reports/stryker',
  cleanTempDir: 'always',
  concurrency: 2,
  timeoutMS: 2500,
  thresholds: { high: 90, low: 85, break: 85 },
};
