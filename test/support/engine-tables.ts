import { OWN_FORMAT } from '../../src/catalogue/metadata-format.js';
import type { MetadataFormat, Words } from '../../src/catalogue/metadata-format.js';
import { PLACEHOLDER_API_KEYS } from '../../src/config/provider.config.js';
import { propertiesOf } from '../../src/config/variables.js';
import { BUILT_IN_PROVIDERS } from '../../src/providers/built-in-providers.js';
import { COMPATIBLE_METADATA } from '../../src/providers/http/compatible-metadata.js';
import type { Vendor } from '../../src/providers/vendor.js';
import { COMPATIBLE_ROWS } from '../../src/providers/vendors/compatible-vendors.js';
import { capacityTable, listSizesTable } from './capacity-tables.js';
import { table } from './markdown-table.js';

/**
 * A part of a document that follows from the code, mostly from the built-in vendors, or from the benchmark. It lies
 * between two lines that hold its name.
 */
interface Table {
  readonly file: string;
  readonly name: string;
  /** @param text the document without this part */
  readonly lines: (vendors: readonly Vendor[], text: string) => readonly string[];
}

/** It has a heading for each engine. */
const PROVIDERS = 'docs/providers.md';

/** These parts of the documents; `npm run tables` writes them. */
export const TABLES: readonly Table[] = [
  { file: 'README.md', name: 'engines', lines: shortTable },
  { file: 'docs/configuration.md', name: 'engines', lines: engineTable },
  {
    file: 'docs/credentials.md',
    name: 'placeholders',
    lines: () => [PLACEHOLDER_API_KEYS.map(code).join(', ')],
  },
  { file: '.env.example', name: 'engines', lines: exampleLines },
  { file: '.env.example', name: 'placeholders', lines: () => [`# ${PLACEHOLDER_API_KEYS.join(',')}`] },
  { file: 'docs/kubernetes.md', name: 'settings', lines: settingsTable },
  { file: PROVIDERS, name: 'vendors', lines: vendorSections },
  { file: PROVIDERS, name: 'sources', lines: sourceTable },
  { file: 'docs/metadata.md', name: 'fields', lines: fieldTable },
  { file: 'docs/metadata.md', name: 'words', lines: wordTable },
  { file: 'docs/performance.md', name: 'capacity', lines: capacityTable },
  { file: 'docs/performance.md', name: 'sizes', lines: listSizesTable },
];

const SHARED_VARIABLES: ReadonlySet<string> = new Set(['MAIN_MODEL_BASE_URL', 'MAIN_MODEL_API_KEY']);

/**
 * A document with its tables as the vendors make them.
 * @throws Error when the document has no place for one
 */
export function withTables(file: string, text: string, vendors = BUILT_IN_PROVIDERS): string {
  return TABLES.filter((table) => table.file === file).reduce((before, { name, lines }) => {
    const lineBreak = file.endsWith('.md') ? '\n\n' : '\n';
    const place = new RegExp(`^(.*tables: ${name} begin.*\\n)[^]*?^(.*tables: ${name} end.*)$`, 'm');
    if (!place.test(before)) throw new Error(`${file} has no place for the table "${name}"`);
    const others = before.replace(place, '');
    return before.replace(place, (_all, begin: string, end: string) =>
      [begin.trimEnd(), lines(vendors, others).join('\n'), end].join(lineBreak),
    );
  }, text);
}

/** The first key of each engine, and the variable without which it cannot be asked. */
function shortTable(vendors: readonly Vendor[]): string[] {
  return table(
    ['Engine', 'Key', 'Required'],
    vendors.map((vendor) => [
      `[${namesOf(vendor).join(', ')}](${PROVIDERS}#${vendor.engine})`,
      (vendor.keyVariables ?? []).slice(0, 1).map(code).join(''),
      requiredOf(vendor),
    ]),
  );
}

function requiredOf({ urlVariables = [], defaultBaseUrl, baseUrlFrom, variables }: Vendor): string {
  if (defaultBaseUrl !== undefined) return '';
  const made = baseUrlFrom === undefined || variables === undefined ? [] : propertiesOf(variables);
  return [...made, ...urlVariables].slice(0, 1).map(code).join('');
}

/** What to set for the engines that the document says nothing else of. */
function vendorSections(vendors: readonly Vendor[], text: string): string[] {
  const sections = vendors
    .filter(({ engine }) => !new RegExp(`^##+ \\\`${engine}\\\`$`, 'm').test(text))
    .map(({ engine, keyVariables: [key] = [] }) => [
      `### ${code(engine)}`,
      '',
      '```sh settings',
      `export MAIN_MODEL_ENGINE="${engine}"`,
      ...(key === undefined || SHARED_VARIABLES.has(key) ? [] : [`export ${key}="your-key"`]),
      'npm start',
      '```',
    ]);
  return sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

/** Where each engine is asked, and which keys it gets. */
function engineTable(vendors: readonly Vendor[]): string[] {
  return table(
    ['Engine', 'Base URL, first set wins', 'Key, first set wins'],
    vendors.map((vendor) => [
      namesOf(vendor).map(code).join(', '),
      urlsOf(vendor, code),
      keysOf(vendor, code),
    ]),
  );
}

/** The settings of each engine in a cluster. */
function settingsTable(vendors: readonly Vendor[]): string[] {
  return table(
    [code('MAIN_MODEL_ENGINE'), 'Further settings in the ConfigMap', 'Key in the Secret'],
    vendors.map(({ engine, exampleSettings = {}, keyVariables: [key] = [] }) => [
      code(engine),
      Object.entries(exampleSettings)
        .map(([name, value]) => code(`${name}=${value}`))
        .join(', '),
      key === undefined ? 'none: leave out `patches`' : code(key),
    ]),
  );
}

/** The variables of each engine that no engine before it has. */
function exampleLines(vendors: readonly Vendor[]): string[] {
  const seen = new Set(SHARED_VARIABLES);
  return vendors.flatMap((vendor) => {
    const { urlVariables = [], keyVariables = [] } = vendor;
    const own = [...urlVariables, ...keyVariables.flatMap((key) => [key, `${key}_FILE`])];
    const added = own.filter((name) => !seen.has(name) && !SHARED_VARIABLES.has(name.replace(/_FILE$/, '')));
    for (const name of added) seen.add(name);
    const said = `${urlsOf(vendor)}; key ${keysOf(vendor)}`;
    return [`# ${namesOf(vendor).join(', ')}: ${said}`, ...added.map((name) => `#${name}=`)];
  });
}

/** Whether the list of each compatible vendor is documented, and where. */
function sourceTable(): string[] {
  return table(
    ['Engine', 'List documented', 'Source'],
    COMPATIBLE_ROWS.map(({ engine, isDocumented, source }) => [
      code(engine),
      isDocumented ? 'yes' : 'no',
      source,
    ]),
  );
}

function urlsOf({ urlVariables = [], defaultBaseUrl, baseUrlFrom, variables }: Vendor, show = plain): string {
  const names = urlVariables.map(show).join(', ');
  if (defaultBaseUrl !== undefined) return `${names}, else ${show(defaultBaseUrl)}`;
  if (baseUrlFrom === undefined || variables === undefined) return `${names} (required)`;
  return `${names}, else made from ${propertiesOf(variables).map(show).join(', ')}`;
}

function keysOf({ keyVariables = [], otherHostKeyVariables = [], signing }: Vendor, show = plain): string {
  const names = [...keyVariables.map(show), ...(signing === undefined ? [] : [signing.source])].join(', ');
  const others = otherHostKeyVariables.map(show).join(', ');
  return others === '' ? names || 'none' : `${names}; with ${show('MAIN_MODEL_BASE_URL')} also ${others}`;
}

type FieldName =
  | 'displayName'
  | 'description'
  | 'contextLength'
  | 'maxOutputTokens'
  | 'pricing'
  | 'supportedParameters'
  | 'deprecatesAt'
  | 'shutdownDate';
const FIELDS: readonly (readonly [name: FieldName, shown: string])[] = [
  ['displayName', 'display_name'],
  ['description', 'description'],
  ['contextLength', 'context_length'],
  ['maxOutputTokens', 'max_output_tokens'],
  ['pricing', 'pricing'],
  ['supportedParameters', 'supported_parameters'],
  ['deprecatesAt', 'deprecates_at'],
  ['shutdownDate', 'shutdown_date'],
];
type WordName = 'capabilities' | 'inputModalities' | 'outputModalities' | 'lifecycle';
const WORD_FIELDS: readonly (readonly [name: WordName, shown: string])[] = [
  ['capabilities', 'capabilities'],
  ['inputModalities', 'architecture.input_modalities'],
  ['outputModalities', 'architecture.output_modalities'],
  ['lifecycle', 'lifecycle'],
];
const COMPATIBLE = 'compatible ones';
const AS_COMPATIBLE = 'as the compatible ones';

/** The formats of metadata: that of the compatible vendors, and those that differ from it. */
function formats(vendors: readonly Vendor[]): (readonly [vendor: string, format: MetadataFormat])[] {
  const own = vendors.flatMap(({ engine, metadata }) =>
    metadata === undefined || metadata === COMPATIBLE_METADATA ? [] : [[code(engine), metadata] as const],
  );
  return [[COMPATIBLE, COMPATIBLE_METADATA], ...own];
}

/** Where the rows of each vendor hold texts, numbers and dates. */
function fieldTable(vendors: readonly Vendor[]): string[] {
  return table(
    ['Vendor', ...FIELDS.map(([, shown]) => code(shown))],
    formats(vendors).map(([vendor, format]) => [
      vendor,
      ...FIELDS.map(([name]) =>
        vendor !== COMPATIBLE && format[name] === COMPATIBLE_METADATA[name]
          ? AS_COMPATIBLE
          : (format[name] ?? []).map(code).join(', '),
      ),
    ]),
  );
}

/** The words of each vendor for capabilities, modalities and stages, and their meanings. */
function wordTable(vendors: readonly Vendor[]): string[] {
  return table(
    ['Vendor', 'Gives', 'From', 'Words'],
    formats(vendors).flatMap(([vendor, format]) =>
      WORD_FIELDS.flatMap(([name, shown]) => {
        const words: Words<string> = format[name] ?? [];
        return vendor !== COMPATIBLE && words === COMPATIBLE_METADATA[name]
          ? [[vendor, code(shown), AS_COMPATIBLE, '']]
          : words.map(([path, meanings]) => [vendor, code(shown), code(path), wordsOf(meanings)]);
      }),
    ),
  );
}

function wordsOf(meanings: Readonly<Record<string, string>>): string {
  if (meanings === OWN_FORMAT.capabilities[0]?.[1] || meanings === OWN_FORMAT.lifecycle[0]?.[1]) {
    return 'the words of the answer';
  }
  return Object.entries(meanings)
    .map(([word, meaning]) => (word === meaning ? code(word) : `${code(word)} → ${code(meaning)}`))
    .join(', ');
}

function namesOf({ engine, aliases = [] }: Vendor): string[] {
  return [engine, ...aliases];
}

function plain(text: string): string {
  return text;
}

function code(text: string): string {
  return `\`${text}\``;
}
