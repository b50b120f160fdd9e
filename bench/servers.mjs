import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelList } from './model-list.mjs';
import { freePort, has, LOAD_CORE, startServer } from './processes.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const node = (script) => ({ command: process.execPath, args: [script] });

/** The folder of nginx's and HAProxy's configurations, removed at the end. */
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

let written = 0;
function write(text) {
  written += 1;
  const path = join(folder, `${written}.conf`);
  writeFileSync(path, text);
  return path;
}

/** nginx in the foreground with one worker; it writes to the temporary folder only. */
function nginx(port, http, location) {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = write(`
    daemon off; master_process off; worker_processes 1; pid ${folder}/${port}.pid; error_log stderr crit;
    events { worker_connections 1024; }
    http {
      access_log off; keepalive_requests 1000000; default_type application/json;
      ${paths.map((each) => `${each}_temp_path ${folder}/${each};`).join(' ')}
      ${http}
      server { listen 127.0.0.1:${port} backlog=1024; location = /v1/models { ${location} } }
    }`);
  return { command: 'nginx', args: ['-c', config, '-e', 'stderr'] };
}

/** Starts a provider that shares its core with the load generator. */
export async function startUpstream(models) {
  const port = await freePort();
  if (!has('nginx')) {
    return startServer({
      ...node(file('upstream.mjs')),
      core: LOAD_CORE,
      env: { PORT: port, MODELS: models },
      port,
    });
  }
  const body = join(folder, `models-${models}.json`);
  writeFileSync(body, modelList(models));
  return startServer({ ...nginx(port, 'open_file_cache max=8;', `alias ${body};`), core: LOAD_CORE, port });
}

const baseline = (name) => (port, upstream) => ({
  ...node(file(`baselines/${name}.mjs`)),
  env: { PORT: port, UPSTREAM: upstream },
});

/** The gateway with its log, its metrics and the default limits; without metadata, so that all send the same rows. */
const gateway =
  (variables = {}) =>
  (port, upstream) => ({
    ...node(file('../dist/main.js')),
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: port,
      MAIN_MODEL_ENGINE: 'openai',
      MAIN_MODEL_BASE_URL: upstream,
      MODELS_METADATA: 'false',
      ...variables,
    },
  });

/** The servers to compare, by name. A server whose program is not installed is left out. */
export const SERVERS = {
  gateway: gateway(),
  'gateway, cached': gateway({ CACHE_TTL_SECONDS: '600' }),
  'naive Nest': baseline('naive-nest'),
  'bare Fastify': baseline('bare-fastify'),
  'raw undici': baseline('raw-undici'),
  ...(has('nginx') && {
    nginx: (port, upstream) =>
      nginx(
        port,
        `upstream provider { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 1000000; }`,
        'proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";',
      ),
  }),
  ...(has('haproxy') && {
    HAProxy: (port, upstream) => ({
      command: 'haproxy',
      args: [
        '-db',
        '-f',
        write(
          `defaults\n mode http\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n` +
            `listen all\n bind 127.0.0.1:${port}\n http-reuse always\n server provider ${new URL(upstream).host}\n`,
        ),
      ],
    }),
  }),
};

/**
 * Starts a server in front of a provider.
 * @param variables added to its environment
 * @param path asked for until there is an answer
 */
export async function start(name, upstream, variables = {}, path = '/v1/models') {
  const port = await freePort();
  const { env, ...server } = SERVERS[name](port, new URL(upstream.url).origin);
  return startServer({ ...server, env: { ...env, ...variables }, port, path });
}
