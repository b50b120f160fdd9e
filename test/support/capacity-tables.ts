import { readFileSync } from 'node:fs';
import { table } from './markdown-table.js';

/** In the root of the repository, where `npm` runs this. */
const RESULTS = 'bench/results.md';
const MODELS = [2, 100, 3000];
/** The credentials of the fleet in the example. */
const CREDENTIALS = 100_000;
/** What Redis takes for a key beside what `MEMORY USAGE` says, kB. */
const KEY_KILOBYTES = 0.06;

/** The loads of the benchmark, and how the document calls them. */
const LOADS: readonly (readonly [title: string, section: string, server: string])[] = [
  ['One credential', 'one credential', 'gateway'],
  ['One credential, out of the cache', 'one credential', 'gateway, cached'],
  ['Every request under another credential', 'every request under a different credential', 'gateway'],
];

/** What a replica with one core does. */
export function capacityTable(): string[] {
  const [, rest = ''] = cellsOf('Start and rest', 'gateway');
  const loaded = LOADS.flatMap(([title, section, server]) =>
    MODELS.map((models) =>
      capacityRow(title, models, cellsOf(`${String(models)} models, ${section}`, server)),
    ),
  );
  const outOfRedis = cellsOf(
    'Other answers out of the cache, 100 models',
    'out of Redis, a thousand credentials with equal lists',
  );
  return table(
    ['Load', 'Models', 'Requests a second', 'CPU a request, µs', 'Memory, MiB'],
    [['At rest', '', '', '', rest], ...loaded, capacityRow('Equal lists out of Redis', 100, outOfRedis)],
  );
}

function capacityRow(title: string, models: number, cells: readonly string[]): string[] {
  const [requests, , , cpu = '', memory = ''] = cells;
  return [title, grouped(models), grouped(Number(requests)), cpu, memory];
}

/** What the lists of credentials take. */
export function listSizesTable(): string[] {
  return table(
    ['Models', 'In a replica, kB', 'In Redis, kB', `Redis for ${grouped(CREDENTIALS)} credentials, GB`],
    MODELS.map((models) => {
      const [, inReplica = '', inRedis = ''] = cellsOf("Memory of one credential's list", String(models));
      const gigabytes = (CREDENTIALS * (Number(inRedis) + KEY_KILOBYTES)) / 1e6;
      return [grouped(models), inReplica, inRedis, gigabytes.toPrecision(2)];
    }),
  );
}

/**
 * The cells behind a name in a section of the benchmark's results.
 * @throws Error when there is no such row
 */
function cellsOf(section: string, name: string): string[] {
  const [, after = ''] = readFileSync(RESULTS, 'utf8').split(`\n## ${section}\n`);
  const rows = after.split('\n## ')[0]?.split('\n') ?? [];
  const row = rows.find((line) => line.startsWith(`| ${name} |`));
  if (row === undefined) throw new Error(`${RESULTS} has no row "${name}" in "${section}"`);
  return row
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
