// Jest loads every module anew for each test file. The packages that most of them load have more than a thousand, which
// took about a second; as a few files they take a third of it.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMONJS_BANNER, OPTIONAL_PACKAGES } from '../../scripts/bundling.mjs';

const PACKAGES = [
  '@nestjs/axios',
  '@nestjs/common',
  '@nestjs/config',
  '@nestjs/core',
  '@nestjs/platform-fastify',
  '@nestjs/swagger',
  '@opentelemetry/api',
  'axios',
  'class-transformer',
  'class-validator',
  'fastify',
  'find-my-way',
  'lru-cache',
  'pino',
  'prom-client',
  'reflect-metadata',
  'rxjs',
  'undici',
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'node_modules', '.cache', `test-packages-${fingerprint()}`);

/** For Jest's `moduleNameMapper`: where each of the packages is once `bundlePackages` has resolved. */
export const bundledPackages = Object.fromEntries(
  PACKAGES.map((name) => [`^${name}$`, `${join(folder, fileName(name))}.mjs`]),
);

/** Bundles the packages, unless an earlier run has done so. */
export async function bundlePackages() {
  if (await stat(folder).catch(() => undefined)) return;
  await mkdir(dirname(folder), { recursive: true });
  const unfinished = await mkdtemp(`${folder}-`);
  const entryPoints = await Promise.all(PACKAGES.map((name) => writeEntry(unfinished, name)));
  await build({
    entryPoints,
    outdir: unfinished,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What packages share exists once.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // The files that Node.js would load, and no others.
    mainFields: ['main'],
    conditions: [],
    external: OPTIONAL_PACKAGES,
    minifyWhitespace: true,
    banner: COMMONJS_BANNER,
    logLevel: 'warning',
  });
  // Another run may have been faster.
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
}

/** Exports by name what Node.js finds in a package: a bundle of a CommonJS module has a default export only. */
async function writeEntry(into, name) {
  const names = Object.keys(await import(name)).filter((key) => key !== 'module.exports');
  const entry = join(into, `${fileName(name)}.entry.js`);
  await writeFile(entry, `export { ${names.join()} } from '${name}';\n`);
  return { in: entry, out: fileName(name) };
}

function fileName(name) {
  return name.replace('/', '__');
}

/** Differs when the packages, the options of the bundle or Node.js do. */
function fingerprint() {
  const hash = createHash('sha256').update(process.version);
  for (const file of ['package-lock.json', 'scripts/bundling.mjs', 'test/support/bundled-packages.mjs']) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}
