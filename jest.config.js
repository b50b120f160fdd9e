import { bundledPackages } from './test/support/bundled-packages.mjs';

/** @type {import('jest').Config} */
export default {
  rootDir: '.',
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^\\./scan-worker-url\\.js$': '<rootDir>/test/support/scan-worker-url.ts',
    '^\\./page-url\\.js$': '<rootDir>/test/support/page-url.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
    ...bundledPackages,
  },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  testSequencer: '<rootDir>/test/support/footprint-first.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  setupFiles: ['<rootDir>/test/support/setup.ts'],
  // Tests wait for a third of their time.
  maxWorkers: 3,
  // The modules of all test files stay in a worker's memory: garbage collection took a fifth of the CPU time.
  workerIdleMemoryLimit: '500MB',
  // A full worker needs more than Jest's 500 ms to exit. Jest would report a leak.
  workerGracefulExitTimeout: 10_000,
  testTimeout: 90_000,
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
