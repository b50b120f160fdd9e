import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { movableClock } from '../../../test/support/clock.js';
import type { Clock } from '../../../test/support/clock.js';
import { MemoryBudget } from '../../cache/memory-budget.js';
import type { Entry, SharedStore } from '../../cache/shared-store.js';
import type { Model } from '../../catalogue/model.js';
import { keyCredential } from '../../credentials/credential.js';
import { NO_HEADERS, OperatorHeaders } from '../../credentials/operator-headers.js';
import type { Metrics } from '../../metrics/metrics.js';
import type {
  ModelProvider,
  ModelsRequest,
  ProviderList,
  ProviderSettings,
} from '../../providers/model-provider.js';
import type { ProviderHealth } from '../../providers/provider-health.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { ModelList } from '../model-list.js';
import type { ListSourceContext } from './list-source-context.js';
import type { Caller } from './list-source.js';
import { ProviderListSource } from './provider-list-source.js';

const OPERATORS = keyCredential('sk-operator', 'ORBIT_API_KEY');
const model = (id: string): Model => ({ id, created: 1, ownedBy: 'x' });

let clock: Clock;
let answer: (request: ModelsRequest) => ProviderList | Promise<ProviderList>;
let asked: ModelsRequest[];
const health = {
  succeeded: jest.fn(),
  failed: jest.fn(),
  cacheServed: jest.fn(),
};
const metrics = { requestCoalesced: jest.fn(), cacheAsked: jest.fn() };

beforeEach(() => {
  clock = movableClock();
  asked = [];
  answer = () => ({ models: [model('a')] });
  jest.clearAllMocks();
});

interface Given {
  readonly acceptsCallers?: boolean;
  readonly ttlMs?: number;
  readonly coalesce?: boolean;
  /** Whether the operator has a key. */
  readonly hasKey?: boolean;
  readonly settings?: Partial<ProviderSettings>;
  readonly isConfigured?: boolean;
  readonly hasMetrics?: boolean;
  readonly headers?: { current: OperatorHeaders };
  readonly sharedStore?: SharedStore<ModelList>;
}

function sourceOf({
  acceptsCallers = true,
  ttlMs = 60_000,
  coalesce = true,
  hasKey = true,
  settings = {},
  isConfigured = true,
  hasMetrics = true,
  headers = { current: NO_HEADERS },
  sharedStore,
}: Given = {}): ProviderListSource {
  const provider: ModelProvider = {
    identity: { engine: 'orbit', label: 'orbit-label' },
    settings: isConfigured
      ? {
          url: new URL('https://orbit.test/models'),
          urlVariable: 'ORBIT_URL',
          proxy: undefined,
          keyVariables: ['ORBIT_API_KEY'],
          keySource: undefined,
          headerVariables: ['ORBIT_HEADERS'],
          missingVariable: undefined,
          ...settings,
        }
      : undefined,
    listModels: async (request) => {
      asked.push(request);
      return answer(request);
    },
  };
  const context = {
    operatorCredentials: {
      key: (names: readonly string[]) =>
        hasKey && names.includes('ORBIT_API_KEY') ? { current: OPERATORS } : undefined,
      headersOf: (names: readonly string[]) =>
        names.includes('ORBIT_HEADERS') ? headers : { current: NO_HEADERS },
    },
    config: { placeholderApiKeys: new Set(['none']) },
    limits: { timeoutMs: 5000, coalesce },
    cacheConfig: { enabled: ttlMs > 0, ttlMs, staleMs: 60_000, maxEntries: 10 },
    memory: new MemoryBudget(1e7),
    sharedStore,
    metrics: hasMetrics ? (metrics as unknown as Metrics) : undefined,
  } as unknown as ListSourceContext;
  return new ProviderListSource(provider, health as unknown as ProviderHealth, acceptsCallers, context);
}

const onUpstream = jest.fn<Caller['onUpstream']>();
const caller = (headers: Caller['headers'] = {}, more: Partial<Caller> = {}): Caller => ({
  headers,
  requestId: 'r-1',
  seeksModel: false,
  trace: undefined,
  onUpstream,
  onHangUp: () => undefined,
  ...more,
});
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
/** What the request log says of the provider. */
const statuses = () => onUpstream.mock.calls.map(([{ status }]) => status);
const rejection = (status: number, headers: Record<string, string> = {}) =>
  new UpstreamError('rejected', 'No.', { status, headers });
function fail(error: Error): void {
  answer = () => {
    throw error;
  };
}

describe('a provider is asked', () => {
  it("with the caller's credential and scope, and with the operator's headers", async () => {
    const started = performance.now();
    const headers = { current: new OperatorHeaders({ tenant: 't' }) };
    await sourceOf({ headers }).list(caller({ ...bearer('sk-caller'), 'openai-project': 'p' }));
    expect(asked).toMatchObject([
      {
        credential: { token: 'sk-caller' },
        operatorHeaders: headers.current,
        forwardedHeaders: { 'x-request-id': 'r-1', 'openai-project': 'p' },
      },
    ]);
    expect(statuses()).toEqual([200]);
    expect(onUpstream).toHaveBeenCalledWith({
      engine: 'orbit',
      status: 200,
      durationMs: expect.any(Number),
    });
    const { durationMs = NaN } = onUpstream.mock.calls[0]?.[0] ?? {};
    expect(durationMs).toBeLessThanOrEqual(performance.now() - started);
    expect(health.succeeded).toHaveBeenCalledWith(1, asked[0]?.credential);
  });

  it("with the operator's credential where the caller has none, or where callers have none", async () => {
    await sourceOf().list(caller(bearer('none')));
    await sourceOf({ acceptsCallers: false }).list(caller({ ...bearer('sk-x'), 'openai-project': 'p' }));
    expect(asked.map(({ credential }) => credential)).toEqual([OPERATORS, OPERATORS]);
    expect(asked[1]?.forwardedHeaders).toEqual({ 'x-request-id': 'r-1' });
  });

  it('once by callers that come at the same time and have one scope', async () => {
    for (const ttlMs of [0, 60_000]) {
      asked = [];
      const source = sourceOf({ ttlMs });
      const callers = [bearer('sk-a'), bearer('sk-a'), bearer('sk-b')];
      const [one, two, other] = await Promise.all(callers.map((headers) => source.list(caller(headers))));
      expect(asked.map(({ credential }) => credential?.token)).toEqual(['sk-a', 'sk-b']);
      expect(two?.list).toBe(one?.list);
      expect(other?.list).not.toBe(one?.list);
    }
    expect(metrics.requestCoalesced.mock.calls).toEqual([['orbit-label']]);
  });

  it('by each caller where requests are not shared', async () => {
    const source = sourceOf({ ttlMs: 0, coalesce: false });
    await Promise.all([source.list(caller()), source.list(caller())]);
    expect(asked).toHaveLength(2);
    expect(metrics.requestCoalesced).not.toHaveBeenCalled();
  });
});

describe('a list', () => {
  it('is the same object while that of the provider is', async () => {
    const list = { models: [model('a')] };
    answer = () => list;
    const source = sourceOf({ ttlMs: 0 });
    const first = await source.list(caller());
    expect(first.cacheResult).toBeUndefined();
    expect((await source.list(caller())).list).toBe(first.list);
  });

  it('says what it lacks', async () => {
    answer = () => ({ models: [model('a')], lacks: 'profiles' });
    const lacking = new Map([['orbit', 'profiles']]);
    expect(await sourceOf({ ttlMs: 0 }).list(caller())).toMatchObject({ lacking });
    const source = sourceOf();
    expect(await source.list(caller())).toMatchObject({ lacking });
    expect(await source.list(caller())).toMatchObject({ lacking });
    expect(asked).toHaveLength(2);
  });

  it('is not kept while models are missing that may be there in a moment', async () => {
    answer = () => ({ models: [model('a')], lacks: 'openai=upstream_timeout' });
    const source = sourceOf();
    for (let time = 0; time < 2; time += 1) {
      expect(await source.list(caller())).toMatchObject({
        missing: new Map([['orbit/openai', 'upstream_timeout']]),
      });
    }
    expect(asked).toHaveLength(2);
  });

  it('is not cached of a provider without a URL, which the log does not name either', async () => {
    const source = sourceOf({ settings: { url: undefined } });
    await source.list(caller());
    await source.list(caller());
    expect([asked.length, statuses()]).toEqual([2, []]);
    expect(metrics.cacheAsked).not.toHaveBeenCalled();
  });
});

it.each([0, 60_000])('lists are shared without metrics, with a cache of %d ms', async (ttlMs) => {
  const source = sourceOf({ ttlMs, hasMetrics: false });
  await Promise.all([source.list(caller()), source.list(caller())]);
  expect(asked).toHaveLength(1);
});

it('a provider that is not configured says so, and the log does not name it', async () => {
  const error = new UpstreamError('not_configured', 'No.');
  fail(error);
  const source = sourceOf({ isConfigured: false });
  for (let time = 0; time < 2; time += 1) await expect(source.list(caller())).rejects.toBe(error);
  expect([asked.length, statuses()]).toEqual([2, []]);
});

describe('a list that is kept', () => {
  const outcomes = () => metrics.cacheAsked.mock.calls;

  it('is that of callers of the same scope', async () => {
    const source = sourceOf();
    const first = await source.list(caller(bearer('sk-a')));
    expect(first.cacheResult).toMatchObject({ forward: 'miss', ageMs: 0, ttlMs: 60_000, collapsed: false });
    clock.advance(1000);
    const second = await source.list(caller(bearer('sk-a')));
    expect(second.list).toBe(first.list);
    expect(second.cacheResult).toMatchObject({ forward: undefined, ageMs: 1000, ttlMs: 59_000 });
    await source.list(caller(bearer('sk-b')));
    await source.list(caller());
    expect(asked.map(({ credential }) => credential?.token)).toEqual(['sk-a', 'sk-b', 'sk-operator']);
    expect(outcomes()).toEqual(['miss', 'hit', 'miss', 'miss'].map((each) => ['orbit-label', each]));
    expect(statuses()).toEqual([200, 200, 200]);
    expect(health.cacheServed.mock.calls[1]).toEqual([1000, asked[0]?.credential]);
  });

  it('depends on the headers of the operator', async () => {
    const headers = { current: new OperatorHeaders({ tenant: 'a' }) };
    const source = sourceOf({ headers });
    await source.list(caller());
    headers.current = new OperatorHeaders({ tenant: 'b' });
    await source.list(caller());
    headers.current = new OperatorHeaders({ tenant: 'a' });
    await source.list(caller());
    expect(asked.map(({ operatorHeaders }) => operatorHeaders.headers['tenant'])).toEqual(['a', 'b']);
    headers.current = new OperatorHeaders({ tenan: 'ta' });
    await source.list(caller());
    expect(asked).toHaveLength(3);
  });

  it('is asked for anew by a caller that wants that, or misses a model', async () => {
    const source = sourceOf();
    await source.list(caller());
    await source.list(caller({ 'cache-control': 'no-cache' }));
    clock.advance(10_000);
    await source.list(caller({}, { seeksModel: true }));
    expect(asked).toHaveLength(3);
    expect(outcomes().map(([, outcome]) => outcome)).toEqual(['miss', 'revalidated', 'revalidated']);
  });

  it('is shared, or stale', async () => {
    const source = sourceOf();
    await Promise.all([source.list(caller()), source.list(caller())]);
    clock.advance(60_000);
    await source.list(caller());
    expect(outcomes().map(([, outcome]) => outcome)).toEqual(['miss', 'collapsed', 'stale']);
  });

  it.each<[string, Given, boolean]>([
    ['has a key', {}, true],
    ['has no key, and needs none', { hasKey: false }, true],
    ['has a key, although it could sign', { settings: { keySource: 'the chain' } }, true],
    ['signs', { hasKey: false, settings: { keySource: 'the chain' } }, false],
    ['has a client certificate', { settings: { certificateVariable: 'CERT_FILE' } }, false],
  ])(
    'is shared with other replicas only where its identity is known: a provider that %s',
    async (_name, given, isShared) => {
      const get = jest.fn(() => Promise.resolve(undefined as Entry<ModelList> | undefined));
      const sharedStore = {
        get,
        set: () => Promise.resolve(),
        delete: () => Promise.resolve(true),
        lease: () => Promise.resolve({ release: () => Promise.resolve() }),
      } as unknown as SharedStore<ModelList>;
      await sourceOf({ ...given, sharedStore }).list(caller());
      expect(get.mock.calls.length > 0).toBe(isShared);
    },
  );
});

describe('a failure', () => {
  it.each([0, 60_000])('is known to the health and to the log, with a cache of %d ms', async (ttlMs) => {
    const error = rejection(401);
    fail(error);
    await expect(sourceOf({ ttlMs }).list(caller(bearer('sk-a')))).rejects.toBe(error);
    expect(statuses()).toEqual([401]);
    expect(health.failed.mock.calls).toEqual([[error, OPERATORS]]);
    expect(health.succeeded).not.toHaveBeenCalled();
  });

  it('is known where the operator has no key', async () => {
    const error = rejection(401);
    fail(error);
    await expect(sourceOf({ hasKey: false }).list(caller())).rejects.toBe(error);
    expect(health.failed.mock.calls).toEqual([[error, undefined]]);
  });

  it('that is a bug concerns neither', async () => {
    fail(new TypeError('a bug'));
    await expect(sourceOf().list(caller())).rejects.toThrow('a bug');
    expect([statuses(), health.failed.mock.calls]).toEqual([[], []]);
  });

  /** The list that is there after a failure of a request for a newer one. */
  async function keptAfter(error: Error): Promise<boolean> {
    const source = sourceOf();
    await source.list(caller());
    fail(error);
    await source.list(caller({ 'cache-control': 'no-cache' })).catch(() => undefined);
    asked = [];
    return source.list(caller()).then(
      () => asked.length === 0,
      () => false,
    );
  }

  it.each<[string, Error, boolean]>([
    ['a 401', rejection(401), false],
    ['a 404', rejection(404), false],
    ['a rate limit', rejection(429), true],
    ['a timeout of the provider', rejection(408), true],
    ['a 5xx', new UpstreamError('failed', 'No.', { status: 500 }), true],
    ['a hang-up', new UpstreamError('cancelled', 'Gone.'), true],
    ['a bug', new TypeError('a bug'), true],
  ])('leaves a list or not: %s', async (_name, error, isKept) => {
    expect(await keptAfter(error)).toBe(isKept);
  });

  it('of a rate limit is repeated without asking, which is no request for the log', async () => {
    fail(rejection(429, { 'retry-after': '30' }));
    const source = sourceOf();
    await expect(source.list(caller())).rejects.toMatchObject({ details: { status: 429 } });
    clock.advance(10_000);
    await expect(source.list(caller())).rejects.toMatchObject({
      details: { status: 429, headers: { 'retry-after': '20' } },
    });
    expect([asked.length, statuses()]).toEqual([1, [429]]);
  });

  it.each<[string, Error, number]>([
    ['of the provider delays the next refresh', new UpstreamError('failed', 'No.', { status: 500 }), 1],
    ['that is a bug delays it, too', new TypeError('a bug'), 1],
    ['of a caller that hung up delays none', new UpstreamError('cancelled', 'Gone.'), 2],
  ])('%s', async (_name, error, requests) => {
    const source = sourceOf();
    await source.list(caller());
    clock.advance(61_000);
    fail(error);
    asked = [];
    for (let time = 0; time < 2; time += 1) {
      await source.list(caller());
      // The refresh in the background.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(asked).toHaveLength(requests);
  });
});
