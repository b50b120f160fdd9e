// Writes the tables of engines into the documents; a test fails when they are out of date.
import { build } from 'esbuild';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const bundle = new URL('node_modules/.cache/engine-tables.mjs', root);

await build({
  entryPoints: [fileURLToPath(new URL('test/support/engine-tables.ts', root))],
  outfile: fileURLToPath(bundle),
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
});
const { TABLES, withTables } = await import(bundle.href);
for (const file of new Set(TABLES.map((table) => table.file))) {
  const document = new URL(file, root);
  await writeFile(document, withTables(file, await readFile(document, 'utf8')));
}
