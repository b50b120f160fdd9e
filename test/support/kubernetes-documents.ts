import { readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeBlocks } from './code-blocks.js';
import { MANIFESTS } from './kubernetes.js';
import type { Labels } from './kubernetes.js';
import { markdownFiles } from './markdown.js';

/** The document with the configuration of each provider in Kubernetes. */
export const PROVIDERS_DOCUMENT = 'docs/kubernetes.md';
const OPERATIONS_DOCUMENT = 'docs/operations.md';
const PROVIDERS = read(PROVIDERS_DOCUMENT);
const OPERATIONS = read(OPERATIONS_DOCUMENT);
const CREDENTIALS = read('docs/credentials.md');

/** A row of the table in PROVIDERS_DOCUMENT. */
export interface ProviderRow {
  readonly engine: string;
  /** The settings in the ConfigMap besides the engine. */
  readonly settings: Labels;
  /** The key of the Secret; undefined when the provider needs none. */
  readonly key: string | undefined;
}

export const PROVIDER_ROWS: readonly ProviderRow[] = [
  ...PROVIDERS.matchAll(/^\| `([a-z\d_]+)` *\|(.*?)\|(.*?)\|$/gm),
].map(([, engine = '', settings = '', key = '']) => ({
  engine,
  settings: Object.fromEntries(
    [...settings.matchAll(/`([A-Z_]+)=([^`]*)`/g)].map(([, name = '', value = '']) => [name, value]),
  ),
  key: /`([A-Z_]+)`/.exec(key)?.[1],
}));

/** The kustomizations that the documents show whole, by the names of their overlays. */
const EXAMPLES: ReadonlyMap<string, string> = new Map(
  markdownFiles()
    .flatMap((file) => codeBlocks(file))
    .filter(({ mode }) => mode === 'overlay')
    .map(({ code }) => [
      /^# deploy\/kubernetes\/overlays\/([a-z-]+)\/kustomization\.yaml\n/.exec(code)?.[1] ?? '',
      code,
    ]),
);
export const EXAMPLE_OVERLAYS: readonly string[] = [...EXAMPLES.keys()];

/** The keys of the Secret `models-gateway-valkey`, which OPERATIONS_DOCUMENT makes from `valkey.env`. */
export const VALKEY_SECRET_KEYS = keysOfFile('valkey.env', OPERATIONS);
/** The keys of the Secret `models-gateway-caller-keys`. */
export const CALLER_SECRET_KEYS = keysOfFile('caller-keys.env', CREDENTIALS);

/** Copies the manifests into a folder, and adds the overlays of the documents. */
export async function copyManifestsWithExamples(folder: string): Promise<void> {
  await cp(MANIFESTS, folder, { recursive: true });
  for (const [name, text] of EXAMPLES) {
    const overlay = join(folder, 'overlays', name);
    // An example with an existing name would hide the shipped overlay.
    await mkdir(overlay);
    await writeFile(join(overlay, 'kustomization.yaml'), text);
  }
}

/** The variables in a file that a document creates with `printf`. */
function keysOfFile(file: string, document: string): readonly string[] {
  const [, format = ''] = new RegExp(`printf '([^']*)'.*> ${file.replace('.', '\\.')}`).exec(document) ?? [];
  return [...format.matchAll(/(?:^|\\n)([A-Z_]+)=/g)].map(([, name = '']) => name);
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
