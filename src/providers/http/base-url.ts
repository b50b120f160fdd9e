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

/**
 * `{base}/v1/models`, whether or not the base already ends in one of the given versions or in the whole path, which may
 * be that of Cohere's requests.
 */
export function versionedModelsUrl(base: URL, ...versions: string[]): URL {
  const path = trimmedPath(base).replace(/\/models$|(?<=\/v\d)\/(?:chat|embed|rerank)$/, '');
  const version = versions.find((each) => path.endsWith(`/${each}`));
  return withPath(base, `${version === undefined ? path : path.slice(0, -version.length - 1)}/v1/models`);
}

/**
 * Azure's two lists: `{endpoint}/openai/v1/models`, which needs no version, and `{endpoint}/openai/models`.
 * The address of a deployment, which Azure's portal offers for copying, is cut back to its resource.
 */
export function azureModelsUrl(
  endpoint: URL,
  apiVersion: string | undefined,
  defaultApiVersion: string,
): URL {
  const path = trimmedPath(endpoint)
    .replace(/\/openai\/deployments(\/.*)?$/, '/openai')
    .replace(/\/models$/, '');
  if (path.endsWith('/openai/v1')) return withPath(endpoint, `${path}/models`);
  const url = withPath(endpoint, path.endsWith('/openai') ? `${path}/models` : `${path}/openai/models`);
  if (apiVersion !== undefined || !url.searchParams.has('api-version')) {
    url.searchParams.set('api-version', apiVersion ?? defaultApiVersion);
  }
  return url;
}

/** Azure's third list: `{endpoint}/openai/deployments`, which only the given versions of the dated API have. */
export function azureDeploymentsUrl(
  endpoint: URL,
  apiVersion: string | undefined,
  [usual, ...others]: readonly [string, ...string[]],
): URL {
  const path = trimmedPath(endpoint)
    .replace(/\/openai\/deployments(\/.*)?$/, '/openai')
    .replace(/\/models$/, '')
    .replace(/\/openai(\/v1)?$/, '');
  const given = apiVersion ?? endpoint.searchParams.get('api-version');
  return withQuery(withPath(endpoint, `${path}/openai/deployments`), {
    'api-version': others.find((each) => each === given) ?? usual,
  });
}

/** The foundation models of Bedrock's control plane. A query string would have to be signed, and there is none. */
export function bedrockModelsUrl(base: URL): URL {
  const url = withPath(base, `${trimmedPath(base).replace(/\/foundation-models$/, '')}/foundation-models`);
  url.search = '';
  return url;
}

/** `{base}/v1beta/models`, whether or not the base names a version, the OpenAI-compatible part of it or the whole path. */
export function geminiModelsUrl(base: URL): URL {
  const path = trimmedPath(base)
    .replace(/\/models$/, '')
    .replace(/\/openai$/, '');
  return withPath(base, /\/v\d[^/]*$/.test(path) ? `${path}/models` : `${path}/v1beta/models`);
}

/** `{base}/catalog/models`, also where the base is that of the chats, an organisation's included. */
export function githubModelsUrl(base: URL): URL {
  const path = trimmedPath(base).replace(/(\/catalog(\/models)?|(\/orgs\/[^/]+)?\/inference)$/, '');
  return withPath(base, `${path}/catalog/models`);
}

/** `{workspace}/api/2.0/serving-endpoints`, also where the base is that of the chats. */
export function databricksEndpointsUrl(base: URL): URL {
  const path = trimmedPath(base).replace(/(\/api\/2\.0)?\/serving-endpoints$/, '');
  return withPath(base, `${path}/api/2.0/serving-endpoints`);
}

/** The same URL with these query parameters set. */
export function withQuery(url: URL, parameters: Readonly<Record<string, string>>): URL {
  const copy = new URL(url);
  for (const [name, value] of Object.entries(parameters)) copy.searchParams.set(name, value);
  return copy;
}

/** What a base URL ends in that was copied from an example of a request, and slashes. */
const REQUEST_PATH = /(?:\/+(?:(?:chat\/+)?completions|responses|embeddings|messages))?\/*$/i;

/** The path of a base URL without what follows it in the URL of a request. */
function trimmedPath(url: URL): string {
  return url.pathname.replace(REQUEST_PATH, '');
}

function withPath(url: URL, path: string): URL {
  const copy = new URL(url);
  copy.pathname = path;
  copy.hash = '';
  return copy;
}
