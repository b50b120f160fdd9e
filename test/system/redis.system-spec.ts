import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { tmpdir } from 'node:os';
import { failureOf, idsOf } from '../support/answers.js';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { movableClock } from '../support/clock.js';
import { inTurn, json, silence, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import {
  ask,
  entryKey,
  HIT,
  isEntry,
  KEY,
  MISS,
  NEW,
  NO_CACHE,
  OLD,
  REDIS_CONTEXT,
  redisMessages,
  replicaEnv,
  SHORT,
  STALE_MS,
  statusOf,
  TTL_MS,
  untilCommands,
} from '../support/redis-replicas.js';
import { describeWithRedis, sharedRedis, startRedis } from '../support/redis-server.js';
import type { RedisServer } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { secret, SECRET_MARK, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { startProcess, untilAlive } from '../support/start-process.js';
import type { ServiceProcess } from '../support/start-process.js';
import { until } from '../support/until.js';

const FETCHED_ANEW = 'models-gateway; fwd=stale; stored; ttl=60';

const LEASE_KEY = /^models-gateway:v4:lease:\{[\w-]{43}\}$/;

let upstream: FakeUpstream;

beforeEach(async () => {
  // The time of day stands still, so that a list keeps its age on a busy machine.
  movableClock();
  upstream = await started(startFakeUpstream(OLD));
});

/** A replica with an empty memory. */
function replica(redisUrl: string, env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  return started(startGateway({ ...replicaEnv(upstream, redisUrl), ...env }));
}

describeWithRedis('with a Redis', () => {
  describe('replicas', () => {
    const shared = sharedRedis();
    let redis: RedisServer;

    beforeEach(() => {
      redis = shared();
    });

    it('share what one of them has fetched', async () => {
      movableClock();
      const fetched = await ask(await replica(redis.url));
      expect(statusOf(fetched)).toBe(MISS);
      await entryKey(redis);
      const shared = await ask(await replica(redis.url));
      expect(statusOf(shared)).toBe(HIT);
      expect(shared.headers.get('etag')).toBe(fetched.headers.get('etag'));
      expect(await shared.text()).toBe(await fetched.text());
      expect(upstream.requests).toHaveLength(1);
    });

    it('learn from each other that the provider works again', async () => {
      const clock = movableClock();
      const one = await replica(redis.url);
      upstream.answer(text('', 500));
      expect((await ask(one)).status).toBe(502);
      const up = async (): Promise<string | undefined> =>
        /^models_gateway_upstream_up\{.*\} (\d)$/m.exec(
          await (await fetch(`${one.url}/metrics`)).text(),
        )?.[1];
      expect(await up()).toBe('0');
      clock.advance(1);
      upstream.answer(OLD);
      const other = await replica(redis.url);
      expect((await ask(other)).status).toBe(200);
      await entryKey(redis);
      const requestsBefore = upstream.requests.length;
      expect(statusOf(await ask(one))).toMatch(/hit/);
      expect([upstream.requests.length, await up()]).toEqual([requestsBefore, '1']);
    });

    it('share nothing between different operator headers', async () => {
      upstream.answer((request, response) => {
        json({ data: [{ id: request.headers['x-tenant'] }] })(request, response);
      });
      const first = await replica(redis.url, { UPSTREAM_HEADERS: 'X-Tenant: one' });
      expect(await idsOf(await ask(first))).toEqual(['one']);
      await entryKey(redis);
      const other = await replica(redis.url, { UPSTREAM_HEADERS: 'X-Tenant: other' });
      expect(await idsOf(await ask(other))).toEqual(['other']);
    });

    it('share nothing between credentials', async () => {
      upstream.answer((request, response) => {
        json({ data: [{ id: request.headers.authorization }] })(request, response);
      });
      const all = [await replica(redis.url), await replica(redis.url)];
      for (const gateway of all) {
        for (const name of ['one', 'other', 'third']) {
          const authorization = `Bearer ${secret(name)}`;
          expect(await idsOf(await ask(gateway, { authorization }))).toEqual([authorization]);
        }
        await until('all are stored', async () => (await redis.keys()).filter(isEntry).length === 3);
      }
      expect(upstream.requests).toHaveLength(3);
    });

    it('store keys with a namespace and an expiry, and without a credential', async () => {
      const held = heldAnswers(OLD);
      upstream.answer(held.script);
      const pending = ask(await replica(redis.url));
      await upstream.received(1);
      const lease = await until('there is a lease', async () => (await redis.keys())[0]);
      expect(lease).toMatch(LEASE_KEY);
      expect(await redis.command('PTTL', lease)).toBeGreaterThan(0);
      expect(await redis.command('GET', lease)).toMatch(/^[\da-f-]{36}$/);
      await held.release(1);
      await pending;
      const entry = await entryKey(redis);
      const ttl = Number(await redis.command('PTTL', entry));
      expect(ttl).toBeGreaterThan(600_000);
      expect(ttl).toBeLessThanOrEqual(660_000);
      const value = String(await redis.command('GET', entry));
      expect(value).toContain('old');
      expect(value).not.toContain(SECRET_MARK);
    });

    it('refresh a stale list once for all of them', async () => {
      const clock = movableClock();
      const held = heldAnswers(NEW);
      upstream.answer(inTurn(OLD, held.script));
      const all = [await replica(redis.url), await replica(redis.url), await replica(redis.url)];
      await ask(await replica(redis.url));
      await entryKey(redis);
      for (const gateway of all) await ask(gateway);
      clock.advance(TTL_MS);
      for (const gateway of all) expect(await idsOf(await ask(gateway))).toEqual(['old']);
      await held.release(1);
      for (const gateway of all) {
        await until('the new list is there', async () => {
          clock.advance(10);
          return (await idsOf(await ask(gateway))).includes('new');
        });
      }
      expect(upstream.requests).toHaveLength(2);
    });

    it('drop a list that the provider rejects', async () => {
      const first = await replica(redis.url);
      await ask(first);
      await entryKey(redis);
      upstream.answer(json({ error: { message: 'No.', code: 'no' } }, 403));
      expect(await failureOf(await ask(first, { ...KEY, ...NO_CACHE }))).toEqual([403, 'no']);
      await until('the entry is gone', async () => (await redis.keys()).length === 0);
      expect(await failureOf(await ask(first))).toEqual([403, 'no']);
      expect(await failureOf(await ask(await replica(redis.url)))).toEqual([403, 'no']);
    });

    it('wait only for a part of their deadline for a neighbour who keeps taking the lease', async () => {
      const clock = movableClock();
      await ask(await replica(redis.url));
      const key = await entryKey(redis);
      await redis.command('DEL', key);
      const lease = key.replace('v4:', 'v4:lease:');
      await redis.command('SET', lease, 'neighbour', 'PX', '1400');
      const neighbour = setInterval(() => {
        clock.advance(200);
        // The last one may meet the end of the server.
        redis.command('SET', lease, 'neighbour', 'PX', '1400').catch(() => undefined);
      }, 200);
      try {
        const gateway = await replica(redis.url, { UPSTREAM_TIMEOUT_MS: '8000' });
        const begun = performance.now();
        expect(statusOf(await ask(gateway))).toBe(MISS);
        const waitedMs = performance.now() - begun;
        expect(waitedMs).toBeGreaterThan(1500);
        expect(waitedMs).toBeLessThan(6000);
      } finally {
        clearInterval(neighbour);
      }
    });

    it('neither read, wait for nor touch what another version has stored', async () => {
      const gateway = await replica(redis.url);
      await ask(gateway);
      const key = await entryKey(redis);
      await redis.command('DEL', key);
      const hash = /\{(.*)\}/.exec(key)?.[1] ?? '';
      const list = JSON.stringify({ object: 'list', data: [] });
      const foreign = {
        [`models-gateway:v3::${hash}`]: JSON.stringify({ value: { value: list, storedAt: Date.now() } }),
        [`models-gateway:v3:lease:${hash}`]: 'older',
        [`models-gateway:v5:{${hash}}`]: JSON.stringify({ list, storedAt: Date.now() }),
        [`models-gateway:v5:lease:{${hash}}`]: 'newer',
      };
      for (const [name, value] of Object.entries(foreign))
        await redis.command('SET', name, value, 'PX', '60000');
      const response = await ask(await replica(redis.url));
      expect([statusOf(response), await idsOf(response)]).toEqual([MISS, ['old']]);
      await until('it is stored beside them', async () => (await redis.keys()).includes(key));
      for (const [name, value] of Object.entries(foreign))
        expect(await redis.command('GET', name)).toBe(value);
    });

    it('share a list that was requested with no-cache', async () => {
      movableClock();
      const first = await replica(redis.url);
      await ask(first);
      upstream.answer(NEW);
      await ask(first, { ...KEY, ...NO_CACHE });
      await until('it is stored', async () =>
        String(await redis.command('GET', await entryKey(redis))).includes('new'),
      );
      const response = await ask(await replica(redis.url));
      expect([statusOf(response), await idsOf(response)]).toEqual([HIT, ['new']]);
      expect(upstream.requests).toHaveLength(2);
    });
  });

  describe('an invalid entry', () => {
    const shared = sharedRedis();
    let provider: FakeUpstream;
    let gateway: Gateway;
    let passedMs = 0;

    beforeAll(async () => {
      provider = await startFakeUpstream();
      gateway = await startGateway(replicaEnv(provider, shared().url));
    });

    beforeEach(() => {
      provider.answer(OLD);
    });

    afterAll(async () => {
      await Promise.all([gateway.close(), provider.close()]);
    });

    function stored(value: unknown, storedAt: unknown = Date.now()): string {
      return JSON.stringify({ value, storedAt });
    }

    const MODEL = { id: 'theirs', object: 'model', created: 1_800_000_000, owned_by: 'x' };

    function listOf(...data: object[]): string {
      return JSON.stringify({ object: 'list', data });
    }

    it('differs from one that is served', async () => {
      await poisoned((key) => ['SET', key, stored(listOf(MODEL))]);
      expect(await idsOf(await ask(gateway))).toEqual(['theirs']);
    });

    function leaseKeyOf(key: string): string {
      const leaseKey = key.replace('v4:', 'v4:lease:');
      expect(leaseKey).toMatch(LEASE_KEY);
      return leaseKey;
    }

    /** A gateway whose memory no longer has the entry, so that it needs Redis. */
    async function poisoned(poison: (key: string) => string[]): Promise<[RedisServer, key: string]> {
      const redis = shared();
      // The gateway has forgotten the lists of the tests before.
      const clock = movableClock();
      clock.advance(passedMs);
      await ask(gateway);
      const key = await entryKey(redis);
      await redis.command('DEL', key);
      clock.advance(TTL_MS + STALE_MS);
      passedMs += 2 * (TTL_MS + STALE_MS);
      await redis.command(...poison(key));
      provider.answer(NEW);
      return [redis, key];
    }

    it('differs from one that is served', async () => {
      const list = { object: 'list', data: [{ id: 'theirs', object: 'model', created: 1, owned_by: 'x' }] };
      await poisoned((key) => ['SET', key, stored(JSON.stringify(list))]);
      const response = await ask(gateway);
      expect([statusOf(response), await idsOf(response)]).toEqual([HIT, ['theirs']]);
    });

    it.each<[string, (key: string) => string[]]>([
      ['invalid bytes', (key) => ['SET', key, '\u0000\u00ff{']],
      ['an empty text', (key) => ['SET', key, '']],
      ['half of a JSON text', (key) => ['SET', key, stored('{"object":"list"').slice(0, -5)]],
      ['a number', (key) => ['SET', key, '5']],
      ['null', (key) => ['SET', key, 'null']],
      ['a list', (key) => ['SET', key, '[]']],
      [
        'an entry in the form of an older version',
        (key) => ['SET', key, JSON.stringify({ value: { value: listOf(MODEL), storedAt: Date.now() } })],
      ],
      ['a value that is none', (key) => ['SET', key, '{"value":5}']],
      ['a value that is null', (key) => ['SET', key, '{"value":null}']],
      ['a value that is false', (key) => ['SET', key, '{"value":false}']],
      ['a value without a list', (key) => ['SET', key, stored(undefined)]],
      ['a list that is no text', (key) => ['SET', key, stored({ object: 'list', data: [] })]],
      ['a list that is no JSON', (key) => ['SET', key, stored('{"object":"list","data":[')]],
      ['a list that is none', (key) => ['SET', key, stored('null')]],
      ['an object that is no list', (key) => ['SET', key, stored('{"object":"error","data":[]}')]],
      ['a list without rows', (key) => ['SET', key, stored('{"object":"list"}')]],
      ['rows that are no models', (key) => ['SET', key, stored('{"object":"list","data":[{"id":5}]}')]],
      ...[
        { id: '' },
        { owned_by: '' },
        { created: 1.5 },
        { created: -1 },
        { created: -1e308 },
        { created: 1e12 },
      ].map((field): [string, (key: string) => string[]] => [
        `a model with ${JSON.stringify(field)}`,
        (key) => ['SET', key, stored(listOf({ ...MODEL, ...field }))],
      ]),
      ['an id that is there twice', (key) => ['SET', key, stored(listOf(MODEL, MODEL))]],
      ['no date', (key) => ['SET', key, stored('{"object":"list","data":[]}', 'today')]],
      ['a date long ago', (key) => ['SET', key, stored('{"object":"list","data":[]}', 0)]],
      ['a hash', (key) => ['HSET', key, 'value', '{}']],
      ['a Redis list', (key) => ['RPUSH', key, '{}']],
      ['a set', (key) => ['SADD', key, '{}']],
      ['a stream', (key) => ['XADD', key, '*', 'value', '{}']],
    ])('that is %s is ignored and overwritten', async (_name, poison) => {
      const [redis, key] = await poisoned(poison);
      const response = await ask(gateway);
      expect([statusOf(response), await idsOf(response)]).toEqual([FETCHED_ANEW, ['new']]);
      expect(await entryKey(redis)).toBe(key);
      expect(await redis.command('TYPE', key)).toBe('string');
      expect(await redis.command('GET', key)).toMatch(/^\{"value":.*"new/);
      expect(await redis.command('PTTL', key)).toBeGreaterThan(0);
      expect(redisMessages(gateway)).toEqual([]);
    });

    it.each<[string, (key: string) => string[]]>([
      ['a text without an end', (key) => ['SET', key, 'me']],
      ['a text for a year', (key) => ['SET', key, 'me', 'EX', '31536000']],
      ['a hash', (key) => ['HSET', key, 'me', '1']],
    ])('is no lease: %s delays no caller', async (_name, poison) => {
      await poisoned((key) => poison(leaseKeyOf(key)));
      const response = await ask(gateway);
      expect([statusOf(response), await idsOf(response)]).toEqual([FETCHED_ANEW, ['new']]);
    });
  });

  describe('processes', () => {
    let main: string;

    beforeAll(async () => {
      main = await builtService();
    }, BUILD_MS);

    async function start(redis: RedisServer, env: Record<string, string> = {}): Promise<ServiceProcess> {
      const process = await started(
        startProcess(main, tmpdir(), {
          ...replicaEnv(upstream, redis.url),
          ...env,
        }),
      );
      await untilAlive(process);
      return process;
    }

    it('eight replicas, with empty memory and twenty callers of one key each, make one request', async () => {
      const redis = await started(startRedis([], secret('redis')));
      const held = heldAnswers(OLD);
      upstream.answer(held.script);
      // The time of all replicas goes on, as that of a process does.
      jest.restoreAllMocks();
      const processes: ServiceProcess[] = [];
      // One after the other: all starts at once take too long on a busy machine.
      while (processes.length < 3) processes.push(await start(redis));
      const replicas: Gateway[] = [];
      while (replicas.length < 5) replicas.push(await replica(redis.url));
      const requests = [...processes, ...replicas].flatMap((each) =>
        Array.from({ length: 20 }, () => ask(each)),
      );
      await upstream.received(1);
      // Each replica polls for the list several times.
      await untilCommands(redis, 'get', 60);
      await held.release(1);
      for (const response of await Promise.all(requests)) expect(await idsOf(response)).toEqual(['old']);
      expect(upstream.requests).toHaveLength(1);
      for (const each of replicas) expect(redisMessages(each)).toEqual([]);
      for (const process of processes) process.signal('SIGTERM');
      for (const { code, stdout, stderr } of await Promise.all(processes.map(({ exited }) => exited))) {
        expect([code, stderr]).toEqual([0, '']);
        expect(stdout).not.toContain(SECRET_MARK);
        expect(stdout).not.toMatch(REDIS_CONTEXT);
      }
    });

    it('take over from one that dies during its request', async () => {
      const redis = await started(startRedis());
      upstream.answer(inTurn(silence, NEW));
      const first = await start(redis);
      const second = await start(redis);
      const lost = ask(first);
      lost.catch(() => undefined);
      await upstream.received(1);
      await until('there is a lease', async () => (await redis.keys()).length === 1);
      const waiting = ask(second);
      await untilCommands(redis, 'get', 5);
      expect(upstream.requests).toHaveLength(1);
      first.signal('SIGKILL');
      await expect(lost).rejects.toThrow();
      const response = await waiting;
      expect(statusOf(response)).toContain('fwd=miss; stored');
      expect(await idsOf(response)).toEqual(['new']);
      expect(upstream.requests).toHaveLength(2);
    });

    // What they do while it is there is seen above.
    it.each<[string, (redis: RedisServer) => Promise<void> | void]>([
      [
        'stopped',
        (redis) => {
          redis.signal('SIGSTOP');
        },
      ],
      ['gone', (redis) => redis.kill()],
    ])('shut down gracefully when their Redis is %s', async (_name, happen) => {
      const redis = await started(startRedis());
      const process = await start(redis, SHORT);
      await ask(process);
      await happen(redis);
      await ask(process, { 'x-api-key': secret('other') });
      process.signal('SIGTERM');
      const { code, stderr } = await process.exited;
      expect([code, stderr]).toEqual([0, '']);
    });
  });
});
