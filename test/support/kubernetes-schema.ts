import ts from 'typescript';
import type { Manifest } from './kubernetes.js';

/** A class of the Kubernetes API, which knows the OpenAPI schema of its objects. */
type Model = new (data: Manifest) => { validate(): void };

/** The module with the classes of an API. */
function moduleOf({ apiVersion }: Manifest): string {
  return apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}`
    : `kubernetes-models/${apiVersion}`;
}

/**
 * Checks an object against the OpenAPI schema of its kind.
 * @throws Error that names missing fields and fields of another type
 */
export async function validate(manifest: Manifest): Promise<void> {
  const models = (await import(moduleOf(manifest))) as Readonly<Record<string, Model | undefined>>;
  const Kind = models[manifest.kind];
  if (Kind === undefined) throw new Error(`there is no ${manifest.kind} in ${manifest.apiVersion}`);
  new Kind(manifest).validate();
}

/** In the tests' folder, so that the compiler finds the types. */
const FILE = new URL('manifests.generated.ts', import.meta.url).pathname;
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
