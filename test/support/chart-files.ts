import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import '../../src/config/config.module.js';
import '../../src/providers/built-in-providers.js';
import { variableNames } from '../../src/config/variables.js';
import { CHART } from './chart-folder.js';

/** The alerts and the dashboard are those of the kustomize component: a chart cannot refer to files outside. */
const COPIES = ['prometheus-rule.yaml', 'dashboard.json'];
/** Variables with a value of the chart, or that its templates set. */
const OWN_VALUES: ReadonlySet<string> = new Set([
  'PORT',
  'METRICS_PORT',
  'HOST',
  'MAIN_MODEL_ENGINE',
  'MAIN_MODEL_BASE_URL',
  'MODEL_ENGINES',
  'CACHE_TTL_SECONDS',
  'CACHE_STALE_SECONDS',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
]);
/** Variables whose files have a value of the chart. */
const OWN_FILES: ReadonlySet<string> = new Set(['GATEWAY_API_KEYS', 'REDIS_URL', 'MODELS_STATIC']);

/** The names that the chart accepts as settings, and those of its keys. */
export function chartNames(): { readonly settings: readonly string[]; readonly keys: readonly string[] } {
  const names = [...new Set(variableNames())].filter((name) => /^[A-Z_]+$/.test(name)).sort();
  const isInFile = (name: string): boolean => names.includes(`${name}_FILE`);
  return {
    settings: names.filter(
      (name) =>
        !OWN_VALUES.has(name) && !name.endsWith('_FILE') && (!isInFile(name) || name === 'MODELS_STATIC'),
    ),
    keys: names.filter((name) => isInFile(name) && !OWN_FILES.has(name)),
  };
}

/** The files of the chart that follow from others, by their paths; `npm run tables` writes them. */
export function chartFiles(): ReadonlyMap<string, string> {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const { settings, keys } = chartNames();
  const schema = JSON.parse(read(`${CHART}/values.schema.json`)) as {
    definitions: Record<'settingName' | 'keyName', unknown>;
  };
  schema.definitions.settingName = { enum: settings };
  schema.definitions.keyName = { enum: keys };
  return new Map([
    ...COPIES.map((name): [string, string] => [
      `${CHART}/files/${name}`,
      read(`deploy/kubernetes/components/monitoring/${name}`),
    ]),
    [`${CHART}/values.schema.json`, JSON.stringify(schema)],
    [
      `${CHART}/Chart.yaml`,
      read(`${CHART}/Chart.yaml`).replace(/^(version|appVersion): .*$/gm, `$1: ${version}`),
    ],
  ]);
}

function read(path: string): string {
  return readFileSync(join(process.cwd(), path), 'utf8');
}
