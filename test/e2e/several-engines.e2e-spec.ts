import { describe, expect, it } from '@jest/globals';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { movableClock } from '../support/clock.js';
import { json, silence, startFakeUpstream, text, waitsFor } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const list = (...ids: string[]): Script =>
  json({ object: 'list', data: ids.map((id) => ({ id, object: 'model', created: 1, owned_by: 'them' })) });
const anthropicList = (...ids: string[]): Script =>
  json({
    data: ids.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' })),
  });

const CACHED = { CACHE_TTL_SECONDS: '60', CACHE_STALE_SECONDS: '600' };
const KEYS = {
  OPENAI_API_KEY: secret('openai'),
  ANTHROPIC_API_KEY: secret('anthropic'),
  MY_LAB_API_KEY: secret('lab'),
};

interface Several {
  readonly gateway: Gateway;
  readonly openai: FakeUpstream;
  readonly anthropic: FakeUpstream;
  readonly lab: FakeUpstream;
  readonly ask: (init?: RequestInit, path?: string) => Promise<Response>;
}

/** A gateway in front of three providers, each with its own key. */
async function startSeveral(
  scripts: Readonly<Partial<Record<'openai' | 'anthropic' | 'lab', Script>>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Several> {
  const openai = await started(startFakeUpstream(scripts.openai ?? list('gpt-5', 'shared')));
  const anthropic = await started(startFakeUpstream(scripts.anthropic ?? anthropicList('claude-5')));
  const lab = await started(startFakeUpstream(scripts.lab ?? list('shared', 'lab/one')));
  const gateway = await started(
    startGateway({
      MODEL_ENGINES: 'openai,anthropic,my-lab',
      OPENAI_BASE_URL: `${openai.url}/v1`,
      ANTHROPIC_BASE_URL: anthropic.url,
      MY_LAB_BASE_URL: lab.url,
      ...KEYS,
      ...env,
    }),
  );
  const ask = (init?: RequestInit, path = '/v1/models'): Promise<Response> => fetch(gateway.url + path, init);
  return { gateway, openai, anthropic, lab, ask };
}

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

describe('several engines', () => {
  it('are joined in their order, and the first of equal ids stays', async () => {
    const { ask } = await startSeveral();
    const response = await ask();
    expect(response.headers.has('x-models-incomplete')).toBe(false);
    expect(await response.json()).toEqual({
      object: 'list',
      data: [
        { id: 'gpt-5', object: 'model', created: 1, owned_by: 'them' },
        { id: 'shared', object: 'model', created: 1, owned_by: 'them' },
        {
          id: 'claude-5',
          object: 'model',
          created: 1_767_225_600,
          owned_by: 'anthropic',
          display_name: 'claude-5',
          name: 'claude-5',
        },
        { id: 'lab/one', object: 'model', created: 1, owned_by: 'them' },
      ],
    });
  });

  it.each(['gpt-5', 'claude-5', 'lab/one', 'lab%2Fone'])('are all searched for a model: %s', async (id) => {
    const { ask } = await startSeveral();
    const response = await ask({}, `/v1/models/${id}`);
    expect(await response.json()).toMatchObject({ id: decodeURIComponent(id) });
  });

  it('say how many models of the list each has', async () => {
    const { ask, lab } = await startSeveral({}, { MODELS_DENY: 'gpt-*' });
    const shares = async (path?: string): Promise<string | null> =>
      (await ask({}, path)).headers.get('x-models-engines');
    expect(await shares()).toBe('openai=1,anthropic=1,my_lab=1');
    expect(await shares()).toBe('openai=1,anthropic=1,my_lab=1');
    expect(await shares('/v1/models/shared')).toBeNull();
    lab.answer(json({}, 403));
    expect(await shares()).toBe('openai=1,anthropic=1,my_lab=0');
  });

  it('can prefix their ids', async () => {
    const { ask } = await startSeveral({}, { MODELS_PREFIX: 'true' });
    expect(await idsOf(await ask())).toEqual([
      'openai/gpt-5',
      'openai/shared',
      'anthropic/claude-5',
      'my_lab/shared',
      'my_lab/lab/one',
    ]);
    expect(await (await ask({}, '/v1/models/my_lab/shared')).json()).toMatchObject({ id: 'my_lab/shared' });
    expect((await ask({}, '/v1/models/shared')).status).toBe(404);
  });

  it('are asked at the same time', async () => {
    const { ask, openai, anthropic, lab } = await startSeveral();
    const held: (() => void)[] = [];
    for (const [upstream, script] of [
      [openai, list('a')],
      [anthropic, anthropicList('b')],
      [lab, list('c')],
    ] as const) {
      upstream.answer((request, response) => {
        held.push(() => {
          script(request, response);
        });
        // No provider answers before all have been asked.
        if (held.length === 3) for (const answer of held) answer();
      });
    }
    expect(await idsOf(await ask())).toEqual(['a', 'b', 'c']);
  });

  describe('and credentials', () => {
    it('each engine gets its own key, and none the caller’s', async () => {
      const { ask, openai, anthropic, lab } = await startSeveral();
      const headers = {
        authorization: `Bearer ${secret('caller')}`,
        'x-api-key': secret('caller'),
        'api-key': secret('caller'),
        'openai-organization': 'org-caller',
        'openai-project': 'proj-caller',
      };
      expect((await ask({ headers })).status).toBe(200);
      const seen = [openai, anthropic, lab].map(({ requests }) => requests.map((request) => request.headers));
      expect(seen).toMatchObject([
        [{ authorization: `Bearer ${KEYS.OPENAI_API_KEY}` }],
        [{ 'x-api-key': KEYS.ANTHROPIC_API_KEY }],
        [{ authorization: `Bearer ${KEYS.MY_LAB_API_KEY}` }],
      ]);
      expect(JSON.stringify(seen)).not.toContain('caller');
      expect(JSON.stringify(seen[2])).not.toContain(KEYS.OPENAI_API_KEY);
    });

    it('OpenAI’s key goes to no engine without a key', async () => {
      const { ask, lab } = await startSeveral({}, { MY_LAB_API_KEY: '' });
      expect((await ask()).status).toBe(200);
      expect(lab.requests[0]?.headers.authorization).toBeUndefined();
    });

    it('go to the engine that FORWARD_AUTHORIZATION_TO names, and to no other', async () => {
      const { ask, openai, anthropic, lab } = await startSeveral({}, { FORWARD_AUTHORIZATION_TO: 'my-lab' });
      const headers = { authorization: `Bearer ${secret('caller')}`, 'openai-project': 'proj-caller' };
      expect((await ask({ headers })).status).toBe(200);
      expect(lab.requests[0]?.headers).toMatchObject(headers);
      expect(JSON.stringify([openai.requests, anthropic.requests])).not.toContain('caller');
    });

    it('of one caller give no list to another', async () => {
      const { ask, lab } = await startSeveral({}, { ...CACHED, FORWARD_AUTHORIZATION_TO: 'my_lab' });
      lab.answer((request, response) => {
        const { authorization = 'none' } = request.headers;
        list(authorization.replace(/^.*-/, ''))(request, response);
      });
      for (let round = 0; round < 2; round += 1) {
        for (const name of ['ann', 'bob']) {
          expect(await idsOf(await ask(bearer(secret(name))))).toEqual(['gpt-5', 'shared', 'claude-5', name]);
        }
      }
      expect(lab.requests).toHaveLength(2);
    });

    it('headers of the operator go to their engine only', async () => {
      const { ask, openai, anthropic, lab } = await startSeveral(
        {},
        { MY_LAB_UPSTREAM_HEADERS: `Orbit-Key: ${secret('header')}` },
      );
      expect((await ask()).status).toBe(200);
      expect(lab.requests[0]?.headers['orbit-key']).toBe(secret('header'));
      expect(JSON.stringify([openai.requests, anthropic.requests])).not.toContain(secret('header'));
    });
  });

  describe('of which one fails', () => {
    const FAILURES: readonly (readonly [string, Script, string])[] = [
      ['is overloaded', text('busy', 529), 'upstream_error'],
      ['rejects its key', json({ error: { message: secret('anthropic') } }, 401), 'upstream_401'],
      ['has no list', text('<html>'), 'upstream_invalid_response'],
      ['never answers', silence, 'upstream_timeout'],
      ['hangs up', ({ socket }) => socket.destroy(), 'upstream_unreachable'],
    ];

    it.each(FAILURES)('are answered without the one that %s', async (_name, script, code) => {
      const { ask } = await startSeveral({ anthropic: script }, waitsFor(script));
      const response = await ask();
      expect(response.headers.get('x-models-incomplete')).toBe(`anthropic=${code}`);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.has('age')).toBe(false);
      expect(await idsOf(response)).toEqual(['gpt-5', 'shared', 'lab/one']);
    });

    it.each(FAILURES)('are a 502 when all are required and one %s', async (_name, script, code) => {
      const { ask } = await startSeveral(
        { anthropic: script },
        { ...waitsFor(script), MODELS_PARTIAL: 'false' },
      );
      const response = await ask();
      expect(response.status).toBe(502);
      const error = await errorOf(response);
      expect(error.code).toBe('upstream_error');
      expect(error.message).toBe(`These providers gave no list: anthropic=${code}.`);
    });

    describe('and is silent', () => {
      const slow = { UPSTREAM_TIMEOUT_MS: '3000' };
      const missing = 'anthropic=upstream_timeout';

      async function quickly<T>(request: () => Promise<T>): Promise<T> {
        const begun = performance.now();
        const answer = await request();
        expect(performance.now() - begun).toBeLessThan(2000);
        return answer;
      }

      it('delay callers once, and include it again when it answers', async () => {
        const { ask, anthropic } = await startSeveral({ anthropic: silence }, slow);
        expect((await ask()).headers.get('x-models-incomplete')).toBe(missing);
        const second = await quickly(ask);
        expect(second.headers.get('x-models-incomplete')).toBe(missing);
        expect(await idsOf(second)).toEqual(['gpt-5', 'shared', 'lab/one']);
        // The second caller joined the probe in the background.
        expect(anthropic.requests).toHaveLength(2);
        expect(anthropic.requests[1]?.headers).not.toHaveProperty('traceparent');
        anthropic.answer(anthropicList('claude-5'));
        await until('it is back', async () => !(await quickly(ask)).headers.has('x-models-incomplete'));
        expect(await idsOf(await ask())).toContain('claude-5');
      });

      it('delay callers once that give up before the deadline too', async () => {
        const { ask } = await startSeveral({ anthropic: silence }, { UPSTREAM_TIMEOUT_MS: '60000' });
        await expect(ask({ signal: AbortSignal.timeout(1300) })).rejects.toThrow();
        await until('no caller waits any more', async () => {
          const answer = await ask({ signal: AbortSignal.timeout(1300) }).catch(() => undefined);
          return answer?.headers.get('x-models-incomplete') === missing;
        });
      });

      it('serve its list from the cache', async () => {
        const { ask, anthropic } = await startSeveral({}, { ...slow, ...CACHED });
        expect(await idsOf(await ask())).toContain('claude-5');
        anthropic.answer(silence);
        const noCache = { headers: { 'cache-control': 'no-cache' } };
        expect((await ask(noCache)).headers.get('x-models-incomplete')).toBe(missing);
        const cached = await quickly(ask);
        expect(cached.headers.has('x-models-incomplete')).toBe(false);
        expect(await idsOf(cached)).toContain('claude-5');
      });

      it('serve its lists for other keys when it ignores one key', async () => {
        const { ask, lab } = await startSeveral({}, { ...slow, FORWARD_AUTHORIZATION_TO: 'my_lab' });
        lab.answer((request, response) => {
          if (request.headers.authorization?.endsWith('bad')) silence(request, response);
          else list('lab/one')(request, response);
        });
        expect((await ask(bearer(secret('bad')))).headers.get('x-models-incomplete')).toBe(
          'my_lab=upstream_timeout',
        );
        const good = await quickly(() => ask(bearer(secret('good'))));
        expect(good.headers.has('x-models-incomplete')).toBe(false);
        expect(await idsOf(good)).toContain('lab/one');
      });
    });

    it('name every missing provider', async () => {
      const { ask } = await startSeveral({ openai: text('', 500), lab: json({}, 403) });
      const response = await ask();
      expect(response.headers.get('x-models-incomplete')).toBe('openai=upstream_error,my_lab=upstream_403');
      expect(await idsOf(response)).toEqual(['claude-5']);
    });

    it('answer 502 for a model that it could contain', async () => {
      const { ask } = await startSeveral({ anthropic: text('', 529) });
      expect((await ask({}, '/v1/models/gpt-5')).status).toBe(200);
      const response = await ask({}, '/v1/models/claude-5');
      expect(response.status).toBe(502);
      expect((await errorOf(response)).message).toBe(
        "The model 'claude-5' was not found, but these providers gave no list: anthropic=upstream_error.",
      );
    });

    it('continue pages only where the cursor is certain', async () => {
      const { ask, anthropic } = await startSeveral();
      anthropic.answer(text('', 500));
      const page = (query: string): Promise<Response> =>
        ask({ headers: { 'anthropic-version': '2023-06-01' } }, `/v1/models?${query}`);
      for (const cursor of ['after_id', 'before_id']) {
        const response = await page(`${cursor}=claude-5`);
        expect(response.status).toBe(502);
        expect(await response.json()).toMatchObject({
          error: { type: 'api_error', details: { error_code: 'upstream_error' } },
        });
      }
      const response = await page('after_id=shared');
      expect(response.headers.get('x-models-incomplete')).toBe('anthropic=upstream_error');
      expect(await response.json()).toMatchObject({ data: [{ id: 'lab/one' }], has_more: false });
    });

    it.each<[string, Record<string, string>, string, number]>([
      ['that is hidden', { MODELS_DENY: 'claude-*' }, 'claude-5', 404],
      ['of another one', { MODELS_PREFIX: 'true' }, 'openai/nope', 404],
      ['of its own', { MODELS_PREFIX: 'true' }, 'anthropic/claude-5', 502],
    ])('answer correctly for a model %s', async (_name, env, id, status) => {
      const { ask } = await startSeveral({ anthropic: text('', 529) }, env);
      expect((await ask({}, `/v1/models/${id}`)).status).toBe(status);
    });

    it('are complete again when it answers', async () => {
      const { ask, anthropic } = await startSeveral({ anthropic: text('', 500) });
      expect((await ask()).headers.has('x-models-incomplete')).toBe(true);
      anthropic.answer(anthropicList('claude-5'));
      const response = await ask();
      expect(response.headers.has('x-models-incomplete')).toBe(false);
      expect(await idsOf(response)).toContain('claude-5');
    });

    it('with a missing setting are not ready', async () => {
      const { ask, gateway } = await startSeveral({}, { MY_LAB_BASE_URL: '' });
      expect((await ask()).headers.get('x-models-incomplete')).toBe('my_lab=provider_not_configured');
      const error = await errorOf(await fetch(`${gateway.url}/readyz`));
      expect(error).toMatchObject({
        message: 'The engine my_lab needs MY_LAB_BASE_URL to be set.',
        code: 'provider_not_configured',
      });
    });
  });

  it('that all fail are a 502', async () => {
    const { ask } = await startSeveral({
      openai: text('', 500),
      anthropic: text('', 529),
      lab: json({}, 401),
    });
    expect(await failureOf(await ask())).toEqual([502, 'upstream_error']);
  });

  it('are cached separately: the cached list of a failed one is served', async () => {
    const { ask, openai, anthropic, lab } = await startSeveral({}, CACHED);
    const first = await ask();
    expect(first.headers.get('cache-status')).toMatch(/^models-gateway; fwd=miss/);
    const known = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await ask({ headers: known })).status).toBe(304);
    const requestsBefore = [openai, anthropic, lab].map(({ requests }) => requests.length);
    for (const upstream of [openai, anthropic, lab]) upstream.answer(text('', 500));
    const second = await ask();
    expect(second.headers.get('cache-status')).toMatch(/^models-gateway; hit; ttl=/);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect([openai, anthropic, lab].map(({ requests }) => requests.length)).toEqual(requestsBefore);
  });

  it('stay whole while one of them limits its requests', async () => {
    const clock = movableClock();
    const { ask, anthropic } = await startSeveral({}, { ...CACHED, CACHE_STALE_SECONDS: '600' });
    const whole = await (await ask()).text();
    anthropic.answer(json({}, 429, { 'retry-after': '300' }));
    const asked = anthropic.requests.length;
    for (const headers of [{}, { 'cache-control': 'no-cache' }, {}]) {
      clock.advance(70_000);
      const response = await ask({ headers });
      expect(response.headers.get('x-models-incomplete')).toBeNull();
      expect(await response.text()).toBe(whole);
    }
    expect(anthropic.requests).toHaveLength(asked + 1);
  });

  it('are as old as the oldest of their lists, and a miss where one was fetched', async () => {
    const clock = movableClock();
    const { ask, anthropic, lab } = await startSeveral({ anthropic: text('', 500) }, CACHED);
    await ask();
    clock.advance(20_000);
    anthropic.answer(anthropicList('claude-5'));
    const mixed = await ask();
    expect(mixed.headers.get('age')).toBe('20');
    expect(mixed.headers.get('cache-status')).toBe('models-gateway; fwd=miss; stored; ttl=40');
    clock.advance(15_000);
    lab.answer(silence);
    const cached = await ask();
    expect(cached.headers.get('age')).toBe('35');
    expect(cached.headers.get('cache-status')).toBe('models-gateway; hit; ttl=25');
  });

  it('may be a single one, also with a prefix, and its 4xx is relayed', async () => {
    const { ask, openai } = await startSeveral({}, { MODEL_ENGINES: 'openai', MODELS_PREFIX: 'true' });
    expect(await idsOf(await ask())).toEqual(['openai/gpt-5', 'openai/shared']);
    openai.answer(json({}, 403));
    expect((await ask()).status).toBe(403);
  });

  it('may have a static list for one of them', async () => {
    const { ask, gateway, lab } = await startSeveral(
      { openai: text('', 500) },
      { MY_LAB_MODELS_STATIC: 'shared,lab/two', MY_LAB_BASE_URL: '', MODELS_PREFIX: 'true' },
    );
    const response = await ask();
    expect(response.headers.get('x-models-incomplete')).toBe('openai=upstream_error');
    expect(await response.json()).toMatchObject({
      data: [
        { id: 'anthropic/claude-5' },
        { id: 'my_lab/shared', owned_by: 'my_lab' },
        { id: 'my_lab/lab/two', owned_by: 'my_lab' },
      ],
    });
    expect(lab.requests).toEqual([]);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
    expect(gateway.logs.join('')).toContain('engine my_lab, a static list, no key of its own');
  });

  it('have no prefixes with MODELS_STATIC for all', async () => {
    const { ask } = await startSeveral({}, { MODELS_STATIC: 'sonar', MODELS_PREFIX: 'true' });
    expect(await idsOf(await ask())).toEqual(['sonar']);
  });

  it('are measured and logged separately', async () => {
    const { ask, gateway } = await startSeveral({ anthropic: text('', 529) }, CACHED);
    expect((await ask()).status).toBe(200);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('http_client_request_duration_seconds_count{engine="openai",outcome="ok"} 1');
    expect(metrics).toContain('http_client_request_duration_seconds_count{engine="my_lab",outcome="ok"} 1');
    expect(metrics).toContain(
      'http_client_request_duration_seconds_count{engine="anthropic",outcome="5xx"} 1',
    );
    expect(metrics).toContain('models_gateway_upstream_up{engine="anthropic"} 0');
    expect(metrics).toContain('models_gateway_models{engine="my_lab"} 2');
    expect(metrics).toContain('models_gateway_cache_requests_total{engine="openai",outcome="miss"} 1');
    expect(metrics).toMatch(/models_gateway_build_info\{[^}]*engine="openai,anthropic,my_lab"/);
    const line = gateway.logs.map((each) => JSON.parse(each) as Record<string, unknown>);
    expect(line.find(({ msg }) => msg === 'request')).toMatchObject({
      engine: 'openai,anthropic,my_lab',
      upstreams: expect.arrayContaining([
        { engine: 'openai', status: 200, durationMs: expect.any(Number) },
        { engine: 'anthropic', status: 529, durationMs: expect.any(Number) },
        { engine: 'my_lab', status: 200, durationMs: expect.any(Number) },
      ]),
    });
    const starts = line.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith('models-gateway '));
    expect(starts).toEqual([
      expect.stringMatching(
        /engine openai, upstream http:\/\/127\.0\.0\.1:\d+\/v1\/models, key from OPENAI_API_KEY$/,
      ),
      expect.stringMatching(
        /engine anthropic, upstream http:\/\/127\.0\.0\.1:\d+\/v1\/models, key from ANTHROPIC_API_KEY$/,
      ),
      expect.stringMatching(
        /engine my_lab, upstream http:\/\/127\.0\.0\.1:\d+\/v1\/models, key from MY_LAB_API_KEY$/,
      ),
    ]);
  });
});

describeWithRedis('several engines with a shared cache', () => {
  it('do not share lists', async () => {
    const redis = await started(startRedis());
    const { ask } = await startSeveral({}, { ...CACHED, ...redis.env });
    expect(await idsOf(await ask())).toEqual(['gpt-5', 'shared', 'claude-5', 'lab/one']);
    await redis.stored(3);
    const again = await startSeveral(
      { openai: text('', 500), anthropic: text('', 500), lab: text('', 500) },
      { ...CACHED, ...redis.env },
    );
    // Other addresses are other providers, whose lists are not served here.
    expect((await again.ask()).status).toBe(502);
  });
});
