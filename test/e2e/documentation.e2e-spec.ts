import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import '../../src/app.module.js';
import { variableNames } from '../../src/config/variables.js';

function read(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

/** The variables of the README's table with their defaults, if these are fixed. */
const TABLE = new Map(
  [...read('README.md').matchAll(/^\| `([A-Z][A-Z_]*)` *\| (?:`([^`]*)`)?/gm)].map(
    ([, name, value]) => [name, value ?? ''] as const,
  ),
);
/** The variables of the example, commented out or not, with their values. */
const EXAMPLE = new Map(
  [...read('.env.example').matchAll(/^#?([A-Z][A-Z_]*)=(.*)$/gm)].map(
    ([, name, value]) => [name, value] as const,
  ),
);

describe('the documentation', () => {
  it.each(variableNames())('has %s in the table of the README and in .env.example', (name) => {
    expect([...TABLE.keys()]).toContain(name);
    expect([...EXAMPLE.keys()]).toContain(name);
    expect(EXAMPLE.get(name)).toBe(TABLE.get(name));
  });

  it('has no variable that the service does not read', () => {
    const known = variableNames();
    expect([...TABLE.keys(), ...EXAMPLE.keys()].filter((name) => !known.includes(String(name)))).toEqual([]);
    expect(known.length).toBeGreaterThan(20);
  });
});
