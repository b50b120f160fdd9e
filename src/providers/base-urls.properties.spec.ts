import { expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { COMPATIBLE_CONTRACTS, PROVIDER_CONTRACTS } from '../../test/contract/provider-contracts.js';
import { runs } from '../../test/support/runs.js';
import { ENGINES, unitProvider } from '../../test/support/unit-provider.js';
import { IsBaseUrl } from '../config/rules/urls.js';

/** What each vendor sets in the query string, whatever the base URL has, as its row of the contract table says. */
const SET_BY_VENDORS = new Map(
  [...PROVIDER_CONTRACTS, ...COMPATIBLE_CONTRACTS].map(({ engine, pages, secondPages = [] }) => [
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
    ...['chat', 'completions', 'messages', 'embed', 'deployments', 'ml', 'foundation_model_specs'],
    ...[
      'ai',
      'run',
      'search',
      'accounts',
      'client',
      'serving-endpoints',
      'api',
      '2.0',
      'inference',
      'catalog',
    ],
    ...['orgs', 'ai-gateway', 'mlflow', 'foundation-models', 'inference-profiles', 'https:', '@gw.test'],
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
    fc.constantFrom('', '/', '//', '/models', '/chat/completions'),
    query,
    fc.constantFrom('', '#v1', '#/models'),
  )
  .map(([scheme, authority, path, end, parameters, fragment]) => {
    const search = new URLSearchParams(parameters).toString();
    return `${scheme}://${authority}${['', ...path].join('/')}${end}${search && `?${search}`}${fragment}`;
  });

/** They add a version only where the path names none. */
const WITH_ONE_VERSION = ['orbit', 'openai', 'vllm'];

function versionsOf({ pathname }: URL): number {
  return pathname.split('/').filter((each) => /^v\d/i.test(each)).length;
}

/** How often a version follows itself. */
function doubledVersions({ pathname }: URL): number {
  const segments = pathname.toLowerCase().split('/').filter(Boolean);
  return segments.filter((each, at) => /^v\d/.test(each) && each === segments[at + 1]).length;
}

it('the host of a base URL is asked, with its query string, at a path that stays and doubles no version', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ENGINES), baseUrl, (engine, text) => {
      const listUrl = (given: string): URL => {
        const { url } = unitProvider(engine, given).settings ?? {};
        if (url === undefined) throw new Error('there is no URL');
        return url;
      };
      const base = new URL(text);
      const url = listUrl(text);
      expect([url.protocol, url.host, url.username, url.hash]).toEqual([base.protocol, base.host, '', '']);
      expect([url.pathname, doubledVersions(url) > doubledVersions(base)]).toEqual([url.pathname, false]);
      if (WITH_ONE_VERSION.includes(engine))
        expect([url.pathname, versionsOf(url) > Math.max(1, versionsOf(base))]).toEqual([
          url.pathname,
          false,
        ]);
      expect(listUrl(url.href).href).toBe(url.href);
      if (WITHOUT_QUERY.includes(engine)) return;
      for (const name of base.searchParams.keys()) {
        if (SET_BY_VENDORS.get(engine)?.includes(name)) continue;
        expect([name, url.searchParams.getAll(name)]).toEqual([name, base.searchParams.getAll(name)]);
      }
    }),
    runs(500),
  );
});

class Variables {
  @IsBaseUrl()
  BASE_URL: string | undefined;
}

it('a base URL is one of http or https, without credentials, or it is refused', () => {
  const text = fc.oneof(
    baseUrl,
    fc
      .tuple(baseUrl, fc.constantFrom('a@', ':b@', 'a:b@', '%40@', '\\', '\t', ' '))
      .map(([url, more]) => url.replace('://', `://${more}`)),
    fc
      .tuple(
        fc.constantFrom('http:', 'https:', 'http:/', 'https://', 'file://', 'HTTP://'),
        fc.string({ unit: 'grapheme' }),
      )
      .map(([scheme, rest]) => scheme + rest),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (value) => {
      const variables = Object.assign(new Variables(), { BASE_URL: value });
      if (validateSync(variables).length > 0) return;
      const { protocol, username, password, hostname } = new URL(value);
      expect([username, password]).toEqual(['', '']);
      expect(protocol).toMatch(/^https?:$/);
      const [, name = ''] = /^https?:\/\/([a-z][a-z\d.-]*)(?=[:/?#]|$)/i.exec(value) ?? [];
      expect(hostname.startsWith(name.toLowerCase())).toBe(true);
    }),
    runs(300),
  );
});
