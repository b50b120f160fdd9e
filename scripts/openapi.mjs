// Writes the description of the service into openapi.json. With --check it fails when the file is out of date.
import { build } from 'esbuild';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = new URL('..', import.meta.url);
const target = fileURLToPath(new URL('openapi.json', root));

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('src/docs/openapi.ts', root))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const { openApiDocument } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const text = await format(JSON.stringify(openApiDocument(version)), {
  ...(await resolveConfig(target)),
  parser: 'json',
});

if (!process.argv.includes('--check')) {
  await writeFile(target, text);
} else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
  console.error('openapi.json is out of date: run npm run openapi');
  process.exit(1);
}
