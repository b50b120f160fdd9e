// Compares the gateway with alternatives. `--check` is the short form for CI.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureCache } from './cache.mjs';
import { GOALS, meets } from './goals.mjs';
import { CONNECTIONS, load, median, medianOf, TOOL } from './load.mjs';
import { SERVERS, start, startUpstream } from './servers.mjs';
import { residentMebibytes } from './processes.mjs';
import { countUpstreamRequests } from './simultaneous.mjs';

const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values;
const SHORT = {
  sizes: [2, 100],
  rounds: 3,
  seconds: 1,
  servers: ['gateway', 'naive Nest', 'raw undici', 'bare Fastify'],
};
const FULL = { sizes: [2, 100, 3000], rounds: 5, seconds: 2, servers: Object.keys(SERVERS) };
const { sizes, rounds, seconds, servers } = check ? SHORT : FULL;

const KEYS = { different: 'every request under a different credential', one: 'one credential' };

let results = await measure();
let far = farFromGoals();
if (check && far.length > 0) {
  // Other load on the machine may have disturbed the run; a real regression shows again.
  console.error(`measuring again, far from its goal: ${far.join('; ')}`);
  results = await measure();
  far = farFromGoals();
}
const report = render();
console.log(report);
if (!check) writeFileSync(new URL('results.md', import.meta.url), report);
else if (far.length > 0) {
  console.error(`far from its goal: ${far.join('; ')}`);
  process.exitCode = 1;
}

async function measure() {
  const rows = new Map();
  for (const models of sizes) {
    const upstream = await startUpstream(models);
    for (const keys of Object.keys(KEYS)) await compare(models, keys, upstream, rows);
    await upstream.stop();
  }
  return {
    of: (server, keys, models) => rows.get([server, keys, models].join()),
    rest: await atRest(['gateway', 'naive Nest', 'bare Fastify']),
    simultaneous: await countUpstreamRequests(1000),
    cache: check ? new Map() : await measureCache(rounds, seconds),
  };
}

function farFromGoals() {
  return GOALS.filter((goal) => meets(goal, goal.value(results), goal.slack) === false).map(
    ({ name }) => name,
  );
}

/** Loads the servers in turn, so that a slow phase of the machine affects all of them, and takes medians. */
async function compare(models, keys, upstream, rows) {
  const running = new Map();
  for (const name of servers) {
    running.set(name, await start(name, upstream));
    await load(running.get(name), { keys, seconds: 1 });
  }
  const runs = new Map(servers.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of servers) runs.get(name).push(await load(running.get(name), { keys, seconds }));
  }
  for (const server of running.values()) await server.stop();
  for (const [name, list] of runs) {
    const row = medianOf(list);
    rows.set([name, keys, models].join(), row);
    console.error(
      `${name}, ${KEYS[keys]}, ${models} models: ${row.perSecond.toFixed(0)} req/s, ${row.cpu.toFixed(0)} µs`,
    );
  }
}

/** The time to the first 200, and the memory after an idle second. */
async function atRest(names) {
  const upstream = await startUpstream(2);
  const rest = {};
  for (const name of names) {
    const starts = [];
    for (let round = 0; round < 5; round += 1) {
      const server = await start(name, upstream);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      starts.push({ firstAnswerMs: server.firstAnswerMs, rss: residentMebibytes(server.pid) });
      await server.stop();
    }
    rest[name] = {
      firstAnswerMs: median(starts.map((each) => each.firstAnswerMs)),
      rss: median(starts.map((each) => each.rss)),
    };
  }
  await upstream.stop();
  return rest;
}

function render() {
  const lines = [
    '# Benchmark',
    '',
    `${cpus().length} × ${cpus()[0]?.model.trim()}, Node.js ${process.version}, ${TOOL} with ${CONNECTIONS} connections, ` +
      `medians of ${rounds} alternating runs of ${seconds} s. The server has one core, provider and load share another. ` +
      'CPU is what the server itself uses. The gateway runs with its defaults and writes its log.',
    '',
    '## Goals',
    '',
    '| | goal | measured | |',
    '|---|---|---|---|',
    ...GOALS.map((goal) => {
      const value = goal.value(results);
      const verdict = { true: 'met', false: 'missed' }[String(meets(goal, value))] ?? 'not measured';
      return `| ${goal.name} | ${bound(goal)} | ${value === undefined ? '' : figure(value)} | ${verdict} |`;
    }),
    '',
    '## Start and rest',
    '',
    '| | start to first 200, ms | memory at rest, MiB |',
    '|---|---|---|',
    ...Object.entries(results.rest).map(
      ([name, { firstAnswerMs, rss }]) => `| ${name} | ${figure(firstAnswerMs)} | ${figure(rss)} |`,
    ),
    '',
  ];
  for (const [keys, title] of Object.entries(KEYS)) {
    for (const models of sizes) {
      lines.push(`## ${models} models, ${title}`, '');
      lines.push(...table(new Map(servers.map((name) => [name, results.of(name, keys, models)]))));
    }
  }
  if (results.cache.size > 0) lines.push('## Cache, 100 models', '', ...table(results.cache));
  return lines.join('\n');
}

function table(rows) {
  return [
    '| | req/s | p50, ms | p99, ms | CPU, µs a request | memory, MiB |',
    '|---|---|---|---|---|---|',
    ...[...rows].map(
      ([name, { perSecond, p50, p99, cpu, rss }]) =>
        `| ${name} | ${perSecond.toFixed(0)} | ${figure(p50)} | ${figure(p99)} | ${figure(cpu)} | ${rss.toFixed(0)} |`,
    ),
    '',
  ];
}

function bound({ atMost, atLeast }) {
  return atMost === undefined ? `≥ ${figure(atLeast)}` : `≤ ${figure(atMost)}`;
}

function figure(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
