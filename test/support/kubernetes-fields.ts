import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { renderChart, VALUE_SETS } from './helm.js';
import { copyManifestsWithExamples } from './kubernetes-documents.js';
import { moduleOf } from './kubernetes-schema.js';
import { render } from './kubernetes.js';
import type { Manifest } from './kubernetes.js';

/** In the tests' folder, so that the compiler finds the types. */
const FILE = join(process.cwd(), 'test', 'manifests.generated.ts');
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  skipLibCheck: true,
  types: [],
};

/**
 * The fields that the API does not know. Its schemas allow them; TypeScript rejects a literal with a field that its type
 * does not have.
 */
export function unknownFields(manifests: readonly Manifest[]): string[] {
  const source = manifests
    .map((manifest, index) => {
      const type = `import('${moduleOf(manifest)}').I${manifest.kind}`;
      return `export const m${String(index)}: ${type} = ${JSON.stringify(manifest)};\n`;
    })
    .join('');
  const host = ts.createCompilerHost(OPTIONS);
  const withSource: ts.CompilerHost = {
    ...host,
    fileExists: (name) => name === FILE || host.fileExists(name),
    getSourceFile: (name, version, ...rest) =>
      name === FILE ? ts.createSourceFile(name, source, version) : host.getSourceFile(name, version, ...rest),
  };
  return ts
    .getPreEmitDiagnostics(ts.createProgram([FILE], OPTIONS, withSource))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/**
 * The different objects of all overlays, shipped or shown in the documents, and of the chart with all
 * tested values.
 */
export async function allManifests(): Promise<Manifest[]> {
  const copy = await mkdtemp(join(tmpdir(), 'models-gateway-'));
  try {
    await copyManifestsWithExamples(copy);
    const overlays = await readdir(join(copy, 'overlays'));
    const all = [
      ...overlays.flatMap((overlay) => render(`overlays/${overlay}`, copy)),
      ...[...VALUE_SETS.values()].flatMap((values) => renderChart(values)),
    ];
    return [...new Map(all.map((manifest) => [JSON.stringify(manifest), manifest])).values()];
  } finally {
    await rm(copy, { recursive: true });
  }
}
