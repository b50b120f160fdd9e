import { describe, expect, it } from '@jest/globals';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { movableClock } from '../support/clock.js';
import { json, silence, startFakeUpstream } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { started, startScenario } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const LIST = json({ data: [{ id: 'a' }] });
/** One request is under way, two may wait. */
const TIGHT = { UPSTREAM_TIMEOUT_MS: '60000', UPSTREAM_MAX_CONNECTIONS: '1', UPSTREAM_MAX_PENDING: '2' };

const PENDING = 'models_gateway_upstream_pending_requests';
const REFUSED = 'models_gateway_overloaded_requests_total{engine="vllm"}';

type Ask = (path?: string, init?: RequestInit) => Promise<Response>;

function keyed(name: string, signal?: AbortSignal): RequestInit {
  return { headers: { authorization: `Bearer ${secret(name)}` }, ...(signal && { signal }) };
}

async function sample(ask: Ask, name: string): Promise<number | undefined> {
  const lines = (await (await ask('/metrics')).text()).split('\n');
  const line = lines.find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

async function untilPending(ask: Ask, count: number): Promise<void> {
  await until(`${String(count)} requests wait`, async () => (await sample(ask, PENDING)) === count);
}

describe('more requests than UPSTREAM_MAX_PENDING', () => {
  it('get a 503 at once, and those that wait get their lists', async () => {
    const held = heldAnswers(LIST);
    const { ask, upstream } = await startScenario(held.script, TIGHT);
    const waiting = ['1', '2', '3'].map((name) => ask('/v1/models', keyed(name)));
    await untilPending(ask, 2);
    const refused = await ask('/v1/models', keyed('4'));
    expect(refused.status).toBe(503);
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'retry-after': '1',
      'cache-control': 'no-store',
    });
    expect(refused.headers.get('x-should-retry')).toBeNull();
    expect(await errorOf(refused)).toEqual({
      message: 'Too many requests wait for the provider.',
      type: 'server_error',
      param: null,
      code: 'overloaded',
    });
    expect(await failureOf(await ask('/v1/models/a', keyed('4')))).toEqual([503, 'overloaded']);
    expect((await ask('/healthz')).status).toBe(200);
    expect(await sample(ask, REFUSED)).toBe(2);
    expect(await sample(ask, 'models_gateway_upstream_up{engine="vllm"}')).toBeUndefined();
    // A caller with the credential of one that waits shares its request.
    const sharing = ask('/v1/models', keyed('3'));
    await until(
      'it shares',
      async () => (await sample(ask, 'models_gateway_coalesced_requests_total{engine="vllm"}')) === 1,
    );
    for (let answered = 0; answered < 3; answered += 1) await held.release(1);
    for (const each of [...waiting, sharing]) expect(await idsOf(await each)).toEqual(['a']);
    expect(upstream.requests).toHaveLength(3);
    expect(await sample(ask, PENDING)).toBe(0);
    upstream.answer(LIST);
    expect(await idsOf(await ask('/v1/models', keyed('4')))).toEqual(['a']);
  });

  it('get the error of Anthropic in its dialect', async () => {
    const { ask } = await startScenario(silence, { ...TIGHT, UPSTREAM_MAX_PENDING: '0' });
    const caller = new AbortController();
    const asking = ask('/v1/models', keyed('1', caller.signal));
    await until(
      'the connection is taken',
      async () => (await sample(ask, 'http_client_active_requests')) === 1,
    );
    const refused = await ask('/v1/models', {
      headers: { 'x-api-key': secret('2'), 'anthropic-version': '2023-06-01' },
    });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({
      type: 'error',
      error: { type: 'overloaded_error', details: { error_code: 'overloaded' } },
    });
    caller.abort();
    await expect(asking).rejects.toThrow('aborted');
  });

  it('are not those whose callers have hung up', async () => {
    const held = heldAnswers(LIST);
    const { ask, upstream } = await startScenario(held.script, TIGHT);
    const callers = new AbortController();
    const first = ask('/v1/models', keyed('1'));
    await upstream.received(1);
    const gone = ['2', '3'].map((name) => ask('/v1/models', keyed(name, callers.signal)));
    await untilPending(ask, 2);
    callers.abort();
    for (const each of gone) await expect(each).rejects.toThrow('aborted');
    await untilPending(ask, 0);
    const last = ask('/v1/models', keyed('4'));
    await untilPending(ask, 1);
    await held.release(1);
    await held.release(1);
    expect(await idsOf(await first)).toEqual(['a']);
    expect(await idsOf(await last)).toEqual(['a']);
    expect(upstream.requests).toHaveLength(2);
  });

  it('leave kept lists alone, fresh and stale ones', async () => {
    const clock = movableClock();
    const { ask, upstream } = await startScenario(LIST, {
      ...TIGHT,
      UPSTREAM_MAX_PENDING: '0',
      CACHE_TTL_SECONDS: '60',
      CACHE_STALE_SECONDS: '600',
    });
    expect(await idsOf(await ask('/v1/models', keyed('1')))).toEqual(['a']);
    upstream.answer(silence);
    const caller = new AbortController();
    const asking = ask('/v1/models', keyed('2', caller.signal));
    await upstream.received(2);
    expect(await idsOf(await ask('/v1/models', keyed('1')))).toEqual(['a']);
    clock.advance(61_000);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await idsOf(await ask('/v1/models', keyed('1')))).toEqual(['a']);
    }
    expect(await failureOf(await ask('/v1/models', keyed('3')))).toEqual([503, 'overloaded']);
    expect(await sample(ask, 'models_gateway_upstream_up{engine="vllm"}')).toBe(1);
    caller.abort();
    await expect(asking).rejects.toThrow('aborted');
  });

  it('leave the other engines of a list alone', async () => {
    const fast = await started(startFakeUpstream(LIST));
    const slow = await started(startFakeUpstream(silence));
    const gateway = await started(
      startGateway({
        ...TIGHT,
        UPSTREAM_MAX_PENDING: '0',
        COALESCE: 'false',
        MODEL_ENGINES: 'lab,slow',
        LAB_BASE_URL: fast.url,
        SLOW_BASE_URL: slow.url,
      }),
    );
    const caller = new AbortController();
    const asking = fetch(`${gateway.url}/v1/models`, { signal: caller.signal });
    await slow.received(1);
    await fast.received(1);
    const answer = await until('the fast one has a connection', async () => {
      const response = await fetch(`${gateway.url}/v1/models`);
      return response.ok && response;
    });
    expect(answer.headers.get('x-models-incomplete')).toBe('slow=overloaded');
    expect(await idsOf(answer)).toEqual(['a']);
    caller.abort();
    await expect(asking).rejects.toThrow('aborted');
  });

  it('are a 503 where no engine has room', async () => {
    const upstreams = [await started(startFakeUpstream(silence)), await started(startFakeUpstream(silence))];
    const [one, other] = upstreams.map(({ url }) => url);
    const gateway = await started(
      startGateway({
        ...TIGHT,
        UPSTREAM_MAX_PENDING: '0',
        COALESCE: 'false',
        MODEL_ENGINES: 'one,other',
        ONE_BASE_URL: String(one),
        OTHER_BASE_URL: String(other),
      }),
    );
    const caller = new AbortController();
    const asking = fetch(`${gateway.url}/v1/models`, { signal: caller.signal });
    for (const upstream of upstreams) await upstream.received(1);
    expect(await failureOf(await fetch(`${gateway.url}/v1/models`))).toEqual([503, 'overloaded']);
    caller.abort();
    await expect(asking).rejects.toThrow('aborted');
  });
});
