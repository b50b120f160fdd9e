import type { CacheConfig } from '../config/cache.config.js';
import type { ServerConfig } from '../config/server.config.js';
import type { EngineReport, StartupReport } from '../startup/startup-report.js';
import { VERSION } from '../version.js';
import type { ProbeResult } from './provider-probe.js';

/** A label and what stands behind it. */
type Line = readonly [label: string, value: string];

/** What `--check` says of a valid configuration. None of it is a secret. */
export function checkReport(
  report: Pick<StartupReport, 'engines' | 'gatewayKeyVariable' | 'credentialTarget' | 'missing' | 'warnings'>,
  server: Pick<ServerConfig, 'host' | 'port' | 'metricsPort' | 'metricsEnabled'>,
  cache: Pick<CacheConfig, 'enabled' | 'ttlMs' | 'staleMs' | 'redisUrl' | 'redisUrlFile'>,
): string {
  const { engines, gatewayKeyVariable, credentialTarget, missing, warnings } = report;
  const service: readonly Line[] = [
    [
      'listens on',
      `port ${server.port === 0 ? 'that is free' : String(server.port)} of ${hostText(server.host)}`,
    ],
    ['metrics', metricsText(server)],
    ['cache', cacheText(cache)],
    [
      'answers',
      gatewayKeyVariable === undefined ? 'every caller' : `callers with a key of ${gatewayKeyVariable}`,
    ],
    ["callers' keys", credentialTarget === undefined ? 'go to no provider' : `go to ${credentialTarget}`],
  ];
  const findings = [
    ...missing.map((each) => `missing: ${each}`),
    ...warnings.map((each) => `warning: ${each}`),
  ];
  return [
    [`models-gateway ${VERSION}`, ...service.map(indented)],
    ...engines.map((engine) => [`engine ${engine.name}`, ...engineLines(engine).map(indented)]),
    [
      ...findings,
      missing.length > 0
        ? 'The configuration is valid, but something is missing.'
        : 'The configuration is valid.',
    ],
  ]
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/**
 * What came of asking the providers, as a table, and a sentence for each that gave no whole list.
 * @param warnings what of the configuration does not fit the lists
 */
export function probeReport(results: readonly ProbeResult[], warnings: readonly string[]): string {
  const rows = [
    ['engine', 'status', 'time', 'models'],
    ...results.map(({ engine, status, milliseconds, models }) => [
      engine,
      status,
      milliseconds === undefined ? '-' : `${String(Math.round(milliseconds))} ms`,
      models === undefined ? '-' : String(models.length),
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const remarks = results.flatMap(({ engine, remark }) =>
    remark === undefined ? [] : [`${engine}: ${remark}`],
  );
  return [table, remarks, warnings.map((each) => `warning: ${each}`)]
    .filter((lines) => lines.length > 0)
    .map((lines) => `\n${lines.join('\n')}\n`)
    .join('');
}

function engineLines(engine: EngineReport): Line[] {
  return [
    ['kind', kindText(engine)],
    ['URL', urlText(engine)],
    ['key', engine.keySource ?? 'none'],
    ['headers', engine.headerVariable ?? 'none'],
    ['proxy', engine.proxy ?? 'none'],
    ['TLS files', engine.tlsVariables.join(', ') || 'none'],
    ['static list', staticText(engine)],
  ];
}

function kindText({ name, kind }: EngineReport): string {
  if (kind === undefined) return 'OpenAI-compatible, not built in';
  return kind === name ? 'built in' : `${kind}, built in`;
}

function urlText({ isRemote, url }: EngineReport): string {
  return isRemote ? (url ?? 'none') : 'none: the static list replaces its own';
}

function staticText({ staticList, isRemote }: EngineReport): string {
  if (staticList === undefined) return 'none';
  const { rows, source, addsFields } = staticList;
  const mode = addsFields ? 'merge' : 'append';
  return `${source}, ${count(rows.current.length, 'model')}${isRemote ? `, mode ${mode}` : ''}`;
}

function metricsText({
  metricsEnabled,
  metricsPort,
}: Pick<ServerConfig, 'metricsEnabled' | 'metricsPort'>): string {
  if (!metricsEnabled) return 'off';
  return metricsPort === undefined ? 'at /metrics' : `at /metrics of port ${String(metricsPort)}`;
}

function cacheText({
  enabled,
  ttlMs,
  staleMs,
  redisUrl,
  redisUrlFile,
}: Pick<CacheConfig, 'enabled' | 'ttlMs' | 'staleMs' | 'redisUrl' | 'redisUrlFile'>): string {
  if (!enabled) return 'off';
  const shared = (redisUrl && 'REDIS_URL') ?? (redisUrlFile && 'REDIS_URL_FILE');
  const place = shared === undefined ? 'in memory' : `in memory and at ${shared}`;
  return `${String(ttlMs / 1000)} s, and stale for ${String(staleMs / 1000)} s, ${place}`;
}

function hostText(host: string | undefined): string {
  return host ?? 'all addresses';
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}

const LABEL_WIDTH = 15;

function indented([label, value]: Line): string {
  return `  ${label.padEnd(LABEL_WIDTH)}${value}`;
}
