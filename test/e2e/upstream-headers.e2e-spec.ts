import { describe, expect, it } from '@jest/globals';
import { inTurn, json } from '../support/fake-upstream.js';
import { startScenario } from '../support/scenario.js';
import { secret, SECRET_MARK } from '../support/start-gateway.js';
import { errorOf } from '../support/answers.js';

const VALUE = secret('header');
const LIST = { object: 'list', data: [{ id: 'a', created: 1, owned_by: 'b' }] };

describe('UPSTREAM_HEADERS', () => {
  it.each([
    ['lines', `Orbit-Key: ${VALUE}\nX-Tenant: orbit labs`],
    ['JSON', JSON.stringify({ 'Orbit-Key': VALUE, 'X-Tenant': 'orbit labs' })],
  ])('as %s are part of every request, retries included', async (_name, headers) => {
    const { ask, upstream } = await startScenario(inTurn(json({}, 503), json(LIST)), {
      UPSTREAM_HEADERS: headers,
    });
    expect((await ask()).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
    for (const request of upstream.requests) {
      expect(request.headers).toMatchObject({ 'orbit-key': VALUE, 'x-tenant': 'orbit labs' });
    }
  });

  it('are part of every page’s request, beside the fixed headers and the credential', async () => {
    const pages = inTurn(
      json({ data: [{ id: 'a' }], has_more: true, last_id: 'a' }),
      json({ data: [{ id: 'b' }] }),
    );
    const { ask, upstream } = await startScenario(pages, {
      MAIN_MODEL_ENGINE: 'anthropic',
      ANTHROPIC_API_KEY: secret('ours'),
      UPSTREAM_HEADERS: `Orbit-Key: ${VALUE}`,
    });
    expect((await ask()).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
    for (const request of upstream.requests) {
      expect(request.headers).toMatchObject({
        'orbit-key': VALUE,
        'anthropic-version': '2023-06-01',
        'x-api-key': secret('ours'),
      });
    }
  });

  it('take precedence over a caller’s headers', async () => {
    const { ask, upstream } = await startScenario(json(LIST), {
      UPSTREAM_HEADERS: 'OpenAI-Project: the-operators',
    });
    await ask('/v1/models', { headers: { 'openai-project': 'the-callers', 'orbit-key': 'x' } });
    expect(upstream.requests[0]?.headers).toMatchObject({ 'openai-project': 'the-operators' });
    expect(upstream.requests[0]?.headers).not.toHaveProperty('orbit-key');
  });

  it.each([
    ['without a credential', {}],
    ['with a caller’s credential', { authorization: `Bearer ${secret('callers')}` }],
  ])('withhold the provider’s texts %s: they may repeat a part of them', async (_name, headers) => {
    const refusal = json(
      { error: { message: `${VALUE.slice(0, 6)}*** is not right`, type: VALUE, code: `bad-${VALUE}` } },
      401,
      { 'www-authenticate': `Orbit value="${VALUE}"`, 'x-request-id': VALUE },
    );
    const { ask } = await startScenario(refusal, { UPSTREAM_HEADERS: `Orbit-Key: Token ${VALUE}` });
    const answer = await ask('/v1/models', { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.has('www-authenticate')).toBe(false);
    expect(answer.headers.get('x-upstream-request-id')).toBe('[redacted]');
    expect(JSON.stringify([...answer.headers])).not.toContain(SECRET_MARK);
    expect(await errorOf(answer)).toEqual({
      message: 'The provider answered 401.',
      type: 'authentication_error',
      param: null,
      code: null,
    });
  });

  it('do not withhold numbers, dates and identifiers, but masked values', async () => {
    const headers = {
      'retry-after': '12',
      'x-ratelimit-reset': '6m0s',
      'anthropic-ratelimit-requests-reset': '2026-11-24T10:00:00Z',
      'x-ratelimit-key': VALUE.toUpperCase(),
    };
    const refusal = json(
      { error: { message: 'no', type: 'rate_limit_error', code: `INVALID:${VALUE.toUpperCase()}` } },
      429,
      headers,
    );
    const { ask } = await startScenario(refusal, { UPSTREAM_HEADERS: `Orbit-Key: ${VALUE}\nX-Version: 1` });
    const answer = await ask();
    expect(answer.headers.get('retry-after')).toBe('12');
    expect(answer.headers.get('x-ratelimit-reset')).toBe('6m0s');
    expect(answer.headers.get('anthropic-ratelimit-requests-reset')).toBe('2026-11-24T10:00:00Z');
    expect(answer.headers.has('x-ratelimit-key')).toBe(false);
    expect(await errorOf(answer)).toMatchObject({ type: 'rate_limit_error', code: null });
  });

  it('too short for a secret withhold nothing', async () => {
    const refusal = json({ error: { message: 'The region eu is full' } }, 403);
    const { ask } = await startScenario(refusal, { UPSTREAM_HEADERS: 'X-Region: eu' });
    expect((await errorOf(await ask())).message).toBe('The region eu is full');
  });
});
