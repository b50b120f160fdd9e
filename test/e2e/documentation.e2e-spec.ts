import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import '../../src/app.module.js';
import { propertiesOf, variableNames } from '../../src/config/variables.js';
import { BUILT_IN_PROVIDERS } from '../../src/providers/built-in-providers.js';
import type { Vendor } from '../../src/providers/vendor.js';
import { TABLES, withTables } from '../support/engine-tables.js';

function read(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

/** The variables of the README's table of variables, with their defaults; one that depends has none. */
const TABLE = new Map(
  [...read('README.md').matchAll(/^\| `([A-Z][A-Z_\d]*)` *\| (?:`([^`]*)`)?/gm)].map(
    ([, name, value]) => [name, value ?? ''] as const,
  ),
);
/** All names in capitals in the tables of the README, that of the engines included. */
const IN_TABLES = new Set(
  [...read('README.md').matchAll(/^\|.*\|$/gm)].flatMap(([line]) =>
    [...line.matchAll(/`([A-Z][A-Z_\d]*)`/g)].map(([, name]) => name),
  ),
);
/** The variables of the example, commented out or not, with their values. */
const EXAMPLE = new Map(
  [...read('.env.example').matchAll(/^#?([A-Z][A-Z_\d]*)=(.*)$/gm)].map(
    ([, name, value]) => [name, value] as const,
  ),
);
/** The `_FILE` variants of key variables, which the README explains once for all. */
const KEY_FILES = new Set(
  BUILT_IN_PROVIDERS.flatMap(({ keyVariables = [] }) => keyVariables.map((name) => `${name}_FILE`)),
);

describe('the tables of engines', () => {
  it.each([...new Set(TABLES.map(({ file }) => file))])('in %s are those of npm run tables', (file) => {
    const text = read(file);
    expect(text.split('\n')).toEqual(withTables(file, text).split('\n'));
  });
});

/** Proxies are set in lower case too; the documents say so where they name the other spelling. */
const LOWER_CASE = new Set(
  variableNames().filter(
    (name) => variableNames().includes(name.toUpperCase()) && name !== name.toUpperCase(),
  ),
);

describe('the documentation', () => {
  it.each(variableNames().filter((name) => !LOWER_CASE.has(name)))(
    'has %s in a table of the README and in .env.example',
    (name) => {
      const advice = [
        ...(IN_TABLES.has(name) || KEY_FILES.has(name) ? [] : ['to the table of variables in README.md']),
        ...(EXAMPLE.has(name) ? [] : ['to .env.example']),
      ].map((place) => adviceFor(name, place));
      expect(advice).toEqual([]);
      expect(EXAMPLE.get(name)).toBe(TABLE.get(name) ?? '');
    },
  );

  it('has no variable that the service does not read', () => {
    const known = variableNames();
    expect([...TABLE.keys(), ...EXAMPLE.keys()].filter((name) => !known.includes(String(name)))).toEqual([]);
    expect(known.length).toBeGreaterThan(20);
  });
});

/** What brings a variable into a document. */
function adviceFor(name: string, place: string): string {
  const isWritten = ({ urlVariables = [], keyVariables = [] }: Vendor): boolean =>
    [...urlVariables, ...keyVariables].includes(name.replace(/_FILE$/, ''));
  const vendor = BUILT_IN_PROVIDERS.find(isWritten);
  if (vendor !== undefined) return `${vendor.engine}: npm run tables adds ${name} ${place}`;
  const owner = BUILT_IN_PROVIDERS.find(
    ({ variables }) => variables && propertiesOf(variables).includes(name),
  );
  return `${owner?.engine ?? 'the gateway'}: add a line with ${name} ${place}`;
}
