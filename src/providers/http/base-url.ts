/**
 * How the spellings in which base URLs are pasted become the URL of a model list.
 * Every function takes a URL that it leaves alone and keeps the query string.
 */

/** `{base}/models` where the path names a version anywhere, else `{base}/v1/models`. */
export function openAiModelsUrl(base: URL): URL {
  const path = trimmedPath(base);
  if (path.endsWith('/models')) return withPath(base, path);
  const hasVersion = path.split('/').some((segment) => /^v\d/i.test(segment));
  return withPath(base, hasVersion ? `${path}/models` : `${path}/v1/models`);
}

/** A vendor's bare host, which some SDKs take, is where its usual base URL is. */
export function withDefaultPath(base: URL, usual: URL): URL {
  return base.host === usual.host && trimmedPath(base) === '' ? withPath(base, usual.pathname) : base;
}

/** `{base}/{version}/models`, whether or not the base already ends in that version, in one of the others or in the whole path. */
export function versionedModelsUrl(base: URL, version: string, ...others: string[]): URL {
  const path = trimmedPath(base).replace(/\/models$/i, '');
  const ending = [version, ...others].find((each) => path.toLowerCase().endsWith(`/${each}`));
  const parent = ending === undefined ? path : path.slice(0, -ending.length - 1);
  return withPath(base, `${parent}/${version}/models`);
}

/** The same URL with these query parameters set. */
export function withQuery(url: URL, parameters: Readonly<Record<string, string>>): URL {
  const copy = new URL(url);
  for (const [name, value] of Object.entries(parameters)) copy.searchParams.set(name, value);
  return copy;
}

/** The same URL with those of these query parameters set that it lacks. */
export function withDefaultQuery(url: URL, parameters: Readonly<Record<string, string>>): URL {
  const missing = Object.entries(parameters).filter(([name]) => !url.searchParams.has(name));
  return withQuery(url, Object.fromEntries(missing));
}

/** What a base URL ends in that was copied from an example of a request, and slashes. */
const REQUEST_PATH = /(?:\/(?:(?:chat\/)?completions|responses|embeddings|messages))?\/*$/i;
/** A whole URL may stand in a path, behind the address of a proxy. */
const DOUBLED_SLASHES = /(?<!:)\/{2,}/g;

/** The path of a base URL without slashes at its end or doubled ones, nor what follows it in the URL of a request. */
export function trimmedPath(url: URL): string {
  return url.pathname.replace(DOUBLED_SLASHES, '/').replace(REQUEST_PATH, '');
}

/** The same URL with another path, and without a fragment. */
export function withPath(url: URL, path: string): URL {
  const copy = new URL(url);
  copy.pathname = path;
  copy.hash = '';
  return copy;
}
