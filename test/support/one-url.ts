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
  /** The part of the recipe that a provider on the internet replaces. */
  readonly chats: RegExp;
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
    chats: /location \/ \{[^}]*\}/,
    args: (file) => ['-c', file, '-e', 'stderr'],
  },
  caddy: {
    file: 'deploy/recipes/Caddyfile',
    listens: ':8080 {',
    listensOn: (address) => `http://${address} {`,
    // Its port for changes is the same in every process.
    configuration: (_folder, recipe) => `{\n\tadmin off\n}\n${recipe}`,
    chats: /reverse_proxy vllm:8000/,
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
};

/** The servers behind a proxy. */
interface Servers {
  /** The URL of the gateway. */
  readonly gateway: string;
  /** That of the provider. */
  readonly provider: string;
  /** The documented part of the recipe for a provider on the internet; without it, for one in the same network. */
  readonly chats?: string;
  /** The file of the authority whose certificates the proxy accepts. */
  readonly authority?: string;
}

/** The address of the provider on the internet in the documents, and the file with the authorities of the system. */
const INTERNET = 'https://api.openai.com';
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Starts a proxy with a shipped recipe, in which only the addresses are replaced.
 * @throws Error when the recipe lacks an address
 */
export async function startOneUrl(
  program: Proxy,
  { gateway, provider, chats, authority = '' }: Servers,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const recipe = RECIPES[program];
  const address = `127.0.0.1:${String(await freePort())}`;
  const whole = chats === undefined ? read(recipe.file) : read(recipe.file).replace(recipe.chats, chats);
  const text = [
    [recipe.listens, recipe.listensOn(address)],
    ['gateway:8000', new URL(gateway).host],
    // nginx's recipe keeps its "upstream provider", which nothing uses then.
    ...(chats === undefined ? [['vllm:8000', new URL(provider).host]] : [[INTERNET, provider]]),
  ].reduce((before, [from = '', to = '']) => {
    if (!before.includes(from)) throw new Error(`${recipe.file} has no "${from}"`);
    return before.replaceAll(from, to);
  }, whole);
  const daemon = await startDaemon(
    program,
    (folder) =>
      recipe.configuration(folder, text.replace(AUTHORITIES, authority).replace('vllm:8000', '127.0.0.1:1')),
    recipe.args,
    // Where Caddy looks for the authorities.
    authority === '' ? {} : { SSL_CERT_FILE: authority },
  );
  const url = `http://${address}`;
  await until(`${program} takes connections`, async () => !(await isRefused(url)));
  return { url, close: () => daemon.close() };
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
