// Fails when a manifest for Kubernetes has a field that the API does not know, or when none would be found.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const bundle = new URL('node_modules/.cache/kubernetes-fields.mjs', root);

process.chdir(fileURLToPath(root));
await build({
  entryPoints: [fileURLToPath(new URL('test/support/kubernetes-fields.ts', root))],
  outfile: fileURLToPath(bundle),
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  // The documents are found from the place of the module.
  define: { 'import.meta.url': JSON.stringify(new URL('test/support/kubernetes-fields.ts', root).href) },
});
const { allManifests, unknownFields } = await import(bundle.href);
const manifests = await allManifests();
const problems = unknownFields(manifests);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
const kinds = new Map(manifests.map((manifest) => [manifest.kind, manifest]));
const wrong = [...kinds.values()].map((manifest, index) => ({ ...manifest, [`misspelt${index}`]: 1 }));
const found = unknownFields(wrong).join();
const missed = [...kinds.keys()].filter((_kind, index) => !found.includes(`misspelt${index}"`));
if (missed.length > 0) {
  console.error(`an unknown field would not be found in ${missed.join(', ')}`);
  process.exit(1);
}
console.log(`${manifests.length} manifests have no unknown field`);
