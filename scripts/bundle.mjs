// Bundles the compiled service and its dependencies into one file, which starts in a third of the time and needs a
// fifth less memory than a thousand separate modules. The worker thread is another file, and so is the
// catalogue page.
import { build } from 'esbuild';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from './page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiled = join(root, 'dist');
const bundled = join(root, 'node_modules', '.bundle');

await build({
  entryPoints: [
    { in: join(compiled, 'main.js'), out: 'main' },
    // Beside main.js, where `scan-worker-url.ts` looks for it.
    { in: join(compiled, 'upstream/large-bodies/scan-worker.js'), out: 'scan-worker' },
  ],
  outdir: bundled,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // class-validator's CommonJS form includes every validator.
  mainFields: ['module', 'main'],
  // Node.js keeps the source text in memory.
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  external: [
    // Nest tries to load these and works without them.
    '@nestjs/microservices',
    '@nestjs/platform-express',
    '@nestjs/websockets',
    '@fastify/csrf-protection',
    '@fastify/helmet',
    '@fastify/multipart',
    '@fastify/static',
    '@fastify/view',
    // Loaded in a terminal only.
    'pino-pretty',
    // Loaded for signed requests to Bedrock only.
    '@aws-sdk/client-bedrock',
    // Loaded with a shared cache only.
    '@redis/client',
    // Loaded with traces only.
    '@opentelemetry/sdk-node',
  ],
  banner: {
    // Variables that CommonJS modules expect.
    js: [
      "import { createRequire as bundleRequire } from 'node:module';",
      'const require = bundleRequire(import.meta.url);',
      "const __filename = new URL(import.meta.url).pathname, __dirname = new URL('.', import.meta.url).pathname;",
    ].join('\n'),
  },
  logLevel: 'warning',
});

// It is a command, too.
await chmod(join(bundled, 'main.js'), 0o755);

// Where `page-url.ts` looks for it.
await writeFile(join(bundled, 'page.html'), await buildPage());

await rm(compiled, { recursive: true });
await rename(bundled, compiled);
