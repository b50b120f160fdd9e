import { fieldsOf, readModel, text } from './model.js';
import type { Model } from './model.js';

/** A list and what its headers say of it. */
export interface Catalogue {
  readonly models: readonly Model[];
  /** How many models each of several providers has, in the order of the list. */
  readonly engines: readonly (readonly [engine: string, count: number])[];
  /** The providers whose models are missing, each with the reason. */
  readonly missing: readonly (readonly [engine: string, code: string])[];
  /** The age in seconds of a list that is no longer fresh. */
  readonly staleFor: number | undefined;
}

/** Why there is no list. */
export class Failure extends Error {
  /**
   * @param status of the answer; 0 for none
   * @param message for people, from the gateway where it gave one
   * @param code for programs
   */
  constructor(
    readonly status: number,
    message: string,
    readonly code?: string,
    readonly requestId?: string,
    readonly retryAfter?: string,
  ) {
    super(message);
  }
}

/** What a header can hold. */
const KEY = /^[\x21-\x7e]+$/;

/**
 * The key in what a person entered: without `Bearer` and the spaces around it; empty for none.
 * @returns undefined for what cannot be a key
 */
export function readKey(entered: string): string | undefined {
  const key = entered.trim().replace(/^bearer\s+/i, '');
  return key === '' || KEY.test(key) ? key : undefined;
}

/** The folder that the gateway's routes are in: the page may be at `/llm` as well as at `/llm/`. */
export function folderOf(page: string): URL {
  const folder = new URL(page);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  folder.search = folder.hash = '';
  return folder;
}

interface Request {
  readonly folder: URL;
  /** Empty for none. */
  readonly key: string;
  /** Whether a list that the gateway keeps will not do. */
  readonly isFresh: boolean;
  readonly signal: AbortSignal;
}

/**
 * Asks for the list, as any client does.
 * @throws Failure
 */
export async function askForModels({ folder, key, isFresh, signal }: Request): Promise<Catalogue> {
  // Browsers would add `no-cache` to a request that they do not store, and the gateway would ask the provider each time.
  const headers = new Headers({
    accept: 'application/json',
    'cache-control': isFresh ? 'no-cache' : 'max-age=0',
  });
  if (key !== '') headers.set('authorization', `Bearer ${key}`);
  // What a key shows is not left on the disk. A redirect would take the key along.
  const response = await fetch(new URL('v1/models', folder), {
    headers,
    signal,
    cache: key === '' ? 'no-cache' : 'no-store',
    redirect: 'error',
  }).catch(() => {
    throw new Failure(
      0,
      'No answer came. The network may be down, or a proxy may want you to sign in again.',
    );
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw failureOf(response, body);
  const { data } = fieldsOf(body);
  if (!Array.isArray(data)) {
    throw new Failure(
      response.status,
      'The answer is no list of models. Is there a proxy in front of the gateway?',
    );
  }
  return catalogueOf(data, response.headers);
}

/** What a list and its headers say. */
export function catalogueOf(data: readonly unknown[], headers: Headers): Catalogue {
  const engines = pairsOf(headers.get('x-models-engines')).map(
    ([engine, models]) => [engine, /^\d{1,9}$/.test(models) ? Number(models) : 0] as const,
  );
  const engineOf = engines.flatMap(([engine, models]) =>
    Array<string>(Math.min(models, data.length)).fill(engine),
  );
  const [, ttl] = /;\s*ttl=(-?\d+)/.exec(headers.get('cache-status') ?? '') ?? [];
  return {
    models: data.map((row, index) => readModel(row, engineOf[index])).filter((model) => model !== undefined),
    engines,
    missing: pairsOf(headers.get('x-models-incomplete')),
    staleFor: Number(ttl) < 0 ? Number(headers.get('age')) : undefined,
  };
}

/** `a=1,b=2` */
function pairsOf(header: string | null): (readonly [name: string, value: string])[] {
  return (header ?? '').split(',').flatMap((pair) => {
    const [, name, value] = /^\s*([^=]+)=(.+?)\s*$/.exec(pair) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
}

function failureOf({ status, headers }: Response, body: unknown): Failure {
  const { message, code } = fieldsOf(fieldsOf(body)['error']);
  return new Failure(
    status,
    text(message) ?? 'The answer says no more. Is there a proxy in front of the gateway?',
    text(code),
    headers.get('x-request-id') ?? undefined,
    headers.get('retry-after') ?? undefined,
  );
}
