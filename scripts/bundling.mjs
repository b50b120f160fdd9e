// What the bundle of the service and that of the tests' packages have in common.

/** They are left out of a bundle: other packages try to load them, and work without them. */
export const OPTIONAL_PACKAGES = [
  // Nest.
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  '@fastify/csrf-protection',
  '@fastify/helmet',
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  // `debug`. Only development tools bring this one along.
  'supports-color',
];

/** Declares the variables that CommonJS modules expect, at the start of each file. */
export const COMMONJS_BANNER = {
  js: [
    "import { createRequire as bundleRequire } from 'node:module';",
    'const require = bundleRequire(import.meta.url);',
    "const __filename = new URL(import.meta.url).pathname, __dirname = new URL('.', import.meta.url).pathname;",
  ].join('\n'),
};
