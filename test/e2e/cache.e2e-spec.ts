import { beforeEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { arrivals } from '../support/arrivals.js';
import { movableClock } from '../support/clock.js';
import type { Clock } from '../support/clock.js';
import { inTurn, json, raw, silence, text } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { requestLines } from '../support/log-lines.js';
import { startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const TTL_MS = 60_000;
const STALE_MS = 600_000;
const CACHE = { CACHE_TTL_SECONDS: '60', CACHE_STALE_SECONDS: '600', UPSTREAM_MAX_RETRIES: '0' };
const FRESH_ONLY = { ...CACHE, CACHE_STALE_SECONDS: '0' };
/** No test waits for this to pass. */
const LONG = { ...CACHE, UPSTREAM_TIMEOUT_MS: '60000' };
const KEY = { authorization: `Bearer ${secret('one')}` };
const OTHER_KEY = { authorization: `Bearer ${secret('other')}` };
const NO_CACHE = { 'cache-control': 'no-cache' };

const OLD = json({ data: [{ id: 'old' }] });
const NEW = json({ data: [{ id: 'new' }] });
const FORBIDDEN = json({ error: { message: 'No.', code: 'forbidden' } }, 403);

let clock: Clock;

beforeEach(() => {
  clock = movableClock();
});

/** The cache headers of an answer. */
function cacheOf({ headers }: Response): Record<string, string | null> {
  return {
    status: headers.get('cache-status'),
    control: headers.get('cache-control'),
    age: headers.get('age'),
  };
}

function statusOf({ headers }: Response): string | null {
  return headers.get('cache-status');
}

/** Asks until the list has these ids, because a refresh in the background has no other effect. */
async function untilListed({ ask }: Scenario, ids: string[], init?: RequestInit): Promise<void> {
  await until(`${ids.join()} is listed`, async () => {
    const response = await ask('/v1/models', init);
    return response.ok && (await idsOf(response)).join() === ids.join();
  });
}

/** The same numbers at every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('without a cache', () => {
  it('nothing is kept, and no header mentions a cache', async () => {
    const { ask, upstream } = await startScenario(inTurn(OLD, NEW));
    expect(await idsOf(await ask())).toEqual(['old']);
    const response = await ask();
    expect(await idsOf(response)).toEqual(['new']);
    expect(cacheOf(response)).toEqual({ status: null, control: null, age: null });
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('a list', () => {
  it('is fetched once, kept while it is fresh, and has the headers of its age', async () => {
    const { ask, upstream } = await startScenario(inTurn(OLD, NEW), FRESH_ONLY);
    expect(cacheOf(await ask())).toEqual({
      status: 'models-gateway; fwd=miss; stored; ttl=60',
      control: 'private, max-age=60',
      age: '0',
    });
    clock.advance(20_000);
    const cached = await ask();
    expect(cacheOf(cached)).toEqual({
      status: 'models-gateway; hit; ttl=40',
      control: 'private, max-age=40',
      age: '20',
    });
    expect(await idsOf(cached)).toEqual(['old']);
    expect(upstream.requests).toHaveLength(1);
    clock.advance(40_000);
    const fetched = await ask();
    expect(statusOf(fetched)).toBe('models-gateway; fwd=stale; stored; ttl=60');
    expect(await idsOf(fetched)).toEqual(['new']);
    expect(upstream.requests).toHaveLength(2);
  });

  it('and its models are one entry', async () => {
    const { ask, gateway, upstream } = await startScenario(OLD, CACHE);
    const model = await ask('/v1/models/old');
    expect(statusOf(model)).toBe('models-gateway; fwd=miss; stored; ttl=60');
    const cached = await ask('/v1/models/old');
    expect(statusOf(cached)).toBe('models-gateway; hit; ttl=60');
    expect(await cached.text()).toBe(await model.text());
    expect(statusOf(await ask())).toBe('models-gateway; hit; ttl=60');
    expect((await errorOf(await ask('/v1/models/none'))).code).toBe('model_not_found');
    expect(upstream.requests).toHaveLength(1);
    // The log has no upstream request for an answer from the cache.
    const lines = await requestLines(gateway, 4);
    expect(lines.map(({ upstreamStatus }) => upstreamStatus)).toEqual([200, undefined, undefined, undefined]);
  });

  it('is kept for each credential and scope', async () => {
    const callerList: Script = (request, response) => {
      json({ data: [{ id: scopeOf(request.headers) }] })(request, response);
    };
    const { ask, upstream } = await startScenario(callerList, { ...CACHE, VLLM_API_KEY: secret('operator') });
    const callers: Record<string, string>[] = [
      {},
      KEY,
      OTHER_KEY,
      { ...KEY, 'openai-organization': 'one' },
      { ...KEY, 'openai-organization': 'other' },
      { ...KEY, 'openai-project': 'one' },
      { ...KEY, 'openai-organization': 'one', 'openai-project': 'one' },
    ];
    for (const status of ['fwd=miss; stored', 'hit']) {
      for (const headers of callers) {
        const response = await ask('/v1/models', { headers });
        expect(statusOf(response)).toBe(`models-gateway; ${status}; ttl=60`);
        const sent = { authorization: `Bearer ${secret('operator')}`, ...headers };
        expect(await idsOf(response)).toEqual([scopeOf(sent)]);
      }
    }
    expect(upstream.requests).toHaveLength(callers.length);
  });

  it('is evicted when there are too many', async () => {
    const { ask } = await startScenario(OLD, { ...CACHE, CACHE_MAX_ENTRIES: '2' });
    const use = async (name: string): Promise<boolean> => {
      const response = await ask('/v1/models', { headers: { 'x-api-key': secret(name) } });
      return statusOf(response)?.includes('; hit;') ?? false;
    };
    const hits: boolean[] = [];
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) hits.push(await use(name));
    expect(hits).toEqual([false, false, true, false, true, false]);
  });

  it.each<[string, Script]>([
    ['a failure', json({}, 500)],
    ['no list', text('<html>')],
    ['a rejection', FORBIDDEN],
  ])('is not kept when the answer is %s', async (_name, script) => {
    const { ask } = await startScenario(inTurn(script, NEW), CACHE);
    expect((await ask()).status).toBeGreaterThanOrEqual(400);
    expect(await idsOf(await ask())).toEqual(['new']);
  });

  it('is not kept when the answer ends too early', async () => {
    const cut = raw('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"data":[{"id":"half"}]}');
    const { ask } = await startScenario(inTurn(cut, NEW), CACHE);
    expect(await failureOf(await ask())).toEqual([502, 'upstream_unreachable']);
    expect(await idsOf(await ask())).toEqual(['new']);
  });

  it('is not kept when a page is missing', async () => {
    const page = json({ data: [{ id: 'half' }], has_more: true, last_id: 'half' });
    const { ask } = await startScenario(inTurn(page, json({}, 500), NEW), {
      ...CACHE,
      MAIN_MODEL_ENGINE: 'anthropic',
    });
    expect(await failureOf(await ask())).toEqual([502, 'upstream_error']);
    expect(await idsOf(await ask())).toEqual(['new']);
  });
});

function scopeOf(headers: IncomingMessage['headers']): string {
  return [headers.authorization, headers['openai-organization'], headers['openai-project']]
    .map((each) => String(each ?? '-'))
    .join(' ');
}

describe('two callers with different keys', () => {
  it('never see each other’s lists, whatever fails', async () => {
    const TURNS = 400;
    const random = seeded(20_261_123);
    const failures: Script[] = [
      json({}, 500),
      text('<html>'),
      ({ socket }) => socket.destroy(),
      FORBIDDEN,
      json({}, 429),
    ];
    const { ask, upstream } = await startScenario((request, response) => {
      const failure = failures[Math.floor(random() * failures.length * 2)];
      // A random delay makes the two overlap in every way.
      setTimeout(
        () => {
          (failure ?? json({ data: [{ id: request.headers.authorization }] }))(request, response);
        },
        Math.floor(random() * 3),
      );
    }, CACHE);
    let lists = 0;
    const askOften = async ({ authorization }: typeof KEY): Promise<void> => {
      for (let turn = 0; turn < TURNS; turn += 1) {
        clock.advance(random() * 20_000);
        const headers = { authorization, ...(random() < 0.1 && NO_CACHE) };
        const response = await ask(
          random() < 0.2 ? `/v1/models/${encodeURIComponent(authorization)}` : undefined,
          {
            headers,
          },
        );
        const body = await response.text();
        const other = authorization === KEY.authorization ? OTHER_KEY : KEY;
        expect(body).not.toContain(other.authorization);
        if (!response.ok) continue;
        lists += 1;
        expect(body).toContain(authorization);
      }
    };
    await Promise.all([askOften(KEY), askOften(OTHER_KEY)]);
    expect(lists).toBeGreaterThan(TURNS / 2);
    expect(upstream.requests.length).toBeGreaterThan(TURNS / 10);
    expect(upstream.requests.length).toBeLessThan(1.5 * TURNS);
  });
});

describe('five hundred callers at once', () => {
  it('make one request', async () => {
    const held = heldAnswers(OLD);
    const { ask, gateway, upstream } = await startScenario(held.script, LONG);
    const arrived = arrivals(gateway);
    const pending = Array.from({ length: 500 }, () => ask('/v1/models', { headers: KEY }));
    await arrived(pending.length);
    await held.release(1);
    const responses = await Promise.all(pending);
    for (const response of responses) expect(await idsOf(response)).toEqual(['old']);
    expect(responses.map(statusOf).sort()).toEqual([
      ...Array<string>(499).fill('models-gateway; fwd=miss; stored; collapsed; ttl=60'),
      'models-gateway; fwd=miss; stored; ttl=60',
    ]);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('a stale list', () => {
  it('is served at once, marked as stale, while one refresh runs', async () => {
    const held = heldAnswers(NEW);
    const scenario = await startScenario(inTurn(OLD, held.script), LONG);
    const { ask, upstream } = scenario;
    await ask();
    clock.advance(TTL_MS + 5000);
    const responses = await Promise.all(Array.from({ length: 20 }, () => ask()));
    for (const response of responses) {
      expect(cacheOf(response)).toEqual({
        status: 'models-gateway; hit; ttl=-5',
        control: 'private, max-age=0',
        age: '65',
      });
      expect(await idsOf(response)).toEqual(['old']);
    }
    await held.release(1);
    await untilListed(scenario, ['new']);
    expect(statusOf(await ask())).toBe('models-gateway; hit; ttl=60');
    expect(upstream.requests).toHaveLength(2);
  });

  it.each<[string, Script]>([
    ['answers 500', json({}, 500)],
    ['answers 503', json({}, 503)],
    ['redirects', json({}, 302, { location: 'http://127.0.0.1:1/' })],
    ['answers without a list', text('<html>')],
    ['closes connections', ({ socket }) => socket.destroy()],
  ])('is served when the provider %s, until it is too old', async (_name, script) => {
    const { ask, upstream } = await startScenario(OLD, CACHE);
    await ask();
    upstream.answer(script);
    clock.advance(TTL_MS);
    for (let turn = 0; turn < 5; turn += 1) {
      const response = await ask();
      expect(await idsOf(response)).toEqual(['old']);
      expect(statusOf(response)).toMatch(/^models-gateway; hit; ttl=(0|-\d+)$/);
      clock.advance(60_000);
    }
    clock.advance(STALE_MS);
    expect((await ask()).status).toBe(502);
  });

  it('is served when the provider refuses connections', async () => {
    const { ask, upstream } = await startScenario(OLD, CACHE);
    await ask();
    await upstream.close();
    clock.advance(TTL_MS + 1000);
    expect(await idsOf(await ask())).toEqual(['old']);
    expect(statusOf(await ask('/v1/models/old'))).toBe('models-gateway; hit; ttl=-1');
    clock.advance(STALE_MS);
    expect(await failureOf(await ask())).toEqual([502, 'upstream_unreachable']);
  });

  it('is served while a refresh hangs', async () => {
    const { ask, upstream } = await startScenario(inTurn(OLD, silence), LONG);
    await ask();
    clock.advance(TTL_MS);
    for (let turn = 0; turn < 10; turn += 1) expect(await idsOf(await ask())).toEqual(['old']);
    expect(upstream.requests).toHaveLength(2);
  });

  it('that expires during a hanging refresh makes callers wait at most until their deadline', async () => {
    const { ask, upstream } = await startScenario(inTurn(OLD, silence), {
      ...CACHE,
      UPSTREAM_TIMEOUT_MS: '2000',
    });
    await ask();
    clock.advance(TTL_MS);
    await ask();
    await upstream.received(2);
    clock.advance(STALE_MS);
    const joined = ask();
    expect(await failureOf(await joined)).toEqual([502, 'upstream_timeout']);
    upstream.answer(NEW);
    expect(await idsOf(await ask())).toEqual(['new']);
  });

  it('is refreshed less often while refreshes fail, and normally after a success', async () => {
    const scenario = await startScenario(OLD, CACHE);
    const { ask, upstream, gateway } = scenario;
    await ask();
    upstream.answer(json({}, 500));
    clock.advance(TTL_MS);
    await ask();
    await until('the failure is known', () => gateway.logs.join('').includes('answered 500'));
    // All requests together take less than the shortest pause.
    for (let turn = 0; turn < 4; turn += 1) {
      clock.advance(100);
      await ask();
    }
    expect(upstream.requests).toHaveLength(2);
    upstream.answer(NEW);
    clock.advance(30_000);
    await untilListed(scenario, ['new']);
    expect(upstream.requests).toHaveLength(3);
  });
});

describe('a rejection', () => {
  it.each([400, 401, 403, 404, 410])('with %i is relayed at once and drops the list', async (status) => {
    const rejection = json({ error: { message: 'No.', code: 'no' } }, status);
    const { ask, upstream } = await startScenario(inTurn(OLD, rejection), CACHE);
    expect((await ask()).status).toBe(200);
    expect(await failureOf(await ask('/v1/models', { headers: NO_CACHE }))).toEqual([status, 'no']);
    const response = await ask();
    expect(await failureOf(response)).toEqual([status, 'no']);
    expect(cacheOf(response)).toEqual({ status: null, control: 'no-store', age: null });
    expect(upstream.requests).toHaveLength(3);
    upstream.answer(NEW);
    expect(statusOf(await ask())).toBe('models-gateway; fwd=miss; stored; ttl=60');
  });

  it('of a refresh ends the use of the stale list', async () => {
    const { ask, upstream } = await startScenario(inTurn(OLD, FORBIDDEN), CACHE);
    await ask();
    clock.advance(TTL_MS);
    expect(await idsOf(await ask())).toEqual(['old']);
    await upstream.received(2);
    await until('the list is gone', async () => (await ask()).status === 403);
    expect(await failureOf(await ask())).toEqual([403, 'forbidden']);
  });

  it('of one key does not affect another', async () => {
    const { ask, upstream } = await startScenario(OLD, CACHE);
    for (const headers of [KEY, OTHER_KEY]) await ask('/v1/models', { headers });
    upstream.answer(FORBIDDEN);
    expect((await ask('/v1/models', { headers: { ...KEY, ...NO_CACHE } })).status).toBe(403);
    expect(await idsOf(await ask('/v1/models', { headers: OTHER_KEY }))).toEqual(['old']);
  });
});

describe('a rate limit', () => {
  const limit = (status = 429, headers: Record<string, string> = { 'retry-after': '30' }): Script =>
    json({ error: { message: 'Slow down.', code: 'rate_limit_exceeded' } }, status, headers);
  const SHORT = { ...CACHE, CACHE_TTL_SECONDS: '2' };

  it.each([429, 408])('with %i leaves callers with what is kept, and the provider alone', async (status) => {
    const { ask, upstream } = await startScenario(inTurn(OLD, limit(status)), SHORT);
    expect(await idsOf(await ask())).toEqual(['old']);
    const statuses: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      clock.advance(500);
      statuses.push((await ask()).status);
    }
    expect(statuses).toEqual(Array(20).fill(200));
    expect(upstream.requests).toHaveLength(2);
  });

  it('is over when the provider says so', async () => {
    const scenario = await startScenario(inTurn(OLD, limit(), NEW), SHORT);
    const { ask, upstream } = scenario;
    await ask();
    clock.advance(2000);
    await ask();
    await upstream.received(2);
    await until('it is known', () => scenario.gateway.logs.join('').includes('answered 429'));
    clock.advance(29_999);
    await ask();
    expect(upstream.requests).toHaveLength(2);
    clock.advance(1);
    await untilListed(scenario, ['new']);
    expect(upstream.requests).toHaveLength(3);
  });

  it.each<[string, () => Record<string, string>, string]>([
    ['seconds', () => ({ 'retry-after': '30' }), '20'],
    ['a date', () => ({ 'retry-after': new Date(Date.now() + 31_000).toUTCString() }), '2[01]'],
    ['milliseconds', () => ({ 'retry-after-ms': '29500', 'retry-after': '60' }), '20'],
    ['more than five minutes', () => ({ 'retry-after': '86400' }), '290'],
  ])('of %s is repeated with what remains of it while nothing is kept', async (_name, headers, remaining) => {
    const { ask, gateway, upstream } = await startScenario((request, response) => {
      limit(429, headers())(request, response);
    }, CACHE);
    const first = await ask();
    expect(await failureOf(first)).toEqual([429, 'rate_limit_exceeded']);
    clock.advance(10_000);
    for (const init of [{}, { headers: NO_CACHE }]) {
      const again = await ask('/v1/models', init);
      expect(again.headers.get('retry-after')).toMatch(new RegExp(`^${remaining}$`));
      expect(again.headers.get('retry-after-ms')).toBeNull();
      expect(again.headers.get('cache-control')).toBe('no-store');
      expect((await errorOf(again)).message).toBe('Slow down.');
    }
    expect(upstream.requests).toHaveLength(1);
    const lines = await requestLines(gateway, 3);
    expect(lines.map(({ upstreamStatus }) => upstreamStatus)).toEqual([429, undefined, undefined]);
    clock.advance(290_000);
    await ask();
    expect(upstream.requests).toHaveLength(2);
  });

  it('without a time lasts for a moment', async () => {
    const { ask, upstream } = await startScenario(limit(429, {}), CACHE);
    await ask();
    clock.advance(400);
    expect((await ask()).headers.get('retry-after')).toBe('1');
    expect(upstream.requests).toHaveLength(1);
    clock.advance(600);
    await ask();
    expect(upstream.requests).toHaveLength(2);
  });

  it('gives what is kept to no-cache, the first time too', async () => {
    const { ask, upstream } = await startScenario(inTurn(OLD, limit()), CACHE);
    await ask();
    clock.advance(1000);
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await ask('/v1/models', { headers: NO_CACHE });
      expect([statusOf(response), await idsOf(response)]).toEqual(['models-gateway; hit; ttl=59', ['old']]);
    }
    expect(upstream.requests).toHaveLength(2);
  });

  it('serves a list no longer than its time', async () => {
    const { ask } = await startScenario(inTurn(OLD, limit(429, { 'retry-after': '300' })), {
      ...CACHE,
      CACHE_STALE_SECONDS: '30',
    });
    await ask();
    clock.advance(TTL_MS);
    expect((await ask()).status).toBe(200);
    clock.advance(29_999);
    expect((await ask()).status).toBe(200);
    clock.advance(1);
    expect((await ask()).status).toBe(429);
  });

  it('of one key concerns no other', async () => {
    const { ask, upstream } = await startScenario(limit(), CACHE);
    await ask('/v1/models', { headers: KEY });
    upstream.answer(NEW);
    expect((await ask('/v1/models', { headers: KEY })).status).toBe(429);
    expect(await idsOf(await ask('/v1/models', { headers: OTHER_KEY }))).toEqual(['new']);
  });

  it('repeats no key, neither of a caller nor of the operator', async () => {
    const parrot: Script = (request, response) => {
      const { authorization } = request.headers;
      json({ error: { message: `Slow down, ${String(authorization)}.` } }, 429, { 'retry-after': '30' })(
        request,
        response,
      );
    };
    const { ask } = await startScenario(parrot, { ...CACHE, VLLM_API_KEY: secret('operator') });
    for (const [headers, message] of [
      [KEY, 'Slow down, [redacted].'],
      [{}, 'The provider answered 429.'],
    ] as const) {
      for (let turn = 0; turn < 2; turn += 1)
        expect((await errorOf(await ask('/v1/models', { headers }))).message).toBe(message);
    }
  });

  it('is forgotten with the first list', async () => {
    const { ask, upstream } = await startScenario(inTurn(limit(), OLD), FRESH_ONLY);
    await ask();
    clock.advance(30_000);
    expect((await ask()).status).toBe(200);
    clock.advance(TTL_MS);
    expect(statusOf(await ask())).toBe('models-gateway; fwd=stale; stored; ttl=60');
    expect(upstream.requests).toHaveLength(3);
  });
});

it('the time of day, set back by an hour, keeps the list of a revoked key no longer', async () => {
  const { ask, upstream } = await startScenario(inTurn(OLD, FORBIDDEN), FRESH_ONLY);
  await ask();
  clock.set(-3_600_000);
  clock.advance(TTL_MS);
  expect(await failureOf(await ask())).toEqual([403, 'forbidden']);
  expect(upstream.requests).toHaveLength(2);
});

describe('Cache-Control: no-cache', () => {
  it.each(['no-cache', 'max-age=0, no-cache', 'NO-CACHE', 'no-store,no-cache, max-age=0'])(
    '"%s" fetches the list from the provider, and later callers get the new one',
    async (directives) => {
      const { ask } = await startScenario(inTurn(OLD, NEW), CACHE);
      await ask();
      const response = await ask('/v1/models', { headers: { 'cache-control': directives } });
      expect(statusOf(response)).toBe('models-gateway; fwd=request; stored; ttl=60');
      expect(await idsOf(response)).toEqual(['new']);
      expect(await idsOf(await ask())).toEqual(['new']);
    },
  );

  it.each(['max-age=0', 'no-cached', 'x-no-cache', 'no-transform'])(
    '"%s" is not no-cache',
    async (directives) => {
      const { ask } = await startScenario(inTurn(OLD, NEW), CACHE);
      await ask();
      expect(statusOf(await ask('/v1/models', { headers: { 'cache-control': directives } }))).toBe(
        'models-gateway; hit; ttl=60',
      );
    },
  );

  it('shares one request between simultaneous callers', async () => {
    const held = heldAnswers(NEW);
    const { ask, gateway, upstream } = await startScenario(inTurn(OLD, held.script), LONG);
    await ask();
    const arrived = arrivals(gateway);
    const pending = Array.from({ length: 20 }, () => ask('/v1/models', { headers: NO_CACHE }));
    await arrived(pending.length);
    await held.release(1);
    const responses = await Promise.all(pending);
    for (const response of responses) expect(await idsOf(response)).toEqual(['new']);
    expect(new Set(responses.map(statusOf))).toEqual(
      new Set([
        'models-gateway; fwd=request; stored; ttl=60',
        'models-gateway; fwd=request; stored; collapsed; ttl=60',
      ]),
    );
    expect(upstream.requests).toHaveLength(2);
  });

  it('gets the failure, while other callers get the kept list', async () => {
    const { ask } = await startScenario(inTurn(OLD, json({}, 500)), CACHE);
    await ask();
    expect(await failureOf(await ask('/v1/models', { headers: NO_CACHE }))).toEqual([502, 'upstream_error']);
    expect(await idsOf(await ask())).toEqual(['old']);
  });
});

describe('callers that hang up', () => {
  it('do not cancel the request of others, and its list is kept', async () => {
    const held = heldAnswers(OLD);
    const { ask, gateway, upstream } = await startScenario(held.script, LONG);
    const arrived = arrivals(gateway);
    const caller = new AbortController();
    const gone = ask('/v1/models', { signal: caller.signal });
    await arrived(1);
    const staying = ask();
    await arrived(2);
    caller.abort();
    await expect(gone).rejects.toThrow('aborted');
    await requestLines(gateway, 1);
    await held.release(1);
    expect(await idsOf(await staying)).toEqual(['old']);
    expect(statusOf(await ask())).toBe('models-gateway; hit; ttl=60');
    expect(upstream.requests).toHaveLength(1);
  });

  it('cancel the request when all have hung up', async () => {
    const held = heldAnswers(OLD);
    const { ask, gateway, upstream } = await startScenario(held.script, LONG);
    const arrived = arrivals(gateway);
    const callers = [new AbortController(), new AbortController()];
    const gone = callers.map(({ signal }) => ask('/v1/models', { signal }));
    await arrived(callers.length);
    await upstream.received(1);
    for (const caller of callers) caller.abort();
    for (const each of gone) await expect(each).rejects.toThrow('aborted');
    await held.abandoned();
    upstream.answer(NEW);
    expect(await idsOf(await ask())).toEqual(['new']);
  });

  it('do not cancel the refresh that they started', async () => {
    const held = heldAnswers(NEW);
    const scenario = await startScenario(inTurn(OLD, held.script), LONG);
    const { ask, upstream } = scenario;
    await ask();
    clock.advance(TTL_MS);
    const caller = new AbortController();
    await (await ask('/v1/models', { signal: caller.signal })).text();
    caller.abort();
    await held.release(1);
    await untilListed(scenario, ['new']);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe.each<[string, Record<string, string>]>([
  ['with a cache', CACHE],
  ['without a cache', {}],
])('a conditional request %s', (_name, env) => {
  const PATHS = ['/v1/models', '/v1/models/old'];

  async function tags({ ask }: Scenario, path: string): Promise<[etag: string, body: string]> {
    const response = await ask(path);
    return [response.headers.get('etag') ?? '', await response.text()];
  }

  it.each(PATHS)('of %s is a 304 when its tag is that of the body', async (path) => {
    const scenario = await startScenario(OLD, env);
    const [etag, body] = await tags(scenario, path);
    expect(etag).toMatch(/^"[\w-]+"$/);
    expect(body).toContain('old');
    for (const known of [etag, `W/${etag}`, '*', `"x", ${etag}`, `"x",W/${etag} , "y"`]) {
      for (const method of ['GET', 'HEAD']) {
        const headers = { 'if-none-match': known };
        const response = await scenario.ask(path, { method, headers });
        expect([known, response.status, await response.text()]).toEqual([known, 304, '']);
        expect(response.headers.get('etag')).toBe(etag);
        expect(response.headers.get('vary')).toBe(
          'authorization, x-api-key, api-key, openai-organization, openai-project, anthropic-version, accept-encoding',
        );
        expect(response.headers.get('content-type')).toBeNull();
        expect(response.headers.has('cache-control')).toBe(env === CACHE);
      }
    }
  });

  it.each(PATHS)('of %s is a 200 when its tag is another one', async (path) => {
    const scenario = await startScenario(OLD, env);
    const [etag, body] = await tags(scenario, path);
    for (const known of ['"x"', '"x", W/"y"', etag.slice(1, -1), `${etag.slice(0, -2)}"`, `w/${etag}x`]) {
      const response = await scenario.ask(path, { headers: { 'if-none-match': known } });
      expect([known, response.status, await response.text()]).toEqual([known, 200, body]);
    }
  });

  it.each(PATHS)(
    'of %s is a 304 although the server gives each model the date of the answer',
    async (path) => {
      let answers = 0;
      const moving: Script = (request, response) => {
        const created = Math.floor(Date.now() / 1000) + answers;
        answers += 1;
        const permission = [{ id: `modelperm-${String(answers).padStart(16, '0')}`, created }];
        // At the third answer there is another model in front.
        const rows = answers < 3 ? ['old'] : ['new', 'old'];
        json({ data: rows.map((id) => ({ id, created, permission })) })(request, response);
      };
      const { ask } = await startScenario(moving, env);
      const revalidated = async (known: string): Promise<Response> =>
        ask(path, { headers: { ...NO_CACHE, 'if-none-match': known } });
      const first = await ask(path);
      const etag = first.headers.get('etag') ?? '';
      const { created } = modelIn(await first.json());
      expect((await revalidated(etag)).status).toBe(304);
      const third = await revalidated(etag);
      expect(third.status).toBe(path === '/v1/models' ? 200 : 304);
      if (third.status === 200) expect(modelIn(await third.json()).created).toBe(created);
      expect(answers).toBe(3);
    },
  );

  it('has one tag for each body', async () => {
    const scenario = await startScenario(OLD, env);
    const list = await tags(scenario, '/v1/models');
    const model = await tags(scenario, '/v1/models/old');
    const noCache = { headers: NO_CACHE };
    expect((await scenario.ask('/v1/models', noCache)).headers.get('etag')).toBe(list[0]);
    scenario.upstream.answer(NEW);
    const changed = (await scenario.ask('/v1/models', noCache)).headers.get('etag');
    expect(new Set([list[0], model[0], changed]).size).toBe(3);
  });

  it('gets errors unchanged', async () => {
    const { ask } = await startScenario(inTurn(OLD, FORBIDDEN), env);
    const headers = { 'if-none-match': '*' };
    const missing = await ask('/v1/models/none', { headers });
    expect(missing.headers.get('etag')).toBeNull();
    expect(await failureOf(missing)).toEqual([404, 'model_not_found']);
    expect(await failureOf(await ask('/v1/models', { headers: { ...headers, ...NO_CACHE } }))).toEqual([
      403,
      'forbidden',
    ]);
  });

  it.each(PATHS)('HEAD %s has the headers of GET and no body', async (path) => {
    const { ask } = await startScenario(OLD, env);
    await ask(path);
    const names = ['etag', 'vary', 'content-type', 'content-length', 'cache-control', 'age', 'cache-status'];
    const [head, get] = [await ask(path, { method: 'HEAD' }), await ask(path)];
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const name of names) expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
  });
});

/** The last model of a list, or the model itself. */
function modelIn(body: unknown): { readonly created?: number } {
  const { data } = body as { data?: object[] };
  return data?.at(-1) ?? (body as object);
}
