import { readFileSync } from 'node:fs';
import { startDaemon } from './daemon.js';
import { freePort, isRefused } from './start-process.js';
import { until } from './until.js';

/** The programs that have a recipe. */
export type Proxy = 'nginx' | 'caddy';

/** A recipe, and how a program is started with it. */
interface Recipe {
  readonly file: string;
  /** What the recipe listens on. */
  readonly listens: string;
  /** What the tests replace it by. */
  readonly listensOn: (address: string) => string;
  /** The whole configuration, given the folder that the program may write to. */
  readonly configuration: (folder: string, recipe: string) => string;
  /** The arguments of the program, given the path of the configuration. */
  readonly args: (file: string) => readonly string[];
}

/** What many installations of nginx have: with it, a stream that is buffered is held up. */
const COMPRESSION = 'gzip on; gzip_proxied any; gzip_min_length 0; gzip_types *;';

const RECIPES: Readonly<Record<Proxy, Recipe>> = {
  nginx: {
    file: 'deploy/recipes/nginx.conf',
    listens: 'listen 8080;',
    listensOn: (address) => `listen ${address};`,
    // That of the compose file, which includes the recipe. Where the tests run as root, so do its workers: the folder is
    // root's.
    configuration: (folder, recipe) =>
      `user root;\n${read('deploy/compose/one-url.conf')}`
        .replaceAll(' /tmp/', ` ${folder}/`)
        .replace('include /etc/nginx/recipe.conf;', `${COMPRESSION}\n${recipe}`),
    args: (file) => ['-c', file, '-e', 'stderr'],
  },
  caddy: {
    file: 'deploy/recipes/Caddyfile',
    listens: ':8080 {',
    listensOn: (address) => `http://${address} {`,
    // Its port for changes is the same in every process.
    configuration: (_folder, recipe) => `{\n\tadmin off\n}\n${recipe}`,
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
};

/**
 * Starts a proxy with a shipped recipe, in which only the addresses are replaced.
 * @param servers the URLs of those behind it
 * @throws Error when the recipe lacks an address
 */
export async function startOneUrl(
  program: Proxy,
  servers: { readonly gateway: string; readonly provider: string },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { file, listens, listensOn, configuration, args } = RECIPES[program];
  const address = `127.0.0.1:${String(await freePort())}`;
  const recipe = [
    [listens, listensOn(address)],
    ['gateway:8000', new URL(servers.gateway).host],
    ['vllm:8000', new URL(servers.provider).host],
  ].reduce((text, [from = '', to = '']) => {
    if (!text.includes(from)) throw new Error(`${file} has no "${from}"`);
    return text.replaceAll(from, to);
  }, read(file));
  const daemon = await startDaemon(program, (folder) => configuration(folder, recipe), args);
  const url = `http://${address}`;
  await until(`${program} takes connections`, async () => !(await isRefused(url)));
  return { url, close: () => daemon.close() };
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
