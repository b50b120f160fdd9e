// Builds the catalogue page: its style and script are bundled, minified and written into its HTML.
// `node scripts/page.mjs FILE` writes it into a file, for `nest start`.
import { build } from 'esbuild';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = new URL('../src/page/browser/', import.meta.url);

/** The page in one text. */
export async function buildPage() {
  const html = await readFile(new URL('index.html', source), 'utf8');
  const [script, style] = await Promise.all([bundle('main.ts'), bundle('style.css')]);
  return html
    .replace(/\n\s*/g, '\n')
    .replace('<!-- style -->', () => `<style>${style}</style>`)
    .replace('<!-- script -->', () => `<script>${script}</script>`);
}

async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, source))],
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    // Browsers of the last three years.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    charset: 'utf8',
    legalComments: 'none',
    // The compiler's options lie elsewhere when a copy is built.
    tsconfigRaw: {},
    logLevel: 'warning',
  });
  return outputFiles[0].text.trim();
}

const [, program, target] = process.argv;
if (program === fileURLToPath(import.meta.url) && target !== undefined) {
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, await buildPage());
}
