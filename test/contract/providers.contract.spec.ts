import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { providerConfig } from '../../src/config/provider.config.js';
import { KEY_RULE } from '../../src/config/rules/secrets.js';
import { BASE_URL_RULE } from '../../src/config/rules/urls.js';
import { upstreamConfig } from '../../src/config/upstream.config.js';
import {
  checkVariables,
  ConfigurationError,
  declaredVariables,
  propertiesOf,
  variableNames,
} from '../../src/config/variables.js';
import { BUILT_IN_PROVIDERS } from '../../src/providers/built-in-providers.js';
import type { ProviderSettings } from '../../src/providers/model-provider.js';
import { ProviderRegistry } from '../../src/providers/provider.registry.js';
import { COMPATIBLE_VENDORS } from '../../src/providers/vendors/compatible-vendors.js';
import { customProvider } from '../../src/providers/vendors/custom.provider.js';
import { LargeBodies } from '../../src/upstream/large-bodies/large-bodies.js';
import { inTurn, json, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { directRoute } from '../support/route.js';
import { secret, SECRET_MARK, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { COMPATIBLE_CONTRACTS, PROVIDER_CONTRACTS } from './provider-contracts.js';
import type { ContractPage, FullContract, ProviderContract } from './provider-contracts.js';

type Environment = Readonly<Record<string, string>>;
type Headers = Readonly<Record<string, string>>;
type Fields = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly body: unknown;
}

const OURS = secret('ours');
const CALLERS = secret('callers');
const OTHER = secret('other');

const CONTRACTS: readonly ProviderContract[] = [...PROVIDER_CONTRACTS, ...COMPATIBLE_CONTRACTS];
const KEY_VARIABLES = variableNames(KEY_RULE);
const URL_VARIABLES = variableNames(BASE_URL_RULE);
const CUSTOM_ENGINE = 'My-Custom-Engine';

/** The fields of a model in an answer. */
const FIELDS = new Set([
  'id',
  'object',
  'created',
  'owned_by',
  'display_name',
  'context_length',
  'max_model_len',
  'max_output_tokens',
  'capabilities',
  'lifecycle',
  'deprecates_at',
  'name',
  'description',
  'architecture',
  'pricing',
  'supported_parameters',
  'shutdown_date',
]);

const VENDORS = new URL('../../src/providers/vendors/', import.meta.url);
/** An address at which nothing listens. */
const NOWHERE = 'http://127.0.0.1:1';

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await startFakeUpstream();
});

beforeEach(() => {
  upstream.requests.length = 0;
});

afterAll(async () => {
  await upstream.close();
});

describe.each(PROVIDER_CONTRACTS)('$engine', (contract) => {
  const {
    baseUrlVariables,
    basePath,
    credential,
    emptyLists = [],
    engine,
    errors,
    models,
    moreMetadata = [],
    otherTokens = [],
    settings,
    signsWithoutKey,
    withoutBaseUrl,
  } = contract;
  const keyVariables = keyVariablesOf(contract);
  const requests = requestsOf(contract);
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(environmentOf(contract, { [keyVariables[0]]: OURS }));
  });

  beforeEach(() => {
    upstream.answer(listOf(contract));
  });

  afterAll(async () => {
    await gateway.close();
  });

  it('is the provider that the environment names', () => {
    const { configured } = gateway.app.get(ProviderRegistry);
    expect(configured).toMatchObject([{ identity: { engine }, settings: { url: { host: upstream.host } } }]);
  });

  it('requests every page and answers with its list in OpenAI’s format', async () => {
    await expectList(gateway, contract);
    expect(upstream.requests).toEqual(
      requests.map((url) => ({
        method: 'GET',
        url,
        headers: headersOf(contract, credential(OURS)),
      })),
    );
  });

  it('uses the start of the process when the provider gives no date', async () => {
    const { data } = (await ask(gateway)).body as { data: { id: string; created: number }[] };
    const started = Math.floor(Date.now() / 1000 - process.uptime());
    const ids = models.filter(([, created]) => created === undefined).map(([id]) => id);
    const invented = data.filter(({ created }) => Math.abs(created - started) <= 1);
    expect(invented.map(({ id }) => id)).toEqual(ids);
  });

  it.each(models.map(([id]) => id))('has %s, raw and encoded', async (id) => {
    const list = await ask(gateway);
    const { data } = list.body as { data: { id: string }[] };
    const expected = { status: 200, body: data.find((model) => model.id === id) };
    expect(await ask(gateway, {}, `/v1/models/${id}`)).toMatchObject(expected);
    expect(await ask(gateway, {}, `/v1/models/${encodeURIComponent(id)}`)).toMatchObject(expected);
  });

  it('gives the metadata of its models', async () => {
    await expectMetadata(gateway, contract);
  });

  for (const body of emptyLists) {
    it(`reads ${JSON.stringify(body)} as an empty list`, async () => {
      upstream.answer(json(body));
      expect(await ask(gateway)).toMatchObject({ status: 200, body: { object: 'list', data: [] } });
    });
  }

  for (const [fields, expected] of moreMetadata) {
    it(`reads ${JSON.stringify(fields)} as the metadata ${JSON.stringify(expected)}`, async () => {
      expect(await metadataFrom(gateway, contract, fields)).toEqual(expected);
    });
  }

  it('forwards the headers that concern the provider, and no others', async () => {
    const passedOn = {
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'vendor=value',
      'x-request-id': 'request-1',
    };
    await ask(gateway, {
      ...passedOn,
      accept: 'text/html',
      'accept-language': 'de',
      'anthropic-beta': 'caller',
      'anthropic-version': '2000-01-01',
      cookie: 'session=1',
      'user-agent': 'caller',
      'x-forwarded-for': '192.0.2.1',
      'x-stainless-lang': 'js',
    });
    expect(upstream.requests[0]?.headers).toEqual({
      ...headersOf(contract, credential(OURS)),
      ...passedOn,
    });
  });

  it.each<[string, Headers, Headers]>([
    ['no credential', {}, credential(OURS)],
    ['a bearer token', { authorization: `Bearer ${CALLERS}` }, credential(CALLERS)],
    [
      'a bearer token in lower case',
      { authorization: `bearer ${CALLERS}` },
      credential(CALLERS, `bearer ${CALLERS}`),
    ],
    ['another scheme', { authorization: `Token ${CALLERS}` }, { authorization: `Token ${CALLERS}` }],
    ['Basic', { authorization: 'Basic dXNlcjpwYXNz' }, { authorization: 'Basic dXNlcjpwYXNz' }],
    ['x-api-key', { 'x-api-key': CALLERS }, credential(CALLERS)],
    ['api-key', { 'api-key': CALLERS }, credential(CALLERS)],
    [
      'all three headers',
      { authorization: `Bearer ${CALLERS}`, 'x-api-key': OTHER, 'api-key': OTHER },
      credential(CALLERS),
    ],
    [
      'another scheme beside the key headers',
      { authorization: `Token ${CALLERS}`, 'x-api-key': OTHER, 'api-key': OTHER },
      { authorization: `Token ${CALLERS}` },
    ],
    ['an empty Authorization', { authorization: '', 'x-api-key': CALLERS }, credential(CALLERS)],
    ['an empty bearer token', { authorization: 'Bearer ', 'x-api-key': '' }, credential(OURS)],
    ['a placeholder', { authorization: 'Bearer not-used' }, credential(OURS)],
    ['a placeholder as x-api-key', { 'x-api-key': 'not-used' }, credential(OURS)],
    ['a placeholder as api-key', { 'api-key': 'not-used' }, credential(OURS)],
    [
      'a placeholder beside a key',
      { authorization: 'Bearer not-used', 'x-api-key': CALLERS },
      credential(CALLERS),
    ],
  ])('given %s, sends the right credential in the right form', async (_name, given, sent) => {
    expect((await ask(gateway, given)).status).toBe(200);
    expect(upstream.requests[0]?.headers).toEqual(headersOf(contract, sent));
  });

  for (const [name, token, sent] of otherTokens) {
    it(`sends ${name} in the headers that it needs`, async () => {
      const expected = headersOf(contract, sent);
      for (const given of [{ authorization: `bearer ${token}` }, { 'x-api-key': token }]) {
        expect((await ask(gateway, given)).status).toBe(200);
        expect(upstream.requests.at(-1)?.headers).toEqual(expected);
      }
      await withGateway(environmentOf(contract, { [keyVariables[0]]: token }), async (keyed) => {
        expect((await ask(keyed)).status).toBe(200);
      });
      expect(upstream.requests.at(-1)?.headers).toEqual(expected);
    });
  }

  describe.each([401, 429] as const)('at a %d', (status) => {
    const { headers, error, relayed } = errors[status];

    it('relays the error and its headers to a caller with its own credential', async () => {
      upstream.answer(failure(contract, status, headers, CALLERS));
      const answer = await ask(gateway, { authorization: `Bearer ${CALLERS}` });
      expect(answer).toEqual({ status, headers: answer.headers, body: { error } });
      expect(relayedHeaders(answer, [headers, relayed])).toEqual(relayed);
      expect(upstream.requests).toHaveLength(1);
    });

    it('does not relay the provider’s text about the operator’s key', async () => {
      upstream.answer(failure(contract, status, headers, OURS));
      const answer = await ask(gateway);
      const withheld = { ...error, message: `The provider answered ${String(status)}.` };
      expect(answer).toEqual({ status, headers: answer.headers, body: { error: withheld } });
      // Only the scheme of a challenge: its parameters may repeat the key.
      const challenge = 'www-authenticate' in relayed && { 'www-authenticate': 'Bearer' };
      expect(relayedHeaders(answer, [headers, relayed])).toEqual({ ...relayed, ...challenge });
    });
  });

  it('answers 502 to a 500, without a retry, and says why', async () => {
    upstream.answer(failure(contract, 500, { 'retry-after': '9', 'x-request-id': 'upstream-1' }));
    const answer = await ask(gateway, { authorization: `Bearer ${CALLERS}` });
    const error = {
      message: expect.stringMatching(/^The provider answered 500: \S/),
      type: 'upstream_error',
      param: null,
      code: 'upstream_error',
    };
    expect(answer).toEqual({ status: 502, headers: answer.headers, body: { error } });
    expect(answer.headers.get('retry-after')).toBe('9');
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(keyVariables.map((variable, index) => [variable, keyVariables.slice(index)] as const))(
    'takes the key from %s when it is the first set of its variables',
    async (variable, set) => {
      const keys = Object.fromEntries(set.map((each) => [each, secret(each)]));
      await withGateway(environmentOf(contract, keys), async (keyed) => {
        expect((await ask(keyed)).status).toBe(200);
      });
      expect(upstream.requests[0]?.headers).toEqual(headersOf(contract, credential(secret(variable))));
    },
  );

  it('sends no credential when none of its variables is set, whatever other keys are', async () => {
    const others = KEY_VARIABLES.filter((each) => !keyVariables.some((own) => own === each));
    const keys = Object.fromEntries(others.map((each) => [each, secret(each)]));
    await withGateway(environmentOf(contract, keys), async (keyless) => {
      expect((await ask(keyless)).status).toBe(signsWithoutKey ? 502 : 200);
    });
    expect(upstream.requests.map(({ headers }) => headers)).toEqual(
      signsWithoutKey ? [] : requests.map(() => headersOf(contract, {})),
    );
  });

  it.each(baseUrlVariables.map((variable, index) => [variable, baseUrlVariables.slice(index + 1)] as const))(
    'takes the base URL from %s when it is the first set of its variables',
    async (variable, later) => {
      const nowhere = Object.fromEntries(later.map((each) => [each, NOWHERE]));
      const urls = { ...nowhere, [variable]: `${upstream.url}${basePath}/` };
      await withGateway(
        { ...settings, MAIN_MODEL_ENGINE: engine, [keyVariables[0]]: OURS, ...urls },
        async (placed) => {
          expect((await ask(placed)).status).toBe(200);
        },
      );
      expect(upstream.requests.map(({ url }) => url)).toEqual(requests);
    },
  );

  it('cuts the path of a request off the end of the base URL', async () => {
    const [variable] = baseUrlVariables;
    const pasted = { [variable]: `${upstream.url}${basePath}/chat/completions/` };
    await withGateway(environmentOf(contract, pasted), async (placed) => {
      expect((await ask(placed, { authorization: `Bearer ${CALLERS}` })).status).toBe(200);
    });
    expect(upstream.requests.map(({ url }) => url)).toEqual(requests);
  });

  it('without a base URL sends no request to the URL of another engine', async () => {
    const others = URL_VARIABLES.filter((each) => !baseUrlVariables.includes(each));
    const urls = Object.fromEntries(others.map((each) => [each, upstream.url]));
    const env = { ...settings, MAIN_MODEL_ENGINE: engine, [keyVariables[0]]: OURS, ...urls };
    await withGateway(env, async (unplaced) => {
      if (withoutBaseUrl === 'an empty list') {
        expect(await ask(unplaced)).toMatchObject({ status: 200, body: { object: 'list', data: [] } });
      } else if ('missing' in withoutBaseUrl) {
        expect(await ask(unplaced)).toMatchObject({
          status: 502,
          body: {
            error: {
              message: expect.stringContaining(withoutBaseUrl.missing),
              type: 'upstream_error',
              param: null,
              code: 'provider_not_configured',
            },
          },
        });
      } else {
        const [provider] = unplaced.app.get(ProviderRegistry).configured;
        expect(provider?.settings?.url?.host).toBe(withoutBaseUrl.host);
      }
    });
    expect(upstream.requests).toEqual([]);
  });
});

describe.each(COMPATIBLE_CONTRACTS)('$engine', (contract) => {
  const { emptyLists = [], engine, errors, keyVariables, moreMetadata = [], pages } = contract;
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(environmentOf(contract, { [keyVariables[0]]: OURS }));
  });

  beforeEach(() => {
    upstream.answer(listOf(contract));
  });

  afterAll(async () => {
    await gateway.close();
  });

  it('is the provider that the environment names', () => {
    const { configured } = gateway.app.get(ProviderRegistry);
    expect(configured).toMatchObject([{ identity: { engine }, settings: { url: { host: upstream.host } } }]);
  });

  it('requests its list, and answers with it in OpenAI’s format', async () => {
    await expectList(gateway, contract);
    const authorization = `bearer ${CALLERS}`;
    expect((await ask(gateway, { authorization })).status).toBe(200);
    expect(upstream.requests).toMatchObject([
      { method: 'GET', url: pages[0].request, headers: { authorization: `Bearer ${OURS}` } },
      { method: 'GET', url: pages[0].request, headers: { authorization } },
    ]);
  });

  it('gives the metadata of its models', async () => {
    await expectMetadata(gateway, contract);
  });

  for (const body of emptyLists) {
    it(`reads ${JSON.stringify(body)} as an empty list`, async () => {
      upstream.answer(json(body));
      expect(await ask(gateway)).toMatchObject({ status: 200, body: { object: 'list', data: [] } });
    });
  }

  for (const [fields, expected] of moreMetadata) {
    it(`reads ${JSON.stringify(fields)} as the metadata ${JSON.stringify(expected)}`, async () => {
      expect(await metadataFrom(gateway, contract, fields)).toEqual(expected);
    });
  }

  for (const [status, { headers, error, relayed }] of Object.entries(errors ?? {})) {
    it(`relays its ${status}`, async () => {
      upstream.answer(failure(contract, Number(status), headers, CALLERS));
      const answer = await ask(gateway, { authorization: `Bearer ${CALLERS}` });
      expect(answer).toEqual({ status: Number(status), headers: answer.headers, body: { error } });
      expect(relayedHeaders(answer, [headers, relayed])).toEqual(relayed);
    });
  }
});

describe.each(CONTRACTS)('the settings of $engine', (contract) => {
  const {
    baseUrlVariables,
    engine,
    keyVariables,
    otherHostKeyVariables = [],
    pages,
    settings = {},
    urls = [],
    withoutBaseUrl,
  } = contract;

  it('have the variables of keys in their order', () => {
    expect(settingsOf(engine, settings)?.keyVariables).toEqual(keyVariables);
    const elsewhere = { ...settings, MAIN_MODEL_BASE_URL: NOWHERE };
    const all = [...keyVariables, ...otherHostKeyVariables];
    expect(settingsOf(engine, elsewhere)?.keyVariables).toEqual(all);
  });

  it('have a default URL, also as a bare host, or name the missing variable', () => {
    if (withoutBaseUrl === 'an empty list' || 'missing' in withoutBaseUrl) {
      const missing = withoutBaseUrl === 'an empty list' ? undefined : withoutBaseUrl.missing;
      expect(settingsOf(engine, settings)).toMatchObject({ url: undefined, missingVariable: missing });
      return;
    }
    const { host } = withoutBaseUrl;
    const origin = `${host.startsWith('localhost') ? 'http' : 'https'}://${host}`;
    for (const base of ['', origin]) {
      const { url } = settingsOf(engine, { ...settings, MAIN_MODEL_BASE_URL: base }) ?? {};
      expect(url?.href).toBe(`${origin}${pages[0].request}`);
    }
  });

  for (const [base, list, more] of urls) {
    it(`make of ${base} and ${JSON.stringify(more)} the list ${list}`, () => {
      const environment = { ...settings, ...more, [baseUrlVariables[0]]: base };
      expect(settingsOf(engine, environment)?.url?.href).toBe(list);
    });
  }
});

describe.each(PROVIDER_CONTRACTS)('UPSTREAM_HEADERS beside $engine', ({ credential }) => {
  it.each(Object.keys(credential('token')))('cannot set %s', (name) => {
    expect(problemsOf({ UPSTREAM_HEADERS: `${name}: MARK` })).toMatchObject([
      { variable: 'UPSTREAM_HEADERS' },
    ]);
  });
});

const VARIABLES = CONTRACTS.flatMap(({ variables = [] }) => variables);

describe.each(VARIABLES)('$name', ({ name, byDefault, accepts, refuses, rule }) => {
  const valueIn = (environment: Environment): unknown =>
    inEnvironment(environment, () => declaredVariables().find((each) => each.name === name)?.value);

  it('has its default', () => {
    expect(valueIn({})).toBe(byDefault);
    expect(valueIn({ [name]: ' ' })).toBe(byDefault);
  });

  it.each(accepts)('accepts %j', (text, value) => {
    for (const given of [text, ` ${text}\n`]) {
      expect(problemsOf({ [name]: given })).toEqual([]);
      expect(valueIn({ [name]: given })).toBe(value);
    }
  });

  it.each(refuses)('refuses %j', (text) => {
    const problems = problemsOf({ [name]: text }).map((problem) => ({
      ...problem,
      // What is wrong with the value may follow.
      rule: problem.rule.split('; this ')[0],
    }));
    expect(problems).toEqual([{ variable: name, rule: `must be ${rule}` }]);
  });
});

describe.each(PROVIDER_CONTRACTS.filter(({ pages }) => pages.length > 1))(
  'the pages of $engine',
  (contract) => {
    const { lastPages, listField = 'data', models, pages } = contract;
    const [first, second] = pages.map(({ fixture }) => read(contract, fixture) as Fields);

    it.each(lastPages)('end with %j', async (last) => {
      upstream.answer(inTurn(json(first), json({ ...second, ...last }), json({}, 500)));
      await withGateway(environmentOf(contract), async (gateway) => {
        const { status, body } = await ask(gateway);
        expect(status).toBe(200);
        const ids = (body as { data: { id: string }[] }).data.map(({ id }) => id);
        expect(ids).toEqual(models.map(([id]) => id).slice(0, ids.length));
        expect(ids.length).toBeGreaterThan(0);
      });
      expect(upstream.requests.map(({ url }) => url)).toEqual(
        pages.slice(0, 2).map(({ request }) => request),
      );
    });

    it('may include one without models', async () => {
      upstream.answer(json({ ...first, ...nested(listField, []) }));
      await withGateway(environmentOf(contract), async (gateway) => {
        expect(await ask(gateway)).toMatchObject({ status: 200, body: { object: 'list', data: [] } });
      });
      expect(upstream.requests).toHaveLength(1);
    });

    it('may be as many as UPSTREAM_MAX_PAGES', async () => {
      upstream.answer(listOf(contract));
      const environment = environmentOf(contract, { UPSTREAM_MAX_PAGES: String(pages.length) });
      await withGateway(environment, async (gateway) => {
        expect((await ask(gateway)).status).toBe(200);
      });
      expect(upstream.requests).toHaveLength(pages.length);
    });

    it.each<[string, Script, Environment, number, object]>([
      [
        'the cursor repeats',
        json(first),
        {},
        2,
        { status: 502, body: { error: { code: 'upstream_invalid_response' } } },
      ],
      [
        'there are more than UPSTREAM_MAX_PAGES',
        listOf(contract),
        { UPSTREAM_MAX_PAGES: String(pages.length - 1) },
        pages.length - 1,
        {
          status: 502,
          body: {
            error: {
              message: expect.stringContaining('UPSTREAM_MAX_PAGES'),
              code: 'upstream_invalid_response',
            },
          },
        },
      ],
      [
        'one fails',
        inTurn(json(first), failure(contract, 500)),
        {},
        2,
        { status: 502, body: { error: { code: 'upstream_error' } } },
      ],
      [
        'one is no list',
        inTurn(json(first), json({ status: 'ok' })),
        {},
        2,
        { status: 502, body: { error: { code: 'upstream_invalid_response' } } },
      ],
      ['one is refused', inTurn(json(first), failure(contract, 429)), {}, 2, { status: 429 }],
    ])('are a failure when %s', async (_name, script, environment, requests, expected) => {
      upstream.answer(script);
      await withGateway(environmentOf(contract, environment), async (gateway) => {
        expect(await ask(gateway)).toMatchObject(expected);
      });
      expect(upstream.requests).toHaveLength(requests);
    });

    it('share one deadline', async () => {
      upstream.answer(inTurn(json(first), () => undefined));
      await withGateway(environmentOf(contract, { UPSTREAM_TIMEOUT_MS: '400' }), async (gateway) => {
        expect(await ask(gateway)).toMatchObject({
          status: 502,
          body: { error: { code: 'upstream_timeout' } },
        });
      });
    });
  },
);

describe('the contract table', () => {
  const ROWS = 'test/contract/provider-contracts.ts';

  it.each(BUILT_IN_PROVIDERS)('has a row for $engine', ({ engine }) => {
    const isRow = COMPATIBLE_VENDORS.some((vendor) => vendor.engine === engine);
    const fitting: readonly ProviderContract[] = isRow ? CONTRACTS : PROVIDER_CONTRACTS;
    const table = isRow ? 'COMPATIBLE_CONTRACTS' : 'PROVIDER_CONTRACTS';
    const advice = `${engine}: add a row to ${table} in ${ROWS}`;
    expect(fitting.some((row) => row.engine === engine) ? undefined : advice).toBeUndefined();
  });

  it.each(CONTRACTS)('has a provider for its row $engine', ({ engine }) => {
    const isKnown = engine === CUSTOM_ENGINE || BUILT_IN_PROVIDERS.some((vendor) => vendor.engine === engine);
    const advice = `${engine}: add a line to src/providers/built-in-providers.ts, or a row to compatible-vendors.ts`;
    expect(isKnown ? undefined : advice).toBeUndefined();
  });

  it.each(BUILT_IN_PROVIDERS)(
    'has the variables that the class of $engine declares',
    ({ engine, variables }) => {
      const declared = variables === undefined ? [] : propertiesOf(variables);
      const row = CONTRACTS.find((each) => each.engine === engine);
      const tested = new Set(row?.variables?.map(({ name }) => name));
      const missing = declared.filter((name) => !tested.has(name) && !tested.has(name.replace(/_FILE$/, '')));
      const advice = missing.map((name) => `${engine}: add ${name} to the variables of its row in ${ROWS}`);
      expect(advice).toEqual([]);
    },
  );

  it('has a row for the provider that an unset variable means', async () => {
    await withGateway({}, (gateway) => {
      expect(gateway.app.get(ProviderRegistry).configured[0]?.identity.engine).toBe('openai');
    });
  });
});

it.each(readdirSync(VENDORS).filter((name) => name.endsWith('.provider.ts')))(
  'src/providers/vendors/%s is in the list of built-in providers',
  async (file) => {
    const exported = Object.values((await import(new URL(file, VENDORS).href)) as object);
    const unlisted = exported.filter(
      (each: unknown) =>
        typeof each === 'object' &&
        each !== null &&
        'engine' in each &&
        !BUILT_IN_PROVIDERS.some((vendor) => vendor === each),
    );
    const advice = `${file}: add a line to src/providers/built-in-providers.ts`;
    expect(unlisted.length === 0 ? undefined : advice).toBeUndefined();
  },
);

describe('PLACEHOLDER_API_KEYS', () => {
  const contract = contractOf('openai', PROVIDER_CONTRACTS);
  const environment = { OPENAI_API_KEY: OURS, PLACEHOLDER_API_KEYS: 'dummy, none' };

  it.each([
    ['dummy', `Bearer ${OURS}`],
    ['none', `Bearer ${OURS}`],
    ['not-used', 'Bearer not-used'],
  ])('makes %s the credential %s', async (token, authorization) => {
    upstream.answer(listOf(contract));
    await withGateway(environmentOf(contract, environment), async (gateway) => {
      expect((await ask(gateway, { authorization: `Bearer ${token}` })).status).toBe(200);
    });
    expect(upstream.requests[0]?.headers).toEqual(headersOf(contract, { authorization }));
  });
});

describe('the addresses of Azure', () => {
  const contract = contractOf('azure', PROVIDER_CONTRACTS);

  it.each<[string, Environment, string]>([
    ['', { MAIN_MODEL_ENGINE: 'Azure-OpenAI' }, '/openai/models?api-version=2024-06-01'],
    ['', { AZURE_OPENAI_API_VERSION: '2024-10-21' }, '/openai/models?api-version=2024-10-21'],
    ['/openai/deployments/gpt', {}, '/openai/models?api-version=2024-06-01'],
    ['?api-version=2023-05-15', {}, '/openai/models?api-version=2023-05-15'],
  ])('an endpoint with "%s" and %j means %s', async (path, environment, request) => {
    upstream.answer(json(read(contract, 'list.json')));
    const endpoint = { AZURE_OPENAI_ENDPOINT: upstream.url + path };
    await withGateway(environmentOf(contract, { ...endpoint, ...environment }), async (gateway) => {
      expect(await ask(gateway)).toMatchObject({ status: 200, body: { data: { length: 3 } } });
    });
    expect(upstream.requests.map(({ url }) => url)).toEqual([request]);
  });

  it.each(['/openai/v1', '/openai/v1/', '/openai/v1/chat/completions'])(
    'an endpoint with %s needs no version',
    async (path) => {
      upstream.answer(json(read(contract, 'list.v1.json')));
      const environment = {
        AZURE_OPENAI_ENDPOINT: upstream.url + path,
        AZURE_OPENAI_API_VERSION: '2024-10-21',
      };
      await withGateway(environmentOf(contract, environment), async (gateway) => {
        expect((await ask(gateway, { authorization: `Bearer ${CALLERS}` })).body).toEqual({
          object: 'list',
          data: [
            { id: 'gpt-4o-2024-11-20', object: 'model', created: 1732060800, owned_by: 'system' },
            { id: 'o4-mini-2025-04-16', object: 'model', created: 1744761600, owned_by: 'azure' },
          ],
        });
      });
      expect(upstream.requests).toEqual([
        { method: 'GET', url: '/openai/v1/models', headers: headersOf(contract, { 'api-key': CALLERS }) },
      ]);
    },
  );
});

describe('the deployments of Azure', () => {
  const contract = contractOf('azure', PROVIDER_CONTRACTS);

  it.each(['', '/openai/v1'])('are listed by their names at an endpoint with "%s"', async (path) => {
    upstream.answer(json(read(contract, 'deployments.json')));
    const environment = {
      AZURE_OPENAI_ENDPOINT: upstream.url + path,
      AZURE_OPENAI_API_VERSION: '2024-06-01',
      AZURE_OPENAI_LIST: 'deployments',
    };
    await withGateway(environmentOf(contract, environment), async (gateway) => {
      expect((await ask(gateway, { authorization: `Bearer ${CALLERS}` })).body).toEqual({
        object: 'list',
        data: [
          { id: 'triage-chat', object: 'model', created: 1742000000, owned_by: 'azure' },
          { id: 'search-embed', object: 'model', created: 1742000200, owned_by: 'azure' },
        ],
      });
    });
    expect(upstream.requests).toEqual([
      {
        method: 'GET',
        url: '/openai/deployments?api-version=2023-03-15-preview',
        headers: headersOf(contract, { 'api-key': CALLERS }),
      },
    ]);
  });
});

describe('the compatible vendors', () => {
  it('never receive OpenAI’s key, and callers never see an e-mail address', async () => {
    for (const engine of ['sambanova', 'databricks']) {
      const contract = contractOf(engine, CONTRACTS);
      upstream.answer(listOf(contract));
      await withGateway(environmentOf(contract, { OPENAI_API_KEY: OURS }), async (gateway) => {
        expect(JSON.stringify((await ask(gateway)).body)).not.toContain('@');
      });
    }
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });
});

describe('watsonx at IBM Cloud', () => {
  it.each([
    [{ WATSONX_REGION: 'us-south' }],
    [{ WATSONX_URL: 'https://eu-de.ml.cloud.ibm.com' }],
    [{ MAIN_MODEL_BASE_URL: 'https://eu-de.ml.cloud.ibm.com/ml/v1' }],
  ])('gets none of the operator’s keys with %j', (settings) => {
    expect(settingsOf('watsonx', settings)?.keyVariables).toEqual([]);
  });

  it('is IBM’s host alone', () => {
    const { keyVariables } =
      settingsOf('watsonx', { WATSONX_URL: 'https://ml.cloud.ibm.com.evil.test' }) ?? {};
    expect(keyVariables).toEqual(['WATSONX_TOKEN', 'MAIN_MODEL_API_KEY']);
  });
});

describe('a page that hides others', () => {
  const row = { model_id: 'a', name: 'a' };

  it.each<[engine: string, name: string, page: Fields]>([
    ['watsonx', 'a link without a start', { resources: [row], next: { href: 'https://evil.test/' } }],
    ['watsonx', 'an empty start', { resources: [row], next: { href: '?start=&limit=1' } }],
    ['watsonx', 'a link that is no text', { resources: [row], next: { href: 7 } }],
    ['cloudflare', 'another number', { result: [row], result_info: { page: 2, total_count: 9 } }],
    ['cloudflare', 'a number that is text', { result: [row], result_info: { page: '1', total_count: 9 } }],
    ['cloudflare', 'a failure with a list', { success: false, result: [row] }],
    ['cloudflare', 'a failure without one', { success: false, errors: [{ code: 7003 }], result: null }],
  ])('is a failure of %s: %s', async (engine, _name, page) => {
    const contract = contractOf(engine, CONTRACTS);
    upstream.answer(json(page));
    await withGateway(environmentOf(contract), async (gateway) => {
      expect(await ask(gateway)).toMatchObject({
        status: 502,
        body: { error: { code: 'upstream_invalid_response' } },
      });
    });
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('statuses beyond the standard', () => {
  it.each([
    ['cohere', 498, 498, 'The text holds a token that is not allowed.', null],
    ['cohere', 499, 499, 'The request was cancelled.', null],
    ['anthropic', 529, 502, 'The provider answered 529: There is too much to do just now.', 'upstream_error'],
  ])('a %s %d becomes a %d', async (engine, given, status, message, code) => {
    const contract = contractOf(engine, CONTRACTS);
    upstream.answer(failure(contract, given));
    await withGateway(environmentOf(contract), async (gateway) => {
      const answer = await ask(gateway, { authorization: `Bearer ${CALLERS}` });
      expect(answer).toMatchObject({ status, body: { error: { message, param: null, code } } });
    });
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('lists of other shapes', () => {
  const contract = contractOf(CUSTOM_ENGINE, PROVIDER_CONTRACTS);
  const chat = { id: 'orbit/chat', object: 'model', created: 1749000000, owned_by: 'orbit' };
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(environmentOf(contract));
  });

  afterAll(async () => {
    await gateway.close();
  });

  it.each([
    ['list.bare-array.json', [{ ...chat, owned_by: 'My-Custom-Engine' }]],
    ['list.models-key.json', [chat]],
    ['list.both-keys.json', [chat]],
    ['list.data-null.json', []],
    ['list.bad-rows.json', [chat, { ...chat, id: 'orbit/embed', created: 1749000001 }]],
    [
      'list.odd-dates.json',
      [
        { ...chat, id: 'float' },
        { ...chat, id: 'milliseconds' },
        { ...chat, id: 'rfc3339' },
        { ...chat, id: 'epoch', created: 0 },
      ],
    ],
  ])('%s is read', async (fixture, data) => {
    upstream.answer(json(read(contract, fixture)));
    expect(await ask(gateway)).toMatchObject({ status: 200, body: { object: 'list', data } });
  });

  it('counts skipped rows in one line of the log', async () => {
    const list = read(contract, 'list.bad-rows.json') as object;
    await withGateway(environmentOf(contract), async (fresh) => {
      for (const body of [list, list, { ...list, changed: true }]) {
        upstream.answer(json(body));
        await ask(fresh);
      }
      expect(fresh.logs.filter((line) => line.includes('4 rows'))).toHaveLength(1);
    });
  });

  it.each([
    ['HTML', '<!doctype html><title>Sign in</title>'],
    ['JSON that breaks off', '{"object":"list","data":[{"id":"a"}'],
    ['nothing', ''],
    ['an object without a list', '{"status":"ok"}'],
    ['an error', '{"error":{"message":"no"}}'],
    ['a text', '"list"'],
    ['null', 'null'],
    ['data that is no array', '{"data":{"id":"a"}}'],
  ])('%s is no list', async (_name, body) => {
    upstream.answer((_request, response) => response.end(body));
    expect(await ask(gateway)).toMatchObject({
      status: 502,
      body: { error: { type: 'upstream_error', param: null, code: 'upstream_invalid_response' } },
    });
    expect(upstream.requests).toHaveLength(1);
  });
});

/** The row of an engine. */
function contractOf<C extends ProviderContract>(name: string, contracts: readonly C[]): C {
  const contract = contracts.find(({ engine }) => engine === name);
  if (contract === undefined) throw new Error(`the table has no row for ${name}`);
  return contract;
}

/** The variables of keys that the tests of a contract set, with the base URL in its first variable. */
function keyVariablesOf({
  baseUrlVariables,
  keyVariables,
  otherHostKeyVariables = [],
}: ProviderContract): ProviderContract['keyVariables'] {
  return baseUrlVariables[0] === 'MAIN_MODEL_BASE_URL'
    ? [...keyVariables, ...otherHostKeyVariables]
    : keyVariables;
}

/** All pages of a provider. */
function pagesOf({ pages, secondPages = [] }: ProviderContract): readonly ContractPage[] {
  return [...pages, ...secondPages];
}

/** The requests for all pages of a provider, in their order. */
function requestsOf(contract: ProviderContract): string[] {
  return pagesOf(contract).map(({ request }) => request);
}

/** The environment of a provider at the fake upstream. */
function environmentOf(
  { baseUrlVariables, basePath, engine, settings }: ProviderContract,
  more: Environment = {},
): Environment {
  return {
    MAIN_MODEL_ENGINE: engine,
    // The tests of metadata ask for them.
    MODELS_METADATA: 'false',
    ...settings,
    [baseUrlVariables[0]]: upstream.url + basePath,
    ...more,
  };
}

/** Calls a function in an environment that has only these of the variables that the service knows. */
function inEnvironment<T>(environment: Environment, call: () => T): T {
  for (const name of variableNames()) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
  try {
    return call();
  } finally {
    for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
  }
}

/** The settings of a provider that sends no request. */
function settingsOf(engine: string, environment: Environment): ProviderSettings | undefined {
  return inEnvironment(environment, () => {
    const client = {
      get: () => Promise.reject(new Error('No request was expected.')),
      largeBodies: new LargeBodies(),
      routeTo: ({ origin }: URL) => directRoute(origin),
    };
    const context = { client, config: providerConfig(), limits: upstreamConfig() };
    const vendor = BUILT_IN_PROVIDERS.find((each) => each.engine === engine);
    return (vendor === undefined ? customProvider(engine, context) : new vendor.Provider(context)).settings;
  });
}

/** The variables that break their rules. */
function problemsOf(environment: Environment): ConfigurationError['problems'] {
  return inEnvironment(environment, () => {
    try {
      checkVariables();
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems;
      throw error;
    }
  });
}

/** Checks that the gateway answers with the models of a contract, in OpenAI's format. */
async function expectList(gateway: Gateway, { models }: ProviderContract): Promise<void> {
  const { status, body } = await ask(gateway);
  expect(status).toBe(200);
  expect(body).toEqual({
    object: 'list',
    data: models.map(([id, created = expect.any(Number), owner]) => ({
      id,
      object: 'model',
      created,
      owned_by: owner,
    })),
  });
}

/** Checks that the gateway answers with the metadata of a contract, and with no other fields. */
async function expectMetadata(gateway: Gateway, { metadata }: ProviderContract): Promise<void> {
  const models = await modelsWithMetadata(gateway);
  expect(metadataOf(models[0])).toEqual(metadata);
  expect(models.flatMap((model) => Object.keys(model)).filter((name) => !FIELDS.has(name))).toEqual([]);
  expect(JSON.stringify(models)).not.toMatch(/permission|@company|example\.com/);
}

/** The metadata of a model whose row has these fields. */
async function metadataFrom(gateway: Gateway, contract: ProviderContract, fields: Fields): Promise<Fields> {
  const { idField = 'id', listField = 'data', pages } = contract;
  const [{ request }] = pages;
  const fixture = nested(listField, [{ ...nested(idField, 'a'), ...fields }]);
  upstream.answer(listOf({ ...contract, pages: [{ request, fixture }] }));
  return metadataOf((await modelsWithMetadata(gateway))[0]);
}

async function modelsWithMetadata(gateway: Gateway): Promise<readonly Fields[]> {
  const { status, body } = await ask(gateway, {}, '/v1/models?include_metadata=true');
  expect(status).toBe(200);
  return (body as { data: Fields[] }).data;
}

function metadataOf({ id, object, created, owned_by: owner, ...metadata }: Fields = {}): Fields {
  expect([typeof id, object, typeof created, typeof owner]).toEqual(['string', 'model', 'number', 'string']);
  return metadata;
}

/** An object with a value at a path. */
function nested(path: string, value: unknown): Fields {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Fields;
}

/** Runs a test with its own gateway. */
async function withGateway(environment: Environment, test: (gateway: Gateway) => unknown): Promise<void> {
  const gateway = await startGateway(environment);
  try {
    await test(gateway);
  } finally {
    await gateway.close();
  }
}

/** Sends a request to the gateway, and checks that its answer contains no credential. */
async function ask(gateway: Gateway, headers: Headers = {}, path = '/v1/models'): Promise<Answer> {
  const response = await fetch(gateway.url + path, { headers });
  const text = await response.text();
  expect(text + JSON.stringify([...response.headers])).not.toContain(SECRET_MARK);
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as unknown };
}

/** A body of a provider; `{credential}` in it stands for the credential that was sent. */
function read(
  { engine, fixtures = engine }: ProviderContract,
  fixture: string | object,
  credential = '',
): unknown {
  const text =
    typeof fixture === 'string'
      ? readFileSync(fixtureUrl(fixtures, fixture), 'utf8')
      : JSON.stringify(fixture);
  return JSON.parse(text.replaceAll('{credential}', credential));
}

function fixtureUrl(folder: string, name: string): URL {
  return new URL(`../fixtures/${folder}/${name}`, import.meta.url);
}

/** Answers each request with its page, any other one with an error. */
function listOf(contract: ProviderContract): Script {
  const pages = new Map(pagesOf(contract).map(({ request, fixture }) => [request, read(contract, fixture)]));
  return (request, response) => {
    const page = pages.get(request.url ?? '');
    const script = page === undefined ? json({ error: 'no such page' }, 500) : json(page);
    script(request, response);
  };
}

/** Fails as the provider does, with headers that do not concern callers, and the credential that was sent. */
function failure(contract: ProviderContract, status: number, headers: Headers = {}, credential = ''): Script {
  const filled = Object.entries(headers).map(([name, value]) => [
    name,
    value.replace('{credential}', credential),
  ]);
  return json(read(contract, errorBody(contract, status), credential), status, {
    server: 'upstream',
    'set-cookie': 'session=1',
    ...(Object.fromEntries(filled) as Headers),
  });
}

function errorBody({ engine, fixtures = engine, errors }: ProviderContract, status: number): string | object {
  const file = `error.${String(status)}.json`;
  const body = status === 401 || status === 429 ? errors?.[status].fixture : undefined;
  return body ?? (status < 500 || existsSync(fixtureUrl(fixtures, file)) ? file : { error: 'failed' });
}

/** All headers that the provider should receive. */
function headersOf({ fixedHeaders }: FullContract, credential: Headers): Record<string, unknown> {
  return {
    host: upstream.host,
    connection: 'keep-alive',
    accept: 'application/json',
    'accept-encoding': 'gzip, br, deflate',
    'user-agent': expect.stringMatching(/^models-gateway/),
    'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
    ...fixedHeaders,
    ...credential,
  };
}

/** The provider's headers in an answer, without this service's own request id. */
function relayedHeaders({ headers }: Answer, groups: readonly Headers[]): Headers {
  const names = new Set(['server', 'set-cookie', ...groups.flatMap((each) => Object.keys(each))]);
  names.delete('x-request-id');
  const relayed = [...names].flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return Object.fromEntries(relayed);
}
