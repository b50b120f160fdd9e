import { expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { COMPATIBLE_CONTRACTS, PROVIDER_CONTRACTS } from '../../test/contract/provider-contracts.js';
import type { ProviderContract } from '../../test/contract/provider-contracts.js';
import { runs } from '../../test/support/runs.js';
import { ENGINES, UNIT_ACCOUNT, UNIT_REQUEST, unitProvider } from '../../test/support/unit-provider.js';
import { IsBaseUrl } from '../config/rules/urls.js';

const CONTRACTS: ReadonlyMap<string, ProviderContract> = new Map(
  [...PROVIDER_CONTRACTS, ...COMPATIBLE_CONTRACTS].map((contract) => [contract.engine, contract]),
);
/** What a base URL may end in that was copied from an example of a request. */
const REQUESTS = words('/chat/completions /completions /responses /embeddings /messages');

/** What each vendor sets in the query string, whatever the base URL has, as its row of the contract table says. */
const SET_BY_VENDORS = new Map(
  [...CONTRACTS].map(([engine, { pages, secondPages = [] }]) => [
    engine,
    [...pages, ...secondPages].flatMap(({ request }) => [
      ...new URL(request, 'http://provider.test').searchParams.keys(),
    ]),
  ]),
);
/** Their requests are signed without a query string. */
const WITHOUT_QUERY = PROVIDER_CONTRACTS.filter(({ signsWithoutKey }) => signsWithoutKey).map(
  ({ engine }) => engine,
);

const segment = fc.oneof(
  fc.constantFrom(
    ...[
      'v1',
      'v1',
      'v2',
      'V1',
      'v1beta',
      'v4',
      'models',
      'Models',
      'openai',
      'llm',
      '',
      '.',
      '..',
      '%2F',
      ':',
    ],
    ...['chat', 'completions', 'responses', 'embeddings', 'messages', 'Messages', 'embed', 'rerank'],
    ...['deployments', 'ml', 'foundation_model_specs', 'ai', 'run', 'search', 'accounts', 'client'],
    ...['serving-endpoints', 'api', '2.0', 'inference', 'catalog', 'orgs', 'ai-gateway', 'mlflow'],
    ...['foundation-models', 'inference-profiles', 'https:', '@gw.test'],
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }).map(encodeURIComponent),
);
const host = fc.constantFrom(
  ...[
    'gw.test',
    'gw.test:8000',
    '[::1]:8000',
    '127.0.0.1',
    'api.openai.com',
    'api.groq.com',
    'api.novita.ai',
  ],
);
const query = fc.array(
  fc.tuple(
    fc.constantFrom('key', 'tenant', 'limit', 'api-version', 'version', 'page', 'url', '?', 'a b', 'é', ''),
    fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.constantFrom('//x.test/v1', '1#', '%31')),
  ),
  { maxLength: 3 },
);
const baseUrl = fc
  .tuple(
    fc.constantFrom('http', 'https', 'HTTPS'),
    host,
    fc.array(segment, { maxLength: 6 }),
    fc.constantFrom('', '/', '//', '/models', '/v1/models/', ...REQUESTS, '/v1/Messages/'),
    query,
    fc.constantFrom('', '#v1', '#/models'),
  )
  .map(([scheme, authority, path, end, parameters, fragment]) => {
    const search = new URLSearchParams(parameters).toString();
    return `${scheme}://${authority}${['', ...path].join('/')}${end}${search && `?${search}`}${fragment}`;
  });

/** What vendors' own rules cut from the end of a path; by default only a list that is there already. */
const CUTS: Readonly<Record<string, string>> = {
  anthropic: '(/v1)?(/models)?',
  azure: '/openai/deployments(/.*)?|(/models)?',
  bedrock: '(/foundation-models)?',
  cloudflare: '(/ai(/(v1|run|models)(/.*)?)?)?',
  cohere: '(/v[12])?(/models)?(/(chat|embed|rerank))?',
  databricks: '((/api/2.0)?/serving-endpoints)?(/models)?',
  gemini: '(/openai)?(/models)?',
  github_models: '(/catalog(/models)?|(/orgs/[^/]+)?/inference)?',
  watsonx: '(/ml(/v1.*)?)?',
};
/** The ends of the paths of requests, which all rules cut; two of them where a vendor has one of its own. */
const REQUEST_ENDS = `(${REQUESTS.join('|')}){0,2}`;

/** The paths that a vendor may make of a base URL: what it must not cut stays, and what follows is of its list. */
function allowedPaths(engine: string, { pathname }: URL): string[] {
  const path = segmentsOf(pathname);
  const cut = new RegExp(`^(?:${CUTS[engine] ?? '(/models)?'})${REQUEST_ENDS}$`, 'i');
  const list = segmentsOf(listPathOf(engine));
  const ends = [['models'], ['v1', 'models'], ...list.map((_, at) => list.slice(at))];
  return [...path, '']
    .map((_, at) => at)
    .filter((at) =>
      cut.test(
        path
          .slice(at)
          .map((each) => `/${each}`)
          .join(''),
      ),
    )
    .flatMap((at) => ends.map((end) => `/${[...path.slice(0, at), ...end].join('/')}`));
}

/** The path of a vendor's list where nothing of it is in the base URL. */
function listPathOf(engine: string): string {
  const [page] = CONTRACTS.get(engine)?.pages ?? [];
  const path = page === undefined ? '/v1/models' : new URL(page.request, 'http://provider.test').pathname;
  return path.replace('acc1', UNIT_ACCOUNT);
}

function segmentsOf(pathname: string): string[] {
  return pathname.split('/').filter(Boolean);
}

function versionsOf({ pathname }: URL): number {
  return segmentsOf(pathname).filter((each) => /^v\d/i.test(each)).length;
}

/** How often a version follows itself. */
function doubledVersions({ pathname }: URL): number {
  const segments = segmentsOf(pathname.toLowerCase());
  return segments.filter((each, at) => /^v\d/.test(each) && each === segments[at + 1]).length;
}

/** The URL of the first page. */
function listUrl(engine: string, base: string): URL {
  const { url } = unitProvider(engine, base).settings ?? {};
  if (url === undefined) throw new Error('there is no URL');
  return url;
}

/** Fails unless a URL has the parameters of a base URL, those aside that the vendor sets. */
function expectQueryOf(base: URL, url: URL, engine: string): void {
  if (WITHOUT_QUERY.includes(engine)) return;
  for (const name of base.searchParams.keys()) {
    if (SET_BY_VENDORS.get(engine)?.includes(name)) continue;
    expect([name, url.searchParams.getAll(name)]).toEqual([name, base.searchParams.getAll(name)]);
  }
}

it('the host of a base URL is asked, with its query string, at a path that stays and doubles no version', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ENGINES), baseUrl, (engine, text) => {
      const base = new URL(text);
      const url = listUrl(engine, text);
      expect([url.protocol, url.host, url.username, url.hash]).toEqual([base.protocol, base.host, '', '']);
      expect(allowedPaths(engine, base)).toContain(`/${segmentsOf(url.pathname).join('/')}`);
      expect([text, doubledVersions(url) > doubledVersions(base)]).toEqual([text, false]);
      // A vendor with a rule of its own adds its version where the base URL does not end in it.
      const most = engine in CUTS ? versionsOf(base) + 1 : Math.max(1, versionsOf(base));
      expect([text, versionsOf(url) > most]).toEqual([text, false]);
      expect(listUrl(engine, url.href).href).toBe(url.href);
      expectQueryOf(base, url, engine);
    }),
    runs(500),
  );
});

/** The paths of lists, and the ends of base URLs that lead to each. */
const OPENAI_SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  '/v1/models': ['', '/v1', '/v1/models'],
  '/api/paas/v4/models': ['/api/paas/v4', '/api/paas/v4/models'],
  '/v1beta/openai/models': ['/v1beta/openai', '/v1beta/openai/models'],
  '/v1/llm/models': ['/v1/llm', '/v1/llm/models'],
};
const SPELLINGS: Readonly<Record<string, typeof OPENAI_SPELLINGS>> = {
  anthropic: { '/v1/models': ['', '/v1', '/V1', '/models', '/v1/models'] },
  azure: {
    '/openai/models': ['', '/openai', '/openai/models', '/openai/deployments', '/openai/deployments/a'],
    '/openai/v1/models': ['/openai/v1', '/openai/v1/models'],
  },
  bedrock: { '/foundation-models': ['', '/foundation-models'] },
  cloudflare: {
    [`/client/v4/accounts/${UNIT_ACCOUNT}/ai/models/search`]: [
      '',
      '/client/v4',
      '/ai',
      '/client/v4/ai/run/a',
    ],
    '/accounts/a/ai/models/search': words('/accounts/a /accounts/a/ai/v1 /accounts/a/ai/models/search'),
  },
  cohere: {
    '/v1/models': words(' /v1 /v2 /models /v1/models /v2/models /v1/chat /v2/chat /v1/embed /v2/rerank'),
    '/v3/v1/models': ['/v3', '/v3/v1', '/v3/v2/models'],
  },
  databricks: {
    '/api/2.0/serving-endpoints': ['', '/serving-endpoints', '/api/2.0/serving-endpoints'],
    '/ai-gateway/mlflow/v1/models': ['/ai-gateway/mlflow/v1', '/ai-gateway/mlflow/v1/models'],
  },
  gemini: {
    '/v1beta/models': words(' /v1beta /openai /models /v1beta/openai /v1beta/models /v1beta/openai/models'),
    '/v1/models': ['/v1', '/v1/openai', '/v1/models'],
  },
  github_models: {
    '/catalog/models': ['', '/catalog', '/catalog/models', '/inference', '/orgs/a/inference'],
  },
  watsonx: {
    '/ml/v1/foundation_model_specs': ['', '/ml', '/ml/v1', '/ml/v1/text', '/ml/v1/foundation_model_specs'],
  },
};
/** What means something to a vendor. */
const KNOWN = /^(?:v\d.*|\.{0,2}|ai|ml|api|2\.0|run|chat|orgs|openai|models|.*:)$/i;

it('behind any prefix of a path, all spellings of a base URL are the same list', () => {
  const prefix = fc
    .array(
      fc.oneof(
        fc.constantFrom('llm', 'my-models', 'env1', 'vendor', 'v', '@gw.test', 'a%2Fb', 'LLM'),
        fc.string({ unit: 'grapheme', maxLength: 4 }).map(encodeURIComponent),
      ),
      { maxLength: 3 },
    )
    .filter((segments) => !segments.some((each) => KNOWN.test(each)))
    .map((segments) => segments.map((each) => `/${each}`).join(''));
  const spelling = fc.constantFrom(...ENGINES).chain((engine) => {
    const spellings = Object.entries(SPELLINGS[engine] ?? OPENAI_SPELLINGS);
    return fc.constantFrom(
      ...spellings.flatMap(([list, ends]) => ends.map((end) => [engine, list, end] as const)),
    );
  });
  const request = fc.oneof(fc.constant(''), fc.constantFrom(...REQUESTS, '/Chat/Completions'));
  fc.assert(
    fc.property(prefix, spelling, request, fc.constantFrom('', '/', '//'), (start, spelt, more, end) => {
      const [engine, list, spelling] = spelt;
      const base = `https://gw.test${start}${spelling}${more}${end}`;
      expect([base, listUrl(engine, base).pathname]).toEqual([base, start + list]);
    }),
    runs(500),
  );
});

/** Which vendors have several pages, and how many these tests give them; a second list has as many. */
const PAGES = 3;
const PAGED = words('anthropic cohere gemini watsonx cloudflare');

it('further pages and second lists are asked of the same host, at the same path, with the same query string', async () => {
  const cursor = fc.oneof(
    fc.constantFrom('https://x.test/v1?start=', '//x.test/', '@x.test', '\\\\x.test', '/../..', '#', '?a=b&'),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PAGED, 'bedrock', ...ENGINES),
      baseUrl,
      cursor,
      async (engine, text, start) => {
        const base = new URL(text);
        const first = listUrl(engine, text);
        const asked: URL[] = [];
        await unitProvider(engine, text, (path, _headers, origin) => {
          asked.push(new URL(origin + path));
          const number = engine === 'bedrock' ? asked.length - 1 : asked.length;
          return pageWithCursors(number, start);
        }).listModels(UNIT_REQUEST);
        const paths = Array.from({ length: PAGED.includes(engine) ? PAGES : 1 }, () => first.pathname);
        if (engine === 'bedrock') {
          const profiles = first.pathname.replace(/foundation-models$/, 'inference-profiles');
          paths.push(...Array.from({ length: PAGES }, () => profiles));
        }
        expect(asked.map(({ origin, pathname }) => [origin, pathname])).toEqual(
          paths.map((path) => [base.origin, path]),
        );
        for (const url of asked) expectQueryOf(base, url, engine);
      },
    ),
    runs(200),
  );
});

/** A page of every vendor, with a cursor that the next one has not. */
function pageWithCursors(number: number, start: string): string {
  const rows = [{ id: 'a', name: 'a', model_id: 'a', modelId: 'a', inferenceProfileId: 'a' }];
  const next = number < PAGES ? `${start}${String(number)}` : undefined;
  return JSON.stringify({
    ...Object.fromEntries(
      words('data models endpoints resources result modelSummaries inferenceProfileSummaries').map((name) => [
        name,
        rows,
      ]),
    ),
    has_more: next !== undefined,
    last_id: next ?? null,
    next_page_token: next,
    nextPageToken: next,
    nextToken: next,
    next: next && { href: `https://x.test/v1?start=${encodeURIComponent(next)}#${next}` },
    result_info: { page: number, per_page: 1, total_count: PAGES },
  });
}

class Variables {
  @IsBaseUrl()
  BASE_URL: string | undefined;
}

/** A name or an IP address that is written as the class `URL` writes it. */
const PLAIN_HOST = /^https?:\/\/([a-z][a-z\d.-]*|\d{1,3}(?:\.\d{1,3}){3}|\[::1\])(?=[:/?#]|$)/i;

it('a base URL is one of http or https, without credentials, or it is refused', () => {
  const text = fc.oneof(
    fc.record({ value: baseUrl, isValid: fc.constant(true) }),
    fc.record({
      value: fc.oneof(
        fc
          .tuple(baseUrl, fc.constantFrom('a@', ':b@', 'a:b@', '%40@', '\\', '\t', ' '))
          .map(([url, more]) => url.replace('://', `://${more}`)),
        baseUrl.map((url) => url.replace(/^\w+/, 'ftp')),
      ),
      isValid: fc.constant(false),
    }),
    fc.record({
      value: fc.oneof(
        fc
          .tuple(
            fc.constantFrom('http:', 'https:', 'http:/', 'https://', 'file://', 'HTTP://'),
            fc.string({ unit: 'grapheme' }),
          )
          .map(([scheme, rest]) => scheme + rest),
        fc.string({ unit: 'binary' }),
      ),
      isValid: fc.constant(undefined),
    }),
  );
  fc.assert(
    fc.property(text, ({ value, isValid }) => {
      const isAccepted = validateSync(Object.assign(new Variables(), { BASE_URL: value })).length === 0;
      expect([value, isAccepted]).toEqual([value, isValid ?? isAccepted]);
      if (!isAccepted) return;
      const { protocol, username, password, hostname } = new URL(value);
      expect([username, password]).toEqual(['', '']);
      expect(protocol).toMatch(/^https?:$/);
      const [, name] = PLAIN_HOST.exec(value) ?? [];
      if (isValid !== undefined || name !== undefined) expect(hostname).toBe(name?.toLowerCase());
    }),
    runs(300),
  );
});

function words(text: string): readonly string[] {
  return text.split(' ');
}
