// Reads a CycloneDX list of contents from the standard input; fails when a development dependency is in it.
import { readFileSync } from 'node:fs';

const { components } = JSON.parse(readFileSync(0, 'utf8'));
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const foreign = components.map(({ name }) => name).filter((name) => name in manifest.devDependencies);
console.log(`${components.length} packages in the image`);
if (components.length === 0) {
  console.error('a list without contents');
  process.exitCode = 1;
}
if (foreign.length > 0) {
  console.error(`development dependencies in the image: ${foreign.join(', ')}`);
  process.exitCode = 1;
}
