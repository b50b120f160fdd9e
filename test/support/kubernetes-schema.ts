import type { Manifest } from './kubernetes.js';

/** A class of the Kubernetes API, which knows the OpenAPI schema of its objects. */
type Model = new (data: Manifest) => { validate(): void };

/** The module with the classes of an API. */
export function moduleOf({ apiVersion }: Manifest): string {
  if (apiVersion.startsWith('monitoring.coreos.com/'))
    return `@kubernetes-models/prometheus-operator/${apiVersion}`;
  if (apiVersion.startsWith('gateway.networking.k8s.io/'))
    return `@kubernetes-models/gateway-api/${apiVersion}`;
  return `kubernetes-models/${apiVersion}`;
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
