import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cpuMicroseconds, endsHere, has, LOAD_CORE, onCore, residentMebibytes } from './processes.mjs';

const run = promisify(execFile);
const SCRIPTS = {
  different: fileURLToPath(new URL('different-keys.lua', import.meta.url)),
  kept: fileURLToPath(new URL('kept-keys.lua', import.meta.url)),
};
const AUTOCANNON = fileURLToPath(new URL('../node_modules/autocannon/autocannon.js', import.meta.url));

export const CONNECTIONS = 32;
/** The load generator. */
export const TOOL = has('wrk') ? 'wrk' : 'autocannon';

/**
 * Loads a server for some seconds.
 * @param mayFail whether failed requests are no error
 * @returns among others `refused`, the answers with another status, and `failed`, which counts time-outs and the like, too
 * @param keys `one` for a single credential, `kept` for a thousand in turn (wrk only), `different` for a new one with every request
 */
export async function load(server, { keys, seconds, headers = {}, mayFail = false }) {
  const cpuBefore = cpuMicroseconds(server.pid);
  const sampled = [];
  const sampler = setInterval(() => sampled.push(residentMebibytes(server.pid)), 200);
  const result = await (TOOL === 'wrk' ? wrk : autocannon)(server.url, keys, seconds, headers);
  clearInterval(sampler);
  if (result.failed > 0 && !mayFail) throw new Error(`${result.failed} requests to ${server.url} failed`);
  return {
    ...result,
    cpu: (cpuMicroseconds(server.pid) - cpuBefore) / result.requests,
    rss: Math.max(...sampled, residentMebibytes(server.pid)),
  };
}

/** The median of each field over several runs. */
export function medianOf(runs) {
  const fields = ['perSecond', 'p50', 'p99', 'cpu', 'rss'];
  return Object.fromEntries(fields.map((field) => [field, median(runs.map((run) => run[field]))]));
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function wrk(url, keys, seconds, headers) {
  const script = keys === 'one' ? ['-H', 'Authorization: Bearer sk-one'] : ['-s', SCRIPTS[keys]];
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...script, ...given, url];
  const stdout = await outputOf('wrk', args);
  const number = (pattern) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const refused = number(/Non-2xx or 3xx responses: (\d+)/);
  const socketErrors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? [];
  return {
    requests: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50: milliseconds(/50%\s+([\d.]+)(\w+)/.exec(stdout)),
    p99: milliseconds(/99%\s+([\d.]+)(\w+)/.exec(stdout)),
    refused,
    failed: refused + socketErrors.reduce((sum, each) => sum + Number(each), 0),
  };
}

function milliseconds(match) {
  const [, value = '0', unit = 'ms'] = match ?? [];
  return Number(value) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? 1);
}

async function autocannon(url, keys, seconds, headers) {
  const key = {
    one: ['-H', 'authorization=Bearer sk-one'],
    different: ['-I', '-H', 'authorization=Bearer sk-[<id>]'],
  }[keys];
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
  const args = [
    AUTOCANNON,
    '-j',
    '-n',
    '-c',
    String(CONNECTIONS),
    '-d',
    String(seconds),
    ...key,
    ...given,
    url,
  ];
  const stdout = await outputOf(process.execPath, args);
  const { requests, latency, non2xx, errors } = JSON.parse(stdout);
  const refused = headers['if-none-match'] === undefined ? non2xx : 0;
  return {
    requests: requests.total,
    perSecond: requests.average,
    p50: latency.p50,
    p99: latency.p99,
    refused,
    failed: errors + refused,
  };
}

async function outputOf(command, args) {
  const running = run(...onCore(LOAD_CORE, command, args), { maxBuffer: 2 ** 24 });
  endsHere(running.child);
  return (await running).stdout;
}
