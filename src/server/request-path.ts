import { pathOf, withSlash } from '../observability/request-target.js';

/** Where the models are, and the ways in which clients write it: without `/v1`, with two of them, as Azure or Groq. */
const MODELS_PATH = '/v1/models';
const MODELS_SPELLINGS = /^\/+(?:(?:v1|openai)\/+)?(?:v1\/+)?models(?=[/?#]|$)/;
/** Served without the base path only: a proxy that passes all of a prefix on must not publish it. */
const METRICS_SEGMENT = 'metrics';

declare module 'fastify' {
  interface FastifyInstance {
    /** Matches the prefix under which everything is served as well; undefined for none. */
    basePath: RegExp | undefined;
  }
}

/** What matches a base path at the beginning of a request's path, with doubled slashes too; undefined for no path. */
export function basePathPattern(basePath: string): RegExp | undefined {
  return basePath === '' ? undefined : new RegExp(`^${basePath.replaceAll('/', '/+')}(?=[/?#]|$)`);
}

/**
 * The path and query that are routed for a request's target: without the base path, and with the models in one place.
 * @param basePath what matches the base path
 */
export function routedPath(target: string, basePath: RegExp | undefined): string {
  if (target === MODELS_PATH) return target;
  const path = pathOf(target);
  if (basePath === undefined || MODELS_SPELLINGS.test(path)) return atModelsPath(path);
  const [prefix] = basePath.exec(path) ?? [];
  if (prefix === undefined) return path;
  const rest = withSlash(path.slice(prefix.length));
  return firstSegment(rest) === METRICS_SEGMENT ? path : atModelsPath(rest);
}

function atModelsPath(path: string): string {
  return path.replace(MODELS_SPELLINGS, MODELS_PATH);
}

/** As the router reads it. */
function firstSegment(path: string): string | undefined {
  const [, segment = ''] = /^\/+([^/?#]*)/.exec(path) ?? [];
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
