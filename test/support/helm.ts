import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { CHART } from './chart-folder.js';
import { codeBlocks } from './code-blocks.js';
import { PROVIDER_ROWS } from './kubernetes-documents.js';
import type { Manifest } from './kubernetes.js';

/** The program. */
export const HELM = 'helm';
const FOLDER = join(process.cwd(), CHART);
/** The engines whose values follow from the table of docs/kubernetes.md. */
const SEEDS = ['openai', 'nim', 'vllm', 'trt_llm', 'anthropic', 'azure', 'cohere'];

/** Values of the chart, as in a values.yaml. */
export type Values = Readonly<Record<string, unknown>>;

/** Every value that turns something on. */
const EVERYTHING: Values = {
  image: { repository: 'registry.example.com/models-gateway', digest: `sha256:${'a'.repeat(64)}` },
  imagePullSecrets: ['registry'],
  nameOverride: 'lists',
  labels: { team: 'platform' },
  engines: [
    { name: 'my-lab', baseUrl: 'https://lab.example.com:8443/v1' },
    { name: 'gpu_a', engine: 'vllm', baseUrl: 'http://gpu-a.models.svc.cluster.local:8000/v1' },
    { name: 'groq' },
  ],
  settings: { UPSTREAM_TIMEOUT_MS: 12_500, UPSTREAM_MAX_RESPONSE_BYTES: 20_000_000, UPSTREAM_MAX_RETRIES: 0 },
  keys: {
    MY_LAB_API_KEY: { value: 'key-of-the-lab' },
    GROQ_API_KEY: { secret: 'groq', key: 'token' },
    MY_LAB_TLS_CA: { configMap: 'lab', key: 'ca.crt' },
    MY_LAB_TLS_CERT: { secret: 'client', key: 'tls.crt' },
    MY_LAB_TLS_KEY: { secret: 'client', key: 'tls.key' },
  },
  gatewayKeys: { value: 'a-key-of-a-caller' },
  staticModels: { configMap: 'models', key: 'models.json' },
  tls: { ca: { configMap: 'trust', key: 'ca.crt' } },
  proxy: { https: 'http://proxy.example.com:3128', http: 'http://proxy', exceptions: 'gpu-a.models.svc' },
  cache: { ttlSeconds: 60, staleSeconds: 600 },
  redis: {
    url: { secret: 'redis', key: 'url' },
    host: 'redis.data.svc',
    port: 6380,
    tls: {
      ca: { secret: 'redis', key: 'ca.crt' },
      cert: { secret: 'redis', key: 'tls.crt' },
      key: { secret: 'redis', key: 'tls.key' },
    },
  },
  autoscaling: { enabled: false },
  replicas: 4,
  podDisruptionBudget: { maxUnavailable: '25%' },
  topologySpread: [{ topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', maxSkew: 2 }],
  host: '0.0.0.0',
  extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/ca/ca.crt' }],
  extraEnvFrom: [{ secretRef: { name: 'more' } }],
  extraVolumes: [{ name: 'ca', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/ca', readOnly: true }],
  podLabels: { tier: 'edge' },
  podAnnotations: { 'example.com/note': 'x' },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'spot', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  priorityClassName: 'high',
  serviceAccount: { name: 'reader', annotations: { 'example.com/role': 'reader' } },
  service: { type: 'NodePort', port: 8080, annotations: { a: 'b' }, ipFamilyPolicy: 'PreferDualStack' },
  networkPolicy: {
    from: [{ namespaceSelector: {} }],
    egress: [{ ports: [{ port: 9999, protocol: 'TCP' }] }],
  },
  chats: { service: 'router', port: 9000 },
  ingress: {
    enabled: true,
    className: 'nginx',
    annotations: { a: 'b' },
    hosts: ['llm.example.com'],
    tls: [{ hosts: ['llm.example.com'], secretName: 'llm' }],
  },
  httpRoute: { enabled: true, parentRefs: [{ name: 'public' }], hostnames: ['llm.example.com'] },
  otlp: { endpoint: 'http://collector:4318' },
  monitoring: {
    namespace: 'prometheus',
    serviceMonitor: { enabled: true, interval: '15s', labels: { release: 'p' } },
    alerts: { enabled: true, labels: { release: 'p' } },
    dashboard: { enabled: true },
  },
};

/** The tested values, by name: the defaults, each seed provider, the examples of docs/helm.md, and everything. */
export const VALUE_SETS: ReadonlyMap<string, Values> = new Map([
  ['defaults', {}],
  ...SEEDS.map((engine): [string, Values] => [engine, valuesOf(engine)]),
  ...examples(),
  ['everything', EVERYTHING],
]);

/**
 * The objects that `helm install` would send to a cluster, the hook included.
 * @param release the name of the release
 * @throws Error with Helm's message
 */
export function renderChart(values: Values = {}, release = 'models-gateway'): Manifest[] {
  const text = helm(['template', release, FOLDER, '--namespace', 'models-gateway', '--values', '-'], values);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** What `helm install` prints at its end. */
export function notesOf(values: Values): string {
  const text = helm(['install', 'models-gateway', FOLDER, '--dry-run=client', '--values', '-'], values);
  return text.slice(text.indexOf('\nNOTES:\n') + '\nNOTES:\n'.length);
}

/**
 * Runs `helm lint`, which also checks the values against the schema.
 * @throws Error with its findings
 */
export function lint(values: Values): string {
  return helm(['lint', '--strict', FOLDER, '--values', '-'], values);
}

function helm(parameters: readonly string[], values: Values): string {
  return execFileSync(HELM, parameters, {
    encoding: 'utf8',
    input: stringify(values),
    timeout: 60_000,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function valuesOf(engine: string): Values {
  const row = PROVIDER_ROWS.find((each) => each.engine === engine);
  if (row === undefined) throw new Error(`docs/kubernetes.md has no row for ${engine}`);
  const { MAIN_MODEL_BASE_URL: baseUrl, ...settings } = row.settings;
  return {
    engine,
    ...(baseUrl !== undefined && { baseUrl }),
    settings,
    ...(row.key !== undefined && { keys: { [row.key]: { secret: 'models-gateway-keys' } } }),
  };
}

function examples(): [string, Values][] {
  return codeBlocks('docs/helm.md')
    .filter(({ mode }) => mode === 'values')
    .map(({ code }) => [/^# values: ([a-z-]+)$/m.exec(code)?.[1] ?? '', parse(code) as Values]);
}
