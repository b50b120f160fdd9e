import { describe, expect, it } from '@jest/globals';
import { NO_TLS_FILES } from '../../../test/support/route.js';
import { PROCESS_STARTED } from '../../catalogue/model.js';
import { Cancellation } from '../../concurrency/cancellation.js';
import { IsText } from '../../config/rules/scalars.js';
import { authorizationCredential, keyCredential } from '../../credentials/credential.js';
import { NO_HEADERS, OperatorHeaders } from '../../credentials/operator-headers.js';
import type { LargeBodies } from '../../upstream/large-bodies/large-bodies.js';
import type { UpstreamHeaders } from '../../upstream/upstream-headers.js';
import type { UpstreamRequest } from '../../upstream/upstream-request.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { UpstreamRoute } from '../../upstream/upstream.route.js';
import type { ModelProvider, ModelsRequest } from '../model-provider.js';
import type { ProviderContext } from '../vendor.js';
import type { HttpVendor } from './http-vendor.js';
import { httpVendor } from './http.provider.js';
import { openAiCompatible } from './openai-compatible.js';

class Variables {
  @IsText(/^\w+$/, 'a region')
  ORBIT_REGION?: string;
}

const ORBIT: HttpVendor<Variables> = {
  engine: 'orbit',
  variables: Variables,
  keyVariables: ['ORBIT_API_KEY'],
  defaultBaseUrl: 'https://orbit.test/api',
  listUrl: (base) => new URL(`${base.href}/list`),
};

interface Given {
  /** The name of the engine, if it is not that of the vendor. */
  readonly name?: string;
  /** The answers by paths. */
  readonly answers?: Readonly<Record<string, string | Error>>;
  readonly headers?: UpstreamHeaders;
  /** Base URLs by variables. */
  readonly urls?: Readonly<Record<string, string>>;
  readonly certificate?: string;
  readonly maxPages?: number;
}

const PROXY = { variable: 'HTTPS_PROXY' } as UpstreamRoute['proxy'];

/** A provider, and the requests that it sends. */
function providerOf<V extends object>(
  vendor: HttpVendor<V>,
  { name, answers = {}, headers = {}, urls = {}, certificate, maxPages = 20 }: Given = {},
): { readonly provider: ModelProvider; readonly sent: UpstreamRequest[]; readonly routes: string[] } {
  const sent: UpstreamRequest[] = [];
  const routes: string[] = [];
  const context: ProviderContext = {
    client: {
      routeTo: (url) => {
        routes.push(url.href);
        return { proxy: PROXY, secrets: [] } as unknown as UpstreamRoute;
      },
      largeBodies: {} as LargeBodies,
      async get<T>(
        request: UpstreamRequest,
        read: (body: Buffer, headers: UpstreamHeaders) => T | Promise<T>,
      ): Promise<T> {
        sent.push(request);
        const { path } = request.address;
        const answer = answers[path] ?? (path.includes('?') ? new Error('there is no such page') : '[]');
        if (typeof answer !== 'string') throw answer;
        return read(Buffer.from(answer), headers);
      },
    },
    config: {
      isMultiEngine: false,
      urls: new Map(Object.entries(urls)),
      urlVariables: (_name, declared) => declared,
      keyVariables: (_name, declared) => declared,
      headerVariables: (engine) => [`${engine}_headers`],
      settingVariables: (engine, variable) => [engine === 'orbit' ? variable : `${engine}:${variable}`],
      tlsFiles: () => ({ ...NO_TLS_FILES, certificate: { variable: 'CERT_FILE', path: certificate } }),
    },
    limits: { maxPages },
  };
  const { Provider } = httpVendor(vendor);
  return { provider: new Provider(context, name), sent, routes };
}

const request = (more: Partial<ModelsRequest> = {}): ModelsRequest => ({
  credential: keyCredential('sk-caller'),
  operatorHeaders: NO_HEADERS,
  forwardedHeaders: { 'x-request-id': 'r-1' },
  signal: new Cancellation(),
  trace: undefined,
  ...more,
});

describe('the settings of a provider', () => {
  it('are those of its vendor where no variable says something else', () => {
    const { provider, routes } = providerOf(ORBIT);
    expect(provider.identity).toEqual({ engine: 'orbit', label: 'orbit' });
    expect(provider.settings).toEqual({
      url: new URL('https://orbit.test/api/list'),
      urlVariable: 'MAIN_MODEL_BASE_URL',
      proxy: PROXY,
      keyVariables: ['ORBIT_API_KEY'],
      headerVariables: ['orbit_headers'],
    });
    expect(routes).toEqual(['https://orbit.test/api/list']);
  });

  it('have the URL of the first variable that holds one, before those of the vendor', () => {
    const vendor: HttpVendor<Variables> = {
      ...ORBIT,
      urlVariables: ['A_URL', 'B_URL', 'C_URL'],
      baseUrlFrom: () => 'https://region.test',
    };
    const urlOf = (urls: Record<string, string>) => providerOf(vendor, { urls }).provider.settings;
    expect(urlOf({ B_URL: 'https://b.test', C_URL: 'https://c.test' })).toMatchObject({
      url: { href: 'https://b.test//list' },
      urlVariable: 'B_URL',
    });
    expect(urlOf({})).toMatchObject({ url: { href: 'https://region.test//list' }, urlVariable: 'A_URL' });
    expect(providerOf({ ...vendor, baseUrlFrom: () => undefined }).provider.settings?.url?.href).toBe(
      'https://orbit.test/api/list',
    );
  });

  it('name the vendor of an engine with a name of its own, and share its label where it has one', () => {
    expect(providerOf(ORBIT, { name: 'lab' }).provider.identity).toEqual({
      engine: 'lab',
      kind: 'orbit',
      label: 'lab',
    });
    const vendor = { ...ORBIT, label: 'custom', defaultTag: ':latest', defaultNamespace: 'models/' };
    expect(providerOf(vendor).provider.identity).toEqual({
      engine: 'orbit',
      label: 'custom',
      defaultTag: ':latest',
      defaultNamespace: 'models/',
    });
  });

  it('have further keys only for the host that MAIN_MODEL_BASE_URL names', () => {
    const vendor: HttpVendor<Variables> = {
      ...ORBIT,
      urlVariables: ['MAIN_MODEL_BASE_URL', 'ORBIT_URL'],
      otherHostKeyVariables: ['MAIN_MODEL_API_KEY'],
    };
    const keys = (urls: Record<string, string>) =>
      providerOf(vendor, { urls }).provider.settings?.keyVariables;
    expect(keys({ MAIN_MODEL_BASE_URL: 'https://a.test' })).toEqual(['ORBIT_API_KEY', 'MAIN_MODEL_API_KEY']);
    expect(keys({ ORBIT_URL: 'https://a.test' })).toEqual(['ORBIT_API_KEY']);
    expect(keys({})).toEqual(['ORBIT_API_KEY']);
    const { otherHostKeyVariables, ...keyless } = vendor;
    expect(otherHostKeyVariables).toHaveLength(1);
    expect(
      providerOf(keyless, { urls: { MAIN_MODEL_BASE_URL: 'https://a.test' } }).provider.settings
        ?.keyVariables,
    ).toEqual(['ORBIT_API_KEY']);
  });

  it('have no key for a host that asks for none', () => {
    const vendor = { ...ORBIT, isPublic: ({ host }: URL) => host === 'public.test' };
    const keys = (url: string) =>
      providerOf(vendor, { urls: { MAIN_MODEL_BASE_URL: url } }).provider.settings?.keyVariables;
    expect([keys('https://public.test'), keys('https://other.test')]).toEqual([[], ['ORBIT_API_KEY']]);
  });

  it('name the client certificate that is sent', () => {
    expect(providerOf(ORBIT, { certificate: '/x.pem' }).provider.settings?.certificateVariable).toBe(
      'CERT_FILE',
    );
  });

  it.each<[string, Partial<HttpVendor<Variables>>, string | undefined, string | undefined]>([
    ['nothing', {}, undefined, undefined],
    ['the URL', { listUrl: () => undefined }, undefined, 'MAIN_MODEL_BASE_URL'],
    [
      'the URL, which may be missing',
      { listUrl: () => undefined, isEmptyWithoutUrl: true },
      undefined,
      undefined,
    ],
    ['a variable', { missingVariable: () => 'ORBIT_REGION' }, undefined, 'ORBIT_REGION'],
    ['a variable of another name', { missingVariable: () => 'ORBIT_REGION' }, 'lab', 'lab:ORBIT_REGION'],
    [
      'a variable, whatever the URL',
      { listUrl: () => undefined, missingVariable: () => 'ORBIT_REGION' },
      undefined,
      'ORBIT_REGION',
    ],
  ])('say that %s is missing', (_what, change, name, expected) => {
    const { provider } = providerOf({ ...ORBIT, ...change }, name === undefined ? {} : { name });
    expect(provider.settings?.missingVariable).toBe(expected);
  });

  it('of a vendor without a URL need the first variable', () => {
    const { defaultBaseUrl, ...vendor } = { ...ORBIT, urlVariables: ['A_URL', 'B_URL'] as const };
    const { provider, routes } = providerOf(vendor);
    expect([defaultBaseUrl, routes]).toEqual(['https://orbit.test/api', []]);
    expect(provider.settings).toMatchObject({
      url: undefined,
      urlVariable: 'A_URL',
      proxy: undefined,
      missingVariable: 'A_URL',
    });
  });
});

describe('a request', () => {
  /** The headers that go to a vendor. */
  async function headersOf(
    change: Partial<HttpVendor<Variables>>,
    more: Partial<ModelsRequest> = {},
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const { provider, sent } = providerOf({ ...ORBIT, ...change });
    await provider.listModels(request(more));
    return sent[0]?.headers;
  }

  it('asks for JSON in this name, with the headers of the caller and of the operator', async () => {
    expect(
      await headersOf(
        { fixedHeaders: { version: '1', shared: 'vendor' } },
        { operatorHeaders: new OperatorHeaders({ tenant: 't', shared: 'operator' }) },
      ),
    ).toEqual({
      accept: 'application/json',
      'accept-encoding': expect.stringContaining('gzip'),
      'user-agent': 'models-gateway',
      'x-request-id': 'r-1',
      version: '1',
      shared: 'operator',
      tenant: 't',
      authorization: 'Bearer sk-caller',
    });
  });

  it.each<[string, Partial<HttpVendor<Variables>>, Partial<ModelsRequest>, object]>([
    ['its header', { keyHeader: 'x-key' }, {}, { 'x-key': 'sk-caller' }],
    [
      'Authorization, for a scheme without a token',
      { keyHeader: 'x-key' },
      { credential: authorizationCredential('Basic abc') },
      { authorization: 'Basic abc' },
    ],
    [
      'Authorization, for tokens of that kind',
      { keyHeader: 'x-key', bearerTokens: /^sk-/, bearerHeaders: { beta: 'oauth' } },
      {},
      { authorization: 'Bearer sk-caller', beta: 'oauth' },
    ],
    [
      'its header, for tokens of another kind',
      { keyHeader: 'x-key', bearerTokens: /^pk-/ },
      {},
      { 'x-key': 'sk-caller' },
    ],
    ['no header, where there is none', { keyHeader: 'x-key' }, { credential: undefined }, {}],
  ])('has the credential in %s', async (_where, change, more, expected) => {
    const { authorization, 'x-key': key, beta } = (await headersOf(change, more)) ?? {};
    expect(JSON.parse(JSON.stringify({ authorization, 'x-key': key, beta }))).toEqual(expected);
  });

  it('knows the secrets in it', async () => {
    const { provider, sent } = providerOf(ORBIT, {
      urls: { MAIN_MODEL_BASE_URL: 'https://orbit.test?key=query-secret' },
      answers: { '/?key=query-secret/list': '[]' },
    });
    const credential = keyCredential('sk-caller');
    const signal = new Cancellation();
    await provider.listModels(
      request({ credential, signal, operatorHeaders: new OperatorHeaders({ tenant: 'header-secret' }) }),
    );
    const { call, label } = sent[0] ?? {};
    expect(label).toBe('orbit');
    expect(call).toMatchObject({ credential, retried: false });
    expect(call?.signal).toBe(signal);
    expect(call?.otherSecrets.map(({ authorization }) => authorization)).toEqual([
      'header-secret',
      'query-secret',
    ]);
  });

  describe('that is signed', () => {
    const signing: HttpVendor<Variables>['signing'] = {
      source: 'the chain',
      signer: (first, _variables, routeTo) => (url) => {
        routeTo(new URL('https://sts.test/token'));
        return Promise.resolve({
          headers: { authorization: `Signed ${first.pathname} ${url.pathname}` },
          credential: authorizationCredential('Signed'),
        });
      },
    };

    it('has no key of a caller or the operator', async () => {
      const { provider, sent, routes } = providerOf({ ...ORBIT, signing });
      expect(provider.settings?.keySource).toBe('the chain');
      await provider.listModels(request({ credential: undefined }));
      await provider.listModels(request());
      expect(sent.map(({ headers }) => headers['authorization'])).toEqual([
        'Signed /api/list /api/list',
        'Bearer sk-caller',
      ]);
      expect(routes).toEqual(['https://orbit.test/api/list', 'https://sts.test/token']);
    });

    it('is not sent while a variable is missing', async () => {
      const { provider, sent } = providerOf({ ...ORBIT, signing, missingVariable: () => 'ORBIT_REGION' });
      await expect(provider.listModels(request({ credential: undefined }))).rejects.toMatchObject({
        failure: 'not_configured',
        message: 'The engine orbit needs ORBIT_REGION to be set.',
      });
      expect(sent).toEqual([]);
      await provider.listModels(request());
      expect(sent).toHaveLength(1);
    });
  });
});

describe('the list of a provider', () => {
  it('has the defaults of OpenAI', async () => {
    const rows = [
      { id: 'a', created: 7, owned_by: 'x', context_length: 5 },
      { id: 'b', created_at: 8 },
      { id: 'c' },
    ];
    for (const field of ['data', 'models']) {
      const { provider } = providerOf(ORBIT, {
        answers: { '/api/list': JSON.stringify({ [field]: rows, next: 'x' }) },
      });
      expect(await provider.listModels(request())).toEqual({
        models: [
          { id: 'a', created: 7, ownedBy: 'x', metadata: { context_length: 5 } },
          { id: 'b', created: 8, ownedBy: 'orbit' },
          { id: 'c', created: PROCESS_STARTED, ownedBy: 'orbit' },
        ],
      });
    }
  });

  it('has the words of the vendor, which owns what has no owner under any name', async () => {
    const vendor: HttpVendor<Variables> = {
      ...ORBIT,
      listFields: ['items'],
      reshape: (row) => ({ ...row, ...(row['inner'] as object) }),
      idFields: ['key'],
      idPrefix: 'm/',
      createdFields: ['at'],
      ownerFields: ['by'],
      metadata: { displayName: ['title'] },
      notes: ({ note }) => [String(note)],
      isUsable: ({ ready }, variables) => ready === true && variables instanceof Variables,
    };
    const items = [
      { ready: true, inner: { key: 'm/a' }, at: 7, by: 'x', title: 'A', note: 'n' },
      { ready: true, key: 'b', owned_by: 'x', note: 'n' },
      { ready: false, key: 'c' },
    ];
    const answers = { '/api/list': JSON.stringify({ items }) };
    expect(await providerOf(vendor, { name: 'lab', answers }).provider.listModels(request())).toEqual({
      models: [
        { id: 'a', created: 7, ownedBy: 'x', metadata: { display_name: 'A' }, notes: ['n'] },
        { id: 'b', created: PROCESS_STARTED, ownedBy: 'orbit', notes: ['n'] },
      ],
    });
  });

  it('may be an object without its rows only where the vendor writes that', async () => {
    const answers = { '/api/list': '{}' };
    const list = (change: Partial<HttpVendor<Variables>>) =>
      providerOf({ ...ORBIT, ...change }, { answers }).provider.listModels(request());
    await expect(list({})).rejects.toMatchObject({ failure: 'invalid' });
    expect(await list({ leavesOutEmptyLists: true })).toEqual({ models: [] });
  });

  it('is the same object while nothing changes', async () => {
    const { provider } = providerOf(ORBIT, { answers: { '/api/list': '[{"id":"a"}]' } });
    const list = await provider.listModels(request());
    expect(await provider.listModels(request())).toBe(list);
  });

  it('has the models that the vendor leaves out', async () => {
    const { provider } = providerOf(
      { ...ORBIT, addedIds: ['b', 'c'] },
      { answers: { '/api/list': '[{"id":"a"},{"id":"b","created":5}]' } },
    );
    const { models } = await provider.listModels(request());
    expect(models).toMatchObject([
      { id: 'a' },
      { id: 'b', created: 5 },
      { id: 'c', created: PROCESS_STARTED, ownedBy: 'orbit' },
    ]);
  });

  it('lacks what another instance of this service says, the same object while it says so', async () => {
    const headers: Record<string, string> = { 'x-models-incomplete': 'openai=upstream_timeout' };
    const { provider } = providerOf(ORBIT, { answers: { '/api/list': '[{"id":"a"}]' }, headers });
    const list = await provider.listModels(request());
    expect(list).toMatchObject({ models: [{ id: 'a' }], lacks: 'openai=upstream_timeout' });
    expect(await provider.listModels(request())).toBe(list);
    headers['x-models-incomplete'] = 'groq=overloaded';
    expect(await provider.listModels(request())).toMatchObject({ lacks: 'groq=overloaded' });
    delete headers['x-models-incomplete'];
    expect(await provider.listModels(request())).toEqual({ models: list.models });
  });

  it('is empty or an error where there is no URL', async () => {
    const vendor = { ...ORBIT, listUrl: () => undefined };
    await expect(providerOf(vendor).provider.listModels(request())).rejects.toThrow(
      new UpstreamError('not_configured', 'The engine orbit needs MAIN_MODEL_BASE_URL to be set.'),
    );
    const { provider, sent } = providerOf({ ...vendor, isEmptyWithoutUrl: true });
    expect([await provider.listModels(request()), sent]).toEqual([{ models: [] }, []]);
  });

  it('is joined with a second one in words of its own', async () => {
    const vendor: HttpVendor<Variables> = {
      ...ORBIT,
      idFields: ['id'],
      secondList: {
        name: 'profiles',
        permission: 'p',
        listUrl: (first) => new URL('/second', first),
        idFields: ['profile'],
        join: (first, second) => [...second, ...first],
      },
    };
    const answers: Record<string, string | Error> = {
      '/api/list': '[{"id":"a","profile":"x"}]',
      '/second': '[{"id":"y","profile":"b"}]',
    };
    const { provider, sent } = providerOf(vendor, { answers });
    const list = await provider.listModels(request());
    expect(list.models.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(await provider.listModels(request())).toBe(list);
    expect(sent[1]?.headers['authorization']).toBe('Bearer sk-caller');
    answers['/second'] = new UpstreamError('failed', 'No.', { status: 500 });
    await expect(provider.listModels(request())).rejects.toBe(answers['/second']);
  });
});

describe('the pages of a list', () => {
  const page = (id: string, more: object): string => JSON.stringify({ data: [{ id }], ...more });
  const idsOf = async (
    change: Partial<HttpVendor<Variables>>,
    answers: Given['answers'] = {},
    maxPages = 20,
  ): Promise<readonly string[]> => {
    const { provider } = providerOf({ ...ORBIT, ...change }, { answers, maxPages });
    return (await provider.listModels(request())).models.map(({ id }) => id);
  };

  it('are linked by a cursor', async () => {
    const cursor = { field: 'page.next', parameter: 'after' };
    const answers = {
      '/api/list': page('a', { page: { next: 'x/y' } }),
      '/api/list?after=x%2Fy': page('b', { page: { next: 'z' } }),
    };
    for (const end of ['', null, 7, undefined]) {
      const all = { ...answers, '/api/list?after=z': page('c', { page: { next: end } }) };
      expect(await idsOf({ cursor }, all)).toEqual(['a', 'b', 'c']);
    }
    expect(await idsOf({}, answers)).toEqual(['a']);
  });

  it('end where the page says so', async () => {
    const cursor = { field: 'last', parameter: 'after', moreField: 'more' };
    const answers = {
      '/api/list': page('a', { last: 'a', more: true }),
      '/api/list?after=a': page('b', { last: 'b', more: false }),
      '/api/list?after=b': page('c', {}),
    };
    expect(await idsOf({ cursor }, answers)).toEqual(['a', 'b']);
  });

  it('are linked as the vendor says', async () => {
    const nextPage: HttpVendor['nextPage'] = ({ pages }, asked) => {
      const next = Number(asked.get('page') ?? '1') + 1;
      return next > Number(pages) ? undefined : { page: String(next) };
    };
    const answers = { '/api/list': page('a', { pages: 2 }), '/api/list?page=2': page('b', { pages: 2 }) };
    expect(await idsOf({ nextPage }, answers)).toEqual(['a', 'b']);
    await expect(idsOf({ nextPage }, answers, 1)).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('may be empty, of vendors that leave out their rows, whatever the cursor', async () => {
    const vendor = { cursor: { field: 'next', parameter: 'after' }, leavesOutEmptyLists: true };
    expect(await idsOf(vendor, { '/api/list': '{"next":""}' })).toEqual([]);
  });
});

describe('a vendor', () => {
  it('has one variable for the URL, and the metadata of compatible vendors, unless it says something else', () => {
    const { urlVariables, metadata } = httpVendor(ORBIT);
    expect([urlVariables, metadata?.contextLength?.[0]]).toEqual([['MAIN_MODEL_BASE_URL'], 'max_model_len']);
    const own = httpVendor({ ...ORBIT, urlVariables: ['ORBIT_URL'], metadata: { displayName: ['title'] } });
    expect([own.urlVariables, own.metadata]).toEqual([['ORBIT_URL'], { displayName: ['title'] }]);
  });

  it.each([
    ['https://orbit.test', 'https://orbit.test/api/v2/models?limit=9'],
    ['https://orbit.test/other', 'https://orbit.test/other/v1/models?limit=9'],
    ['https://gw.test?limit=5', 'https://gw.test/v1/models?limit=5'],
  ])('that is compatible with OpenAI is asked below %s', (base, expected) => {
    const { Provider } = openAiCompatible({
      engine: 'orbit',
      defaultBaseUrl: 'https://orbit.test/api/v2',
      listQuery: { limit: '9' },
    });
    expect(listUrl(Provider, base)).toBe(expected);
  });

  it('that is compatible may have no usual path and no parameters', () => {
    const { Provider } = openAiCompatible({ engine: 'orbit' });
    expect(listUrl(Provider, 'https://orbit.test')).toBe('https://orbit.test/v1/models');
  });
});

/** Where a provider is asked that has a base URL. */
function listUrl(
  Provider: new (context: ProviderContext) => ModelProvider,
  base: string,
): string | undefined {
  const context = {
    client: { routeTo: () => ({}) },
    config: {
      urls: new Map([['MAIN_MODEL_BASE_URL', base]]),
      urlVariables: (_name: string, declared: readonly string[]) => declared,
      keyVariables: () => [],
      headerVariables: () => [],
      tlsFiles: () => NO_TLS_FILES,
    },
    limits: { maxPages: 1 },
  };
  return new Provider(context as unknown as ProviderContext).settings?.url?.href;
}
