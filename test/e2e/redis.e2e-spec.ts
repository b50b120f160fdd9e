import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisStore } from '../../src/cache/redis.store.js';
import type { Codec } from '../../src/cache/redis.store.js';
import type { Lease } from '../../src/cache/shared-store.js';
import { failureOf, idsOf } from '../support/answers.js';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { movableClock } from '../support/clock.js';
import { inTurn, json, silence, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { logLines } from '../support/log-lines.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import type { RedisServer } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { secret, SECRET_MARK, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { startProcess, untilAlive } from '../support/start-process.js';
import type { ServiceProcess } from '../support/start-process.js';
import { until } from '../support/until.js';

const TTL_MS = 60_000;
const STALE_MS = 600_000;
/** Longer than any operation here takes. */
const CACHE = {
  MAIN_MODEL_ENGINE: 'vllm',
  UPSTREAM_TIMEOUT_MS: '60000',
  UPSTREAM_MAX_RETRIES: '0',
  CACHE_TTL_SECONDS: '60',
  CACHE_STALE_SECONDS: '600',
  REDIS_TIMEOUT_MS: '10000',
};
/** For a Redis that does not answer. */
const SHORT = { REDIS_TIMEOUT_MS: '300' };
/** For a Redis whose own error must come before the time-out, also on a busy machine. */
const LESS_SHORT = { REDIS_TIMEOUT_MS: '1000' };

const KEY = { authorization: `Bearer ${secret('one')}` };
const NO_CACHE = { 'cache-control': 'no-cache' };
const OLD = json({ data: [{ id: 'old' }] });
const NEW = json({ data: [{ id: 'new' }] });
const HIT = 'models-gateway; hit; ttl=60';
const MISS = 'models-gateway; fwd=miss; stored; ttl=60';
const FETCHED_ANEW = 'models-gateway; fwd=stale; stored; ttl=60';

const ENTRY_KEY = /^models-gateway:v3::[\w-]{43}$/;
const LEASE_KEY = /^models-gateway:v3:lease:[\w-]{43}$/;

let upstream: FakeUpstream;

beforeEach(async () => {
  // The time of day stands still, so that a list keeps its age on a busy machine.
  movableClock();
  upstream = await started(startFakeUpstream(OLD));
});

/** A replica with an empty memory. */
function replica(redisUrl: string, env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  return started(startGateway({ ...CACHE, MAIN_MODEL_BASE_URL: upstream.url, REDIS_URL: redisUrl, ...env }));
}

function ask({ url }: { readonly url: string }, headers: Record<string, string> = KEY): Promise<Response> {
  return fetch(`${url}/v1/models`, { headers });
}

function statusOf({ headers }: Response): string | null {
  return headers.get('cache-status');
}

/** The one entry in a Redis. */
function entryKey(redis: RedisServer): Promise<string> {
  return until('an entry is stored, and its lease given back', async () => {
    const keys = await redis.keys();
    return keys.length === 1 && keys[0]?.match(ENTRY_KEY)?.[0];
  });
}

/** The messages of a gateway about its Redis. */
function redisMessages(gateway: Gateway): string[] {
  return logLines(gateway).flatMap(({ context, msg }) => (context === 'RedisStore' ? [String(msg)] : []));
}

/** The number of commands of this name; undefined when there was none. */
async function commandCount(redis: RedisServer, command: string): Promise<number | undefined> {
  const stats = String(await redis.command('INFO', 'commandstats'));
  const calls = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1];
  return calls === undefined ? undefined : Number(calls);
}

/** Resolves when this many commands of this name have arrived. */
async function untilCommands(redis: RedisServer, command: string, count: number): Promise<void> {
  await until(
    `${command} has come ${String(count)} times`,
    async () => ((await commandCount(redis, command)) ?? 0) >= count,
  );
}

const WORKS = 'Redis works again, lists are shared between replicas';

function failing(reason: RegExp): unknown {
  const prefix = 'Redis does not work, lists are not shared between replicas: ';
  return expect.stringMatching(new RegExp(`^${prefix}(${reason.source})$`));
}

describeWithRedis('with a Redis', () => {
  describe('replicas', () => {
    let redis: RedisServer;

    beforeEach(async () => {
      redis = await started(startRedis());
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
      const lease = key.replace('v3::', 'v3:lease:');
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
    function stored(value: unknown, storedAt: unknown = Date.now()): string {
      return JSON.stringify({ value: { value, storedAt } });
    }

    const MODEL = { id: 'theirs', object: 'model', created: 1_800_000_000, owned_by: 'x' };

    function listOf(...data: object[]): string {
      return JSON.stringify({ object: 'list', data });
    }

    it('differs from one that is served', async () => {
      const [, gateway] = await poisoned((key) => ['SET', key, stored(listOf(MODEL))]);
      expect(await idsOf(await ask(gateway))).toEqual(['theirs']);
    });

    function leaseKeyOf(key: string): string {
      const leaseKey = key.replace('::', ':lease:');
      expect(leaseKey).toMatch(LEASE_KEY);
      return leaseKey;
    }

    /** A gateway whose memory no longer has the entry, so that it needs Redis. */
    async function poisoned(poison: (key: string) => string[]): Promise<[RedisServer, Gateway, key: string]> {
      const clock = movableClock();
      const redis = await started(startRedis());
      const gateway = await replica(redis.url);
      await ask(gateway);
      const key = await entryKey(redis);
      await redis.command('DEL', key);
      clock.advance(TTL_MS + STALE_MS);
      await redis.command(...poison(key));
      upstream.answer(NEW);
      return [redis, gateway, key];
    }

    it('differs from one that is served', async () => {
      const list = { object: 'list', data: [{ id: 'theirs', object: 'model', created: 1, owned_by: 'x' }] };
      const [, gateway] = await poisoned((key) => ['SET', key, stored(JSON.stringify(list))]);
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
      const [redis, gateway, key] = await poisoned(poison);
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
      const [, gateway] = await poisoned((key) => poison(leaseKeyOf(key)));
      const response = await ask(gateway);
      expect([statusOf(response), await idsOf(response)]).toEqual([FETCHED_ANEW, ['new']]);
    });
  });

  describe('a Redis', () => {
    it('that pauses, continues, dies and restarts affects no answer, and each change is logged once', async () => {
      const redis = await started(startRedis());
      const gateway = await replica(redis.url, LESS_SHORT);
      const statuses: number[] = [];
      const turns = Array<number>(8).fill(0);
      let loaded = true;
      // Each has its own key, so each needs the Redis.
      const worker = async (name: number): Promise<void> => {
        for (let turn = 0; loaded; turn += 1) {
          const response = await ask(gateway, { 'x-api-key': secret(`${String(name)}-${String(turn)}`) });
          await response.text();
          statuses.push(response.status);
          turns[name] = turn;
        }
      };
      const working = Promise.all(turns.map((_turn, name) => worker(name)));
      // All workers, so that none of them waits for the Redis.
      const more = async (): Promise<void> => {
        const before = [...turns];
        await until('all have more answers', () =>
          turns.every((turn, name) => turn > (before[name] ?? 0) + 10),
        );
      };
      const logged = (count: number): Promise<true> =>
        until('a change is logged', () => redisMessages(gateway).length === count);
      await more();
      redis.signal('SIGSTOP');
      await logged(1);
      await more();
      redis.signal('SIGCONT');
      await logged(2);
      await more();
      await redis.kill();
      await logged(3);
      await more();
      await redis.restart();
      await logged(4);
      await more();
      loaded = false;
      await working;
      expect(redisMessages(gateway)).toEqual([
        failing(/time-out/),
        WORKS,
        failing(/Socket closed.*|.*ECONN.*/),
        WORKS,
      ]);
      expect(new Set(statuses)).toEqual(new Set([200]));
      await until('lists are stored again', async () => (await redis.keys()).some(isEntry));
    });

    it('that is missing at the start is used when it appears', async () => {
      const redis = await started(startRedis());
      await redis.kill();
      const gateway = await replica(redis.url, LESS_SHORT);
      expect(redisMessages(gateway)).toEqual([failing(/.*ECONNREFUSED.*/)]);
      expect(statusOf(await ask(gateway))).toBe(MISS);
      await redis.restart();
      let turn = 0;
      await until('a list is stored', async () => {
        turn += 1;
        await ask(gateway, { 'x-api-key': secret(String(turn)) });
        return (await redis.keys()).some(isEntry);
      });
      expect(redisMessages(gateway)).toEqual([failing(/.*ECONNREFUSED.*/), WORKS]);
    });

    it('that is full affects no answer, and its beginning and its end are logged once', async () => {
      const redis = await started(startRedis(['--maxmemory-policy', 'noeviction']));
      await redis.command('SET', 'all the room', 'x'.repeat(1_000_000));
      await redis.command('CONFIG', 'SET', 'maxmemory', '1mb');
      await expect(redis.command('SET', 'more', 'x')).rejects.toThrow('OOM');
      const gateway = await replica(redis.url);
      let turn = 0;
      const next = async (): Promise<void> => {
        turn += 1;
        const response = await ask(gateway, { 'x-api-key': secret(String(turn)) });
        expect([statusOf(response), await idsOf(response)]).toEqual([MISS, ['old']]);
      };
      const begun = performance.now();
      // Longer than two cooldowns.
      await until('it has been tried three times', async () => {
        await next();
        return performance.now() - begun > 2500;
      });
      expect(redisMessages(gateway)).toEqual([failing(/OOM/)]);
      expect(await redis.keys()).toEqual(['all the room']);
      await redis.command('DEL', 'all the room');
      await until('a list is stored', async () => {
        await next();
        return (await redis.keys()).some(isEntry);
      });
      expect(redisMessages(gateway)).toEqual([failing(/OOM/), WORKS]);
    });

    it('with a password gets it from the URL, which no log shows', async () => {
      const redis = await started(startRedis([], secret('redis')));
      expect(redis.url).toContain(SECRET_MARK);
      const gateway = await replica(redis.url, { LOG_LEVEL: 'trace' });
      await ask(gateway);
      await entryKey(redis);
      await redis.kill();
      await until('it is missed', async () => {
        await ask(gateway, { 'x-api-key': secret('other') });
        return redisMessages(gateway).length > 0;
      });
      await redis.restart();
      await until('it works again', async () => {
        await ask(gateway, { ...KEY, ...NO_CACHE });
        return redisMessages(gateway).includes(WORKS);
      });
      expect(gateway.logs.join('')).not.toContain(SECRET_MARK);
    });

    it('with users gets name and password from the URL', async () => {
      const redis = await started(startRedis());
      const password = `${SECRET_MARK}:/@%`;
      await redis.command('ACL', 'SETUSER', 'gateway', 'on', `>${password}`, '~models-gateway:*', '+@all');
      const url = redis.url.replace('redis://', `redis://gateway:${encodeURIComponent(password)}@`);
      const gateway = await replica(url);
      await ask(gateway);
      await entryKey(redis);
      expect(redisMessages(gateway)).toEqual([]);
    });

    describe('whose URL is in a file', () => {
      let folder: string;
      let file: string;
      let redis: RedisServer;

      beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), 'models-gateway-'));
        file = join(folder, 'redis-url');
        redis = await started(startRedis());
        await redis.command('ACL', 'SETUSER', 'gateway', 'on', `>${secret('old')}`, '~*', '+@all');
        await writeFile(file, urlWith('old'));
      });

      afterEach(() => rm(folder, { recursive: true }));

      function urlWith(password: string): string {
        return redis.url.replace('redis://', `redis://gateway:${secret(password)}@`);
      }

      /** The old connection stays open as long as an operation may take. */
      function replicaWithFile(): Promise<Gateway> {
        return replica('', { REDIS_URL_FILE: file, KEY_FILE_INTERVAL_MS: '100', REDIS_TIMEOUT_MS: '2000' });
      }

      async function rotate(gateway: Gateway, url: string): Promise<void> {
        await writeFile(file, url);
        await until('it is read', () =>
          logLines(gateway).some(({ msg }) => msg === 'A new value was read from REDIS_URL_FILE'),
        );
      }

      /** The ids of the gateway's connections. */
      async function connections(): Promise<string[]> {
        const clients = String(await redis.command('CLIENT', 'LIST')).split('\n');
        return clients.flatMap((line) =>
          line.includes(' user=gateway ') ? (/^id=\d+/.exec(line) ?? []) : [],
        );
      }

      it('gets a new password without a restart or a failed operation', async () => {
        const gateway = await replicaWithFile();
        await ask(gateway);
        await entryKey(redis);
        const before = await connections();
        await redis.command('ACL', 'SETUSER', 'gateway', `>${secret('new')}`);
        await rotate(gateway, urlWith('new'));
        await until('there is another connection, and no other', async () => {
          const now = await connections();
          return now.length === 1 && now[0] !== before[0];
        });
        await redis.command('ACL', 'SETUSER', 'gateway', `<${secret('old')}`);
        await redis.command('FLUSHALL');
        await ask(gateway, { ...KEY, ...NO_CACHE });
        await entryKey(redis);
        expect(redisMessages(gateway)).toEqual([]);
      });

      it('loses no operation while it is rotated, several times in a row', async () => {
        const gateway = await replicaWithFile();
        for (const password of ['a', 'b', 'c'])
          await redis.command('ACL', 'SETUSER', 'gateway', `>${secret(password)}`);
        const before = await connections();
        const rotation = { isOver: false };
        const load = (async () => {
          while (!rotation.isOver) expect((await ask(gateway, { ...KEY, ...NO_CACHE })).status).toBe(200);
        })();
        const reads = (): number =>
          logLines(gateway).filter(({ msg }) => msg === 'A new value was read from REDIS_URL_FILE').length;
        for (const [index, password] of ['a', 'b', 'c'].entries()) {
          await writeFile(file, urlWith(password));
          await until('it is read', () => reads() === index + 1);
        }
        await until('there is another connection, and no other', async () => {
          const now = await connections();
          return now.length === 1 && now[0] !== before[0];
        });
        rotation.isOver = true;
        await load;
        expect(redisMessages(gateway)).toEqual([]);
      });

      it('may move to another server', async () => {
        const gateway = await replicaWithFile();
        await ask(gateway);
        await entryKey(redis);
        const other = await started(startRedis());
        await rotate(gateway, other.url);
        await until('a list is stored there', async () => {
          await ask(gateway, { ...KEY, ...NO_CACHE });
          return (await other.keys()).some((key) => ENTRY_KEY.test(key));
        });
        expect(redisMessages(gateway)).toEqual([]);
      });

      it('goes on being used while a new one does not work, until that one works', async () => {
        const gateway = await replicaWithFile();
        await rotate(gateway, urlWith('new'));
        await until('it is said', () => redisMessages(gateway).length > 0);
        expect(redisMessages(gateway)).toEqual([
          'The new Redis URL does not work, the last one stays in use: WRONGPASS',
        ]);
        await ask(gateway, { ...KEY, ...NO_CACHE });
        await entryKey(redis);
        const before = await connections();
        await redis.command('ACL', 'SETUSER', 'gateway', `>${secret('new')}`);
        await until('it is in use', () => redisMessages(gateway).length > 1);
        expect(redisMessages(gateway).slice(1)).toEqual(['The new Redis URL works and is in use']);
        await until('there is another connection, and no other', async () => {
          const now = await connections();
          return now.length === 1 && now[0] !== before[0];
        });
      });

      it('is given up for a new one that does not work when it does not work either', async () => {
        const gateway = await replicaWithFile();
        const other = await started(startRedis([], secret('other')));
        await redis.kill();
        await rotate(gateway, other.url.replace(secret('other'), secret('wrong')));
        await until('it is said', () => redisMessages(gateway).length > 0);
        expect(redisMessages(gateway)).toEqual([failing(/WRONGPASS/)]);
        await other.command('CONFIG', 'SET', 'requirepass', secret('wrong'));
        await until('a list is stored there', async () => {
          await ask(gateway, { ...KEY, ...NO_CACHE });
          return redisMessages(gateway).includes(WORKS);
        });
      });

      it('is forgotten when the file has a better one', async () => {
        const gateway = await replicaWithFile();
        await rotate(gateway, urlWith('wrong'));
        await until('it is said', () => redisMessages(gateway).length > 0);
        const other = await started(startRedis());
        await writeFile(file, other.url);
        await until('a list is stored there', async () => {
          await ask(gateway, { ...KEY, ...NO_CACHE });
          return (await other.keys()).some(isEntry);
        });
        await redis.command('ACL', 'SETUSER', 'gateway', `>${secret('wrong')}`);
        await until('the old server is left', async () => (await connections()).length === 0);
        expect(redisMessages(gateway)).toHaveLength(1);
      });
    });

    it.each<[string, RegExp, (url: string) => string]>([
      ['a wrong password', /WRONGPASS/, (url) => url.replace('redis://', `redis://:${secret('wrong')}@`)],
      ['no password', /NOAUTH/, (url) => url],
    ])('that gets %s is not used, and the log has the reason', async (_name, reason, change) => {
      const redis = await started(startRedis([], secret('redis')));
      const gateway = await replica(change(redis.url.replace(/:[^:@]*@/, '')), LESS_SHORT);
      expect(statusOf(await ask(gateway))).toBe(MISS);
      expect(statusOf(await ask(gateway))).toBe(HIT);
      expect(redisMessages(gateway)).toEqual([failing(reason)]);
    });

    it.each<[string, (socket: Socket) => void]>([
      ['says nothing', () => undefined],
      ['hangs up', (socket) => socket.destroy()],
      ['speaks HTTP', (socket) => socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))],
      ['says OK to everything', (socket) => socket.on('data', () => socket.write('+OK\r\n'.repeat(8)))],
      ['is always busy', (socket) => socket.on('data', () => socket.write('-LOADING busy\r\n'.repeat(8)))],
      [
        'repeats what it was sent',
        (socket) =>
          socket.on('data', (sent) => socket.write(`-ERR ${JSON.stringify(String(sent))}\r\n`.repeat(8))),
      ],
      ['speaks in lists', (socket) => socket.on('data', () => socket.write('*1\r\n*1\r\n:5\r\n'.repeat(8)))],
    ])('that %s is not used', async (_name, talk) => {
      const other = await started(startServer(talk));
      const gateway = await replica(`redis://:${secret('redis')}@${other.host}`, SHORT);
      for (const name of ['one', 'other', 'third']) {
        const response = await ask(gateway, { 'x-api-key': secret(name) });
        expect([statusOf(response), await idsOf(response)]).toEqual([MISS, ['old']]);
      }
      expect(redisMessages(gateway).filter((line) => line !== WORKS).length).toBeLessThanOrEqual(1);
    });
  });

  describe('the store', () => {
    /** Longer than a test can wait: a lease ends by its release only. */
    const HOLD_MS = 3_600_000;
    let redis: RedisServer;
    let store: RedisStore<string>;
    const running: RedisStore<string>[] = [];

    beforeEach(async () => {
      Logger.overrideLogger(false);
      redis = await started(startRedis());
      store = await connect(10_000);
    });

    async function connect(timeoutMs: number): Promise<RedisStore<string>> {
      const codec: Codec<string> = { encode: String, decode: String };
      const connected = await RedisStore.connect(redis.url, codec, { timeoutMs, lifetimeMs: HOLD_MS });
      running.push(connected);
      return connected;
    }

    /** On a busy machine connecting may take longer than a short time-out: it is tried again. */
    function connectInTime(timeoutMs: number): Promise<RedisStore<string>> {
      return until('it is connected in time', async () => {
        const connected = await connect(timeoutMs);
        return connected.isUp && connected;
      });
    }

    afterEach(() => {
      for (const each of running.splice(0)) each.onApplicationShutdown();
    });

    it('returns stored entries, and deletes them', async () => {
      const entry = { value: ':base64:\u0000"ü"', storedAt: 1_800_000_000_000.5 };
      await store.set('a', entry);
      expect(await store.get('a')).toEqual(entry);
      expect(await store.get('b')).toBeUndefined();
      await store.delete('a');
      expect(await store.get('a')).toBeUndefined();
    });

    it('grants the lease of a key to one holder at a time', async () => {
      const lease = await store.lease('a', HOLD_MS);
      const other = await connect(10_000);
      expect(await other.lease('a', HOLD_MS)).toBe('held');
      expect(await store.lease('a', HOLD_MS)).toBe('held');
      expect(await other.lease('b', HOLD_MS)).toEqual({ release: expect.any(Function) });
      await (lease as Lease).release();
      expect(await other.lease('a', HOLD_MS)).toEqual({ release: expect.any(Function) });
    });

    it('lets only the present holder release a lease', async () => {
      const lease = (await store.lease('a', HOLD_MS)) as Lease;
      await redis.command('DEL', 'models-gateway:v3:lease:a');
      const other = await connect(10_000);
      await other.lease('a', HOLD_MS);
      await lease.release();
      expect(await store.lease('a', HOLD_MS)).toBe('held');
    });

    it('renews a lease while it is held', async () => {
      const holdMs = 1500;
      const lease = (await store.lease('a', holdMs)) as Lease;
      const left = async (): Promise<number> =>
        Number(await redis.command('PTTL', 'models-gateway:v3:lease:a'));
      for (let renewals = 0; renewals < 2; renewals += 1) {
        const before = await left();
        await until('some time is over', async () => (await left()) < before);
        let lowest = await left();
        await until('it is prolonged', async () => {
          const now = await left();
          if (now > lowest) return true;
          lowest = now;
          return false;
        });
      }
      await lease.release();
      expect(await left()).toBe(-2);
    });

    it('releases a lease that was granted too late', async () => {
      const slow = await connectInTime(100);
      redis.signal('SIGSTOP');
      expect(await slow.lease('a', HOLD_MS)).toBeUndefined();
      redis.signal('SIGCONT');
      await untilCommands(redis, 'set', 1);
      await until('it is given back', async () => (await redis.keys()).length === 0);
      await expect(store.lease('a', HOLD_MS)).resolves.toEqual({ release: expect.any(Function) });
    });

    it('does not ask a failed server during the cooldown', async () => {
      const slow = await connectInTime(100);
      redis.signal('SIGSTOP');
      const begun = performance.now();
      for (let turn = 0; turn < 100; turn += 1) expect(await slow.get('a')).toBeUndefined();
      const elapsedMs = performance.now() - begun;
      redis.signal('SIGCONT');
      const commands = await until('a command has arrived', () => commandCount(redis, 'get'));
      // Once, and again after each second.
      expect(commands).toBeLessThanOrEqual(1 + elapsedMs / 1000);
    });

    it('does not take an operation from before a failure for its end', async () => {
      const messages: string[] = [];
      const note = (message: string): unknown => messages.push(message);
      const timeoutMs = 600;
      const slow = await connectInTime(timeoutMs);
      Logger.overrideLogger({ log: note, warn: note, error: note });
      const entry = { value: 'list', storedAt: 1 };
      redis.signal('SIGSTOP');
      const begun = performance.now();
      const failing = slow.set('a', entry);
      await until('half of the time is over', () => performance.now() - begun > timeoutMs / 2);
      const late = slow.set('b', entry);
      await failing;
      redis.signal('SIGCONT');
      await late;
      expect(messages).toEqual([expect.stringContaining('time-out')]);
      await until('it works again', async () => {
        await slow.set('c', entry);
        return messages.includes(WORKS);
      });
      expect(messages).toHaveLength(2);
    });

    it('does not connect again when it is shut down', async () => {
      const other = await connect(10_000);
      running.pop();
      const clients = async (): Promise<number> =>
        String(await redis.command('CLIENT', 'LIST'))
          .trim()
          .split('\n').length;
      const before = await clients();
      other.onApplicationShutdown();
      await until('it has gone', async () => (await clients()) === before - 1);
      await other.set('a', { value: 'x', storedAt: 1 });
      expect(await other.lease('a', HOLD_MS)).toBeUndefined();
      expect([await clients(), await redis.keys()]).toEqual([before - 1, []]);
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
          ...CACHE,
          MAIN_MODEL_BASE_URL: upstream.url,
          REDIS_URL: redis.url,
          ...env,
        }),
      );
      await untilAlive(process);
      return process;
    }

    it('eight of them, with empty memory and twenty callers of one key each, make one request', async () => {
      const redis = await started(startRedis([], secret('redis')));
      const held = heldAnswers(OLD);
      upstream.answer(held.script);
      const all: ServiceProcess[] = [];
      // One after the other: eight starts at once take too long on a busy machine.
      while (all.length < 8) all.push(await start(redis));
      const requests = all.flatMap((process) => Array.from({ length: 20 }, () => ask(process)));
      await upstream.received(1);
      // Each process polls for the list several times.
      await untilCommands(redis, 'get', 60);
      await held.release(1);
      for (const response of await Promise.all(requests)) expect(await idsOf(response)).toEqual(['old']);
      expect(upstream.requests).toHaveLength(1);
      for (const process of all) process.signal('SIGTERM');
      for (const { code, stdout, stderr } of await Promise.all(all.map(({ exited }) => exited))) {
        expect([code, stderr]).toEqual([0, '']);
        expect(stdout).not.toContain(SECRET_MARK);
        expect(stdout).not.toContain('RedisStore');
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

    it.each<[string, (redis: RedisServer) => Promise<void> | void]>([
      ['there', () => undefined],
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

function isEntry(key: string): boolean {
  return ENTRY_KEY.test(key);
}

/** A server other than a Redis. */
async function startServer(
  talk: (socket: Socket) => void,
): Promise<{ host: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    talk(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
