// Reads a CycloneDX list of contents from the standard input. Fails unless each component is a package that the lock
// file has for production: `npm audit --omit=dev` looks at no others.
import { text } from 'node:stream/consumers';
import { readFileSync } from 'node:fs';

const { components } = JSON.parse(await text(process.stdin));
const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

const production = new Set(
  Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
);
const listed = components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`);
const foreign = listed.filter((each) => !production.has(each));
console.log(`${listed.length} of ${production.size} packages are in the image`);
if (foreign.length > 0) console.error(`not for production: ${foreign.join(', ')}`);
process.exitCode = listed.length > 0 && foreign.length === 0 ? 0 : 1;
