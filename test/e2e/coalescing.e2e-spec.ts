import { describe, expect, it } from '@jest/globals';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { arrivals } from '../support/arrivals.js';
import { inTurn, json, silence } from '../support/fake-upstream.js';
import type { Script } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { requestLines } from '../support/log-lines.js';
import { startScenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const LIST = json({ data: [{ id: 'a' }] });
/** No test waits for this to pass. */
const LONG = { UPSTREAM_TIMEOUT_MS: '60000' };
const KEY = { authorization: `Bearer ${secret('one')}` };

function traceOf(digit: string): string {
  return `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
}

/** A provider whose list contains its caller. */
const personal: Script = (request, response) => {
  const { authorization, 'openai-organization': organization, 'openai-project': project } = request.headers;
  const id = [authorization, organization, project].map((each) => each ?? '-').join(' ');
  json({ data: [{ id }] })(request, response);
};

describe('simultaneous callers', () => {
  it('with one credential share one request: a thousand callers', async () => {
    const held = heldAnswers(LIST);
    const { ask, gateway, upstream } = await startScenario(held.script, LONG);
    const arrived = arrivals(gateway);
    const pending = Array.from({ length: 1000 }, () => ask('/v1/models', { headers: KEY }));
    await arrived(pending.length);
    await held.release(1);
    const responses = await Promise.all(pending);
    for (const response of responses) expect(await idsOf(response)).toEqual(['a']);
    expect(new Set(responses.map(({ headers }) => headers.get('x-request-id'))).size).toBe(pending.length);
    expect(upstream.requests).toHaveLength(1);
  });

  it('share one request for the list and for a model', async () => {
    const held = heldAnswers(LIST);
    const { ask, gateway, upstream } = await startScenario(held.script, LONG);
    const arrived = arrivals(gateway);
    const pending = ['/v1/models', '/v1/models/a', '/v1/models/b'].map((path) => ask(path));
    await arrived(pending.length);
    await held.release(1);
    expect((await Promise.all(pending)).map(({ status }) => status)).toEqual([200, 200, 404]);
    expect(upstream.requests).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['request id', { ...KEY, 'x-request-id': 'one' }, { ...KEY, 'x-request-id': 'other' }],
    ['trace', { ...KEY, traceparent: traceOf('1') }, { ...KEY, traceparent: traceOf('2') }],
    ['kind of client', { ...KEY, 'user-agent': 'one' }, { ...KEY, 'user-agent': 'other' }],
    ['way to send the key', KEY, { 'x-api-key': secret('one') }],
    ['cache-control', KEY, { ...KEY, 'cache-control': 'no-cache' }],
  ])('that differ in their %s share one request', async (_name, one, other) => {
    const held = heldAnswers(LIST);
    const { ask, gateway, upstream } = await startScenario(held.script, LONG);
    const arrived = arrivals(gateway);
    const pending = [one, other].map((headers) => ask('/v1/models', { headers }));
    await arrived(pending.length);
    await held.release(1);
    for (const response of await Promise.all(pending)) expect(await idsOf(response)).toEqual(['a']);
    expect(upstream.requests).toHaveLength(1);
  });

  const other = { authorization: `Bearer ${secret('other')}` };
  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['credentials', KEY, other],
    ['schemes', KEY, { authorization: `Basic ${secret('one')}` }],
    ['spellings of a scheme', KEY, { authorization: `bearer ${secret('one')}` }],
    ['credentials, one of them the operator’s,', KEY, {}],
    ['organisations', { ...KEY, 'openai-organization': 'one' }, { ...KEY, 'openai-organization': 'other' }],
    ['organisations, one of them none,', { ...KEY, 'openai-organization': 'one' }, KEY],
    ['projects', { ...KEY, 'openai-project': 'one' }, { ...KEY, 'openai-project': 'other' }],
    ['scopes of one name', { ...KEY, 'openai-organization': 'one' }, { ...KEY, 'openai-project': 'one' }],
  ])('with different %s each get their own list', async (_name, first, second) => {
    const held = heldAnswers(personal);
    const env = { ...LONG, VLLM_API_KEY: secret('operator') };
    const { ask, gateway, upstream } = await startScenario(held.script, env);
    const callers = [first, second, first, second];
    const arrived = arrivals(gateway);
    const pending = callers.map((headers) => ask('/v1/models', { headers }));
    await arrived(callers.length);
    await held.release(2);
    const answers = await Promise.all((await Promise.all(pending)).map(idsOf));
    expect(answers).toEqual(
      callers.map((headers) => [
        [
          headers['authorization'] ?? `Bearer ${secret('operator')}`,
          headers['openai-organization'] ?? '-',
          headers['openai-project'] ?? '-',
        ].join(' '),
      ]),
    );
    expect(upstream.requests).toHaveLength(2);
  });

  it('that send the operator’s key do not count as the operator', async () => {
    // The text of an error is relayed to the one caller and withheld from the other.
    const held = heldAnswers(json({ error: { message: 'You are not welcome.' } }, 403));
    const { ask, gateway } = await startScenario(held.script, {
      ...LONG,
      VLLM_API_KEY: secret('one'),
    });
    const arrived = arrivals(gateway);
    const pending = [KEY, {}].map((headers) => ask('/v1/models', { headers }));
    await arrived(pending.length);
    await held.release(2);
    const errors = await Promise.all((await Promise.all(pending)).map(errorOf));
    expect(errors.map(({ message }) => message)).toEqual([
      'You are not welcome.',
      'The provider answered 403.',
    ]);
  });

  it('share nothing with COALESCE=false', async () => {
    const held = heldAnswers(LIST);
    const { ask, upstream } = await startScenario(held.script, { ...LONG, COALESCE: 'false' });
    const pending = Array.from({ length: 20 }, () => ask('/v1/models', { headers: KEY }));
    await held.release(pending.length);
    for (const response of await Promise.all(pending)) expect(await idsOf(response)).toEqual(['a']);
    expect(upstream.requests).toHaveLength(pending.length);
  });
});

describe('a caller that comes after the answer', () => {
  it.each<[string, Script]>([
    ['a list', LIST],
    ['an error', json({}, 500)],
  ])('of %s starts a new request', async (_name, script) => {
    const { ask, upstream } = await startScenario(script, { UPSTREAM_MAX_RETRIES: '0' });
    await (await ask()).text();
    upstream.answer(json({ data: [{ id: 'new' }] }));
    expect(await idsOf(await ask())).toEqual(['new']);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('a caller that hangs up', () => {
  it('does not cancel the request of others', async () => {
    const held = heldAnswers(LIST);
    const { ask, gateway, upstream } = await startScenario(held.script, LONG);
    const arrived = arrivals(gateway);
    const [first, second] = [new AbortController(), new AbortController()];
    // The caller that started the request and one that joined it hang up.
    const gone = [first, second].map(({ signal }) => ask('/v1/models', { signal }));
    await arrived(2);
    const staying = [ask(), ask('/v1/models/a')];
    await arrived(4);
    first.abort();
    second.abort();
    for (const each of gone) await expect(each).rejects.toThrow('aborted');
    expect((await requestLines(gateway, 2)).map(({ status }) => status)).toEqual([499, 499]);
    await held.release(1);
    expect((await Promise.all(staying)).map(({ status }) => status)).toEqual([200, 200]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('cancels the request when it is the last one', async () => {
    const held = heldAnswers(LIST);
    const { ask, gateway, upstream } = await startScenario(held.script, LONG);
    const arrived = arrivals(gateway);
    const callers = [new AbortController(), new AbortController()];
    const gone = callers.map(({ signal }) => ask('/v1/models', { signal }));
    await arrived(callers.length);
    for (const caller of callers) caller.abort();
    for (const each of gone) await expect(each).rejects.toThrow('aborted');
    await held.abandoned();
    upstream.answer(json({ data: [{ id: 'new' }] }));
    expect(await idsOf(await ask())).toEqual(['new']);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('the deadline', () => {
  it('after a retry gives every caller x-should-retry: false', async () => {
    const { ask, upstream } = await startScenario(inTurn(json({}, 503), silence), {
      UPSTREAM_TIMEOUT_MS: '1600',
    });
    const responses = await Promise.all([ask(), ask(), ask()]);
    for (const response of responses) {
      expect(response.headers.get('x-should-retry')).toBe('false');
      expect(await failureOf(response)).toEqual([502, 'upstream_timeout']);
    }
    // The retry goes by the same connection, whose silence is answered with a fresh one.
    expect(upstream.requests).toHaveLength(3);
  });

  it('is each caller’s own, and no caller joins an older request', async () => {
    const held = heldAnswers(json({ data: [{ id: 'late' }] }));
    const { ask, gateway, upstream } = await startScenario(held.script, { UPSTREAM_TIMEOUT_MS: '1600' });
    const arrived = arrivals(gateway);
    const first = ask();
    await arrived(1);
    const begun = performance.now();
    await until('half of the time is over', () => performance.now() - begun > 800);
    const second = ask();
    expect(await failureOf(await first)).toEqual([502, 'upstream_timeout']);
    upstream.answer(json({ data: [{ id: 'new' }] }));
    expect(await idsOf(await ask())).toEqual(['new']);
    await held.release(1);
    expect(await idsOf(await second)).toEqual(['late']);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('an error', () => {
  const challenge = { 'www-authenticate': 'Bearer realm="x"', 'retry-after': '7' };
  it.each<[string, Script, number, string | null, Record<string, string>]>([
    [
      'a 401',
      json({ error: { message: 'No.', code: 'invalid_api_key' } }, 401, challenge),
      401,
      'invalid_api_key',
      challenge,
    ],
    [
      'a 429',
      json({ error: { message: 'Slowly.' } }, 429, { 'retry-after': '7' }),
      429,
      null,
      { 'retry-after': '7' },
    ],
    ['a 500', json({}, 500), 502, 'upstream_error', {}],
    ['no list', json({ hello: 'world' }), 502, 'upstream_invalid_response', {}],
    ['a closed connection', ({ socket }) => socket.destroy(), 502, 'upstream_unreachable', {}],
  ])('%s reaches each caller complete', async (_name, script, status, code, headers) => {
    const held = heldAnswers(script);
    const env = { ...LONG, UPSTREAM_MAX_RETRIES: '0' };
    const { ask, gateway, upstream } = await startScenario(held.script, env);
    const arrived = arrivals(gateway);
    const ids = ['first', 'second', 'third'];
    const pending = ids.map((id) => ask('/v1/models', { headers: { ...KEY, 'x-request-id': id } }));
    await arrived(ids.length);
    await held.release(1);
    const responses = await Promise.all(pending);
    expect(responses.map((response) => response.headers.get('x-request-id'))).toEqual(ids);
    for (const response of responses) {
      expect(Object.fromEntries(response.headers)).toMatchObject(headers);
      expect(await failureOf(response)).toEqual([status, code]);
    }
    expect(upstream.requests).toHaveLength(1);
  });
});
