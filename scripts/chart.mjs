// Writes the files of the Helm chart that follow from others; a test fails when they are out of date.
import { build } from 'esbuild';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = new URL('..', import.meta.url);
const bundle = new URL('node_modules/.cache/chart-files.mjs', root);

process.chdir(fileURLToPath(root));
// A developer's own .env names no variables of the service.
process.env.NODE_ENV = 'test';
await build({
  entryPoints: [fileURLToPath(new URL('test/support/chart-files.ts', root))],
  outfile: fileURLToPath(bundle),
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
});
const { chartFiles } = await import(bundle.href);
for (const [path, text] of chartFiles()) {
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
