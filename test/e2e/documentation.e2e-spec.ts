import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import '../../src/app.module.js';
import { openApiDocument } from '../../src/docs/openapi.js';
import { METRIC_LABELS } from '../../src/metrics/metrics.js';
import { propertiesOf, variableNames } from '../../src/config/variables.js';
import { BUILT_IN_PROVIDERS } from '../../src/providers/built-in-providers.js';
import type { Vendor } from '../../src/providers/vendor.js';
import { TABLES, withTables } from '../support/engine-tables.js';
import { anchorsOf, brokenLinks, markdownFiles } from '../support/markdown.js';

function read(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

const CONFIGURATION = 'docs/configuration.md';
/** What a user reads first fits on a few screens. */
const README_LINES = 260;
const README_BYTES = 16_384;

/** The variables of the tables of variables, with their defaults; one that depends has none. */
const TABLE = new Map(
  [...read(CONFIGURATION).matchAll(/^\| `([A-Z][A-Z_\d]*)` *\| (?:`([^`]*)`)?/gm)].map(
    ([, name, value]) => [name, value ?? ''] as const,
  ),
);
/** All names in capitals in these tables, that of the engines included. */
const IN_TABLES = new Set(
  [...read(CONFIGURATION).matchAll(/^\|.*\|$/gm)].flatMap(([line]) =>
    [...line.matchAll(/`([A-Z][A-Z_\d]*)`/g)].map(([, name]) => name),
  ),
);
/** The variables of the example, commented out or not, with their values. */
const EXAMPLE = new Map(
  [...read('.env.example').matchAll(/^#?([A-Z][A-Z_\d]*)=(.*)$/gm)].map(
    ([, name, value]) => [name, value] as const,
  ),
);
/** Whether a document has a variable, or the one whose `_FILE` variant it is: one rule is said for all of them. */
function isInTables(name: string): boolean {
  return IN_TABLES.has(name) || IN_TABLES.has(name.replace(/_FILE$/, ''));
}

/** A text by hand, and the word by which it names a vendor; undefined for a vendor of which it says nothing. */
interface VendorText {
  readonly place: string;
  readonly text: string;
  readonly wordOf: (vendor: Vendor) => string | undefined;
}

const limitHeadersOf = ({ limitHeaderPrefix }: Vendor): string | undefined =>
  limitHeaderPrefix && `${limitHeaderPrefix}*`;
const engineWithTag = ({ engine, defaultTag }: Vendor): string | undefined => defaultTag && engine;
const engineAtLocalhost = ({ engine, defaultBaseUrl = '' }: Vendor): string | undefined =>
  /^https?:\/\/(localhost|127\.|\[::1\])/.test(defaultBaseUrl) ? engine : undefined;

const VENDOR_TEXTS: readonly VendorText[] = [
  ...partsOf('docs/api.md', [
    [/^- \*\*A 4xx of the provider\*\*.*$/m, limitHeadersOf],
    [/^\| `GET \/v1\/models\/\{id\}`.*$/m, engineWithTag],
  ]),
  ...partsOf('src/docs/openapi.ts', [
    [/"The provider's, as are all .*"/, limitHeadersOf],
    [/'One model of the list\. .*'/, engineWithTag],
  ]),
  ...partsOf('docs/providers.md', [
    [/^## Servers on this machine$[^]*?(?=^##)/m, engineAtLocalhost],
    [/^.* leave out `library\/` and `:latest`\..*$/m, engineWithTag],
  ]),
];

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
    'has %s in docs/configuration.md and in .env.example',
    (name) => {
      const advice = [
        ...(isInTables(name) ? [] : [`to a table of ${CONFIGURATION}`]),
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

  it('has a heading for each engine, which the README links to', () => {
    const headings = anchorsOf(read('docs/providers.md'));
    expect(BUILT_IN_PROVIDERS.map(({ engine }) => engine).filter((engine) => !headings.has(engine))).toEqual(
      [],
    );
  });

  it('has each metric with its labels, and no other', () => {
    const rows = read('docs/observability.md').matchAll(/^\| `([a-z_]+)` *\|([^|]*)\|/gm);
    const documented = [...rows].map(([, name = '', labels = '']) => [
      name,
      labels.trim() === '' ? [] : labels.trim().split(', '),
    ]);
    expect(Object.fromEntries(documented)).toEqual(METRIC_LABELS);
  });

  it('has each code of an error, and no other', () => {
    const [, errors = ''] = /^## Errors$(.*?)^## /ms.exec(read('docs/api.md')) ?? [];
    const rows = errors.matchAll(/^\|[^|]*\d[^|]*\|[^|]*\|([^|]*)\|/gm);
    const documented = [...rows].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, code = '']) => code),
    );
    expect(new Set(documented)).toEqual(new Set(codesOf(openApiDocument('0.0.0'))));
    expect(documented.length).toBeGreaterThan(10);
  });

  it('names in its texts the vendors of which they are true', () => {
    const missing = VENDOR_TEXTS.flatMap(({ place, text, wordOf }) =>
      BUILT_IN_PROVIDERS.flatMap((vendor) => {
        const word = wordOf(vendor);
        return word === undefined || text.includes(`\`${word}\``)
          ? []
          : [`${vendor.engine}: add \`${word}\` to ${place}`];
      }),
    );
    expect(missing).toEqual([]);
  });

  it('begins with a short README', () => {
    const readme = read('README.md');
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(README_LINES);
    expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(README_BYTES);
  });
});

describe('links', () => {
  it.each(markdownFiles())('lead somewhere in %s', (file) => {
    expect(brokenLinks(file)).toEqual([]);
  });

  it('are found where they are broken', () => {
    const text = [
      '[file](missing.md) [anchor](README.md#missing) [own](#missing) `[code](missing.md)`',
      '```md\n[fence](missing.md)\n```',
      '## A `heading`, twice\n## A `heading`, twice\n[own](#a-heading-twice-1) [file](docs/api.md#errors)',
    ].join('\n\n');
    expect(brokenLinks('x.md', text)).toEqual([
      'missing.md',
      'README.md#missing',
      '#missing',
      '#a-heading-twice-1',
    ]);
    expect([...anchorsOf(text)]).toEqual(['a-heading-twice', 'a-heading-twice-1']);
  });
});

/** The codes of the errors in the API description, but those that providers chose. */
function codesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(codesOf);
  const isError = 'param' in value && 'code' in value && typeof value.code === 'string';
  return isError && value.code !== 'rate_limit_exceeded' ? [String(value.code), ...inside] : inside;
}

/** Texts of a file, each by what it looks like. */
function partsOf(file: string, parts: readonly (readonly [RegExp, VendorText['wordOf']])[]): VendorText[] {
  return parts.map(([pattern, wordOf]) => {
    const [text] = pattern.exec(read(file)) ?? [];
    if (text === undefined) throw new Error(`${file} has no text like ${String(pattern)}`);
    return { place: `${file}: ${text.trim().replace(/\s+/g, ' ').slice(0, 60)}`, text, wordOf };
  });
}

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
