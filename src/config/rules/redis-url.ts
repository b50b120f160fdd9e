import { IsOptional } from 'class-validator';
import { combine, defineRule } from './define-rule.js';
import { hostMistake, withMistake } from './mistakes.js';
import { OrInFile } from './secrets.js';
import type { SecretForm } from './secrets.js';

/** A host and a port. */
export interface RedisHost {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, and as which user the gateway signs in. */
export interface RedisAddress {
  /** One server, servers that sentinels watch, or a cluster. */
  readonly kind: 'server' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  /** The user of the servers; undefined for the default one. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The server, the sentinels, or some nodes of the cluster. */
  readonly hosts: readonly RedisHost[];
  /** What the sentinels call the servers; undefined without sentinels. */
  readonly primaryName: string | undefined;
  readonly database: number;
}

const DEFAULT_PORTS = { server: 6379, sentinel: 26379, cluster: 6379 };
/** The parts of a URL; the class `URL` knows no lists of hosts. */
const PARTS = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#@]*)([^?#]*)([^]*)$/i;
const DATABASE = /^\/?(\d{0,9})$/;
const NAME_AND_DATABASE = /^\/([^/]+)(?:\/(\d{0,9}))?$/;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** A Redis URL; a user name and a password in it are the usual way to give them. */
export const REDIS_URL_FORM: SecretForm<RedisAddress> = {
  description:
    'a URL such as redis://host:6379/0, redis+sentinel://host:26379,host:26379/name/0 or ' +
    'redis+cluster://host:6379,host:6379, with rediss for TLS and valid percent escapes',
  parse: parseRedisUrl,
};

/** The rule that marks the variable of Redis. */
export const REDIS_URL_RULE = 'isRedisUrl';

/** A Redis URL, in the variable itself or in the file that its `_FILE` variant names. */
export function IsRedisUrl(): PropertyDecorator {
  return combine(
    IsOptional(),
    defineRule(
      REDIS_URL_RULE,
      (value) => withMistake(`must be ${REDIS_URL_FORM.description}`, value, mistakeInHosts),
      (value) => typeof value === 'string' && parseRedisUrl(value) !== undefined,
    ),
    OrInFile(REDIS_URL_FORM),
  );
}

/**
 * Reads a Redis URL.
 * @returns undefined for any other text
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const parts = PARTS.exec(text);
  if (parts === null || CONTROL_CHARACTER.test(text)) return undefined;
  const [, s = '', scheme, userInfo, hostList = '', path = '', rest = ''] = parts;
  const kind = (scheme?.toLowerCase() ?? 'server') as RedisAddress['kind'];
  const names = kind === 'server' ? [hostList] : hostList.split(',');
  const hosts = names.flatMap((name) => hostOf(name, DEFAULT_PORTS[kind]) ?? []);
  const credentials = credentialsIn(userInfo);
  const place = placeIn(path, kind);
  if (hosts.length < names.length || credentials === undefined || place === undefined) return undefined;
  // A query or a fragment has always been ignored for one server.
  if (kind !== 'server' && rest !== '') return undefined;
  return { kind, tls: s !== '', hosts, ...credentials, ...place };
}

function hostOf(text: string, defaultPort: number): RedisHost | undefined {
  const url = `redis://${text}`;
  if (hostMistake(url) !== undefined || !URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? defaultPort : Number(port) };
}

function credentialsIn(userInfo = ''): Pick<RedisAddress, 'username' | 'password'> | undefined {
  const [, ...words] = /^([^:]*):?(.*)$/.exec(userInfo) ?? [];
  const [username, password] = words.map(decoded);
  if (username === undefined || password === undefined) return undefined;
  return { username: username || undefined, password: password || undefined };
}

/** What the path says: the number of a database, behind the name of the servers where sentinels watch them. */
function placeIn(
  path: string,
  kind: RedisAddress['kind'],
): Pick<RedisAddress, 'primaryName' | 'database'> | undefined {
  if (kind === 'sentinel') {
    const [, name, database] = NAME_AND_DATABASE.exec(path) ?? [];
    const primaryName = name === undefined ? undefined : decoded(name);
    return primaryName === undefined ? undefined : { primaryName, database: Number(database ?? 0) };
  }
  const [, database] = DATABASE.exec(path) ?? [];
  // A cluster has but one database.
  if (database === undefined || (kind === 'cluster' && Number(database) !== 0)) return undefined;
  return { primaryName: undefined, database: Number(database) };
}

/** The text without percent escapes; undefined where one is invalid. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What is wrong with the first bad host; undefined where nothing is obvious. */
function mistakeInHosts(text: string): string | undefined {
  const [, , scheme, , hostList = ''] = PARTS.exec(text) ?? [];
  if (scheme === undefined) return hostMistake(text);
  return hostList
    .split(',')
    .map((host) => hostMistake(`redis://${host}`))
    .find((mistake) => mistake !== undefined);
}
