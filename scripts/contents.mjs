// Reads a CycloneDX list of contents from the standard input. Fails unless it has exactly the packages that the lock
// file requires in production.
import { readFileSync } from 'node:fs';

const { components } = JSON.parse(readFileSync(0, 'utf8'));
const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

const listed = new Set(
  components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`),
);
const needed = new Set(
  Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
);
const missing = [...needed].filter((each) => !listed.has(each));
const foreign = [...listed].filter((each) => !needed.has(each));
console.log(`${listed.size} packages in the image`);
if (missing.length > 0) console.error(`not in the list: ${missing.join(', ')}`);
if (foreign.length > 0) console.error(`not needed in production: ${foreign.join(', ')}`);
process.exitCode = listed.size > 0 && missing.length + foreign.length === 0 ? 0 : 1;
