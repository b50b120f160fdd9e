import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { RedisStore } from '../../src/cache/redis.store.js';
import type { Codec } from '../../src/cache/redis.store.js';
import type { Lease } from '../../src/cache/shared-store.js';
import { idsOf } from '../support/answers.js';
import { movableClock } from '../support/clock.js';
import { startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { logLines } from '../support/log-lines.js';
import { logged } from '../support/logged.js';
import {
  ask,
  commandCount,
  entryKey,
  failing,
  HIT,
  isEntry,
  KEY,
  MISS,
  NO_CACHE,
  OLD,
  redisMessages,
  replicaEnv,
  SHORT,
  statusOf,
  targetOf,
  untilCommands,
  WORKS,
} from '../support/redis-replicas.js';
import { describeWithRedis, sharedRedis, startRedis } from '../support/redis-server.js';
import type { RedisServer } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { secret, SECRET_MARK, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { startName } from '../support/name.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { underLoad } from '../support/under-load.js';
import { until } from '../support/until.js';

/** For a Redis whose own error must come before the time-out, also on a busy machine. */
const LESS_SHORT = { REDIS_TIMEOUT_MS: '2000' };

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

/** Fetches lists anew until this server has one. */
function untilStored(gateway: Gateway, redis: RedisServer): Promise<true> {
  return until('a list is stored', async () => {
    await ask(gateway, { ...KEY, ...NO_CACHE });
    return (await redis.keys()).some(isEntry);
  });
}

describeWithRedis('with a Redis that may fail', () => {
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
      await untilStored(gateway, redis);
      await until('it is said', async () => {
        await ask(gateway, { ...KEY, ...NO_CACHE });
        return redisMessages(gateway).length > 1;
      });
      expect(redisMessages(gateway)).toEqual([failing(/.*ECONNREFUSED.*/), WORKS]);
    });

    it('that is full affects no answer, and its beginning and its end are logged once', async () => {
      const redis = await started(startRedis(['--maxmemory-policy', 'noeviction']));
      await redis.command('SETRANGE', 'all the room', '10000000', 'x');
      await redis.command('CONFIG', 'SET', 'maxmemory', '10mb');
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
      // The server has it before the gateway knows.
      await until('its end is logged', () => redisMessages(gateway).includes(WORKS));
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
      const commands = ['get', 'set', 'pttl', 'unlink', 'eval', 'pexpire', 'del', 'ping'].map(
        (each) => `+${each}`,
      );
      await redis.command(
        'ACL',
        'SETUSER',
        'gateway',
        'on',
        `>${password}`,
        '~models-gateway:*',
        ...commands,
      );
      const url = redis.url.replace('redis://', `redis://gateway:${encodeURIComponent(password)}@`);
      const gateway = await replica(url);
      await ask(gateway);
      await entryKey(redis);
      expect(redisMessages(gateway)).toEqual([]);
    });

    describe('whose URL is in a file', () => {
      const file = join(temporaryFolder(), 'redis-url');
      let redis: RedisServer;

      beforeEach(async () => {
        redis = await started(startRedis());
        await redis.command('ACL', 'SETUSER', 'gateway', 'on', `>${secret('old')}`, '~*', '+@all');
        await writeFile(file, urlWith('old'));
      });

      function urlWith(password: string): string {
        return redis.url.replace('redis://', `redis://gateway:${secret(password)}@`);
      }

      /** The old connection stays open as long as an operation may take. */
      function replicaWithFile(): Promise<Gateway> {
        return replica('', { REDIS_URL_FILE: file, KEY_FILE_INTERVAL_MS: '100', ...LESS_SHORT });
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
        await untilStored(gateway, other);
        expect(redisMessages(gateway)).toEqual([]);
      });

      it('goes on being used while a new one does not work, until that one works', async () => {
        const gateway = await replicaWithFile();
        await rotate(gateway, urlWith('new'));
        await until('it is said', () => redisMessages(gateway).length > 0);
        expect(redisMessages(gateway)).toEqual([
          'The new settings of Redis do not work, the last ones stay in use: WRONGPASS',
        ]);
        await ask(gateway, { ...KEY, ...NO_CACHE });
        await entryKey(redis);
        const before = await connections();
        await redis.command('ACL', 'SETUSER', 'gateway', `>${secret('new')}`);
        await until('it is in use', () => redisMessages(gateway).length > 1);
        expect(redisMessages(gateway).slice(1)).toEqual(['The new settings of Redis work and are in use']);
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
        await until('it is said', () => failing(/WRONGPASS/).asymmetricMatch(redisMessages(gateway).at(-1)));
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
        await untilStored(gateway, other);
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
      // On a busy machine the service is ready before the server has answered.
      await until('the reason is said', () => failing(reason).asymmetricMatch(redisMessages(gateway).at(-1)));
    });

    it('that refuses the user after a time-out is not used, and the log has that reason too', async () => {
      const redis = await started(startRedis([], secret('redis')));
      redis.signal('SIGSTOP');
      const gateway = await replica(redis.url.replace(secret('redis'), secret('wrong')), SHORT);
      expect(redisMessages(gateway)).toEqual([failing(/time-out/)]);
      redis.signal('SIGCONT');
      await until('it is said', () => redisMessages(gateway).length > 1);
      expect(redisMessages(gateway)).toEqual([failing(/time-out/), failing(/WRONGPASS/)]);
    });

    it.each<[string, (old: RedisServer, other: RedisServer) => unknown]>([
      ['is demoted', (old, other) => old.command('REPLICAOF', '127.0.0.1', String(other.port))],
      [
        'answers nothing more',
        (old) => {
          old.signal('SIGSTOP');
        },
      ],
    ])(
      'whose name leads to another server is left, with its connections, when it %s',
      async (_name, happen) => {
        const [old, other] = [await started(startRedis()), await started(startRedis())];
        const name = await started(startName(old.port));
        const gateway = await replica(`redis://${name.host}`, { REDIS_TIMEOUT_MS: '1000' });
        await untilStored(gateway, old);
        name.leadTo(other.port);
        const statuses = await underLoad(gateway, async () => {
          await happen(old, other);
          await until('lists are stored there', async () => (await other.keys()).some(isEntry));
          await until('it is said', () => redisMessages(gateway).includes(WORKS));
        });
        old.signal('SIGCONT');
        expect(new Set(statuses)).toEqual(new Set([200]));
        expect(redisMessages(gateway)[0]).toEqual(failing(/READONLY|time-out/));
        await until('the old server has no connection but that of this test', async () => {
          const clients = String(await old.command('CLIENT', 'LIST', 'TYPE', 'normal'));
          return clients.trim().split('\n').length === 1;
        });
      },
    );

    it.each(['LOADING Redis is loading', 'MOVED 1 127.0.0.1:1', 'MASTERDOWN Link is down'])(
      'whose name leads to another server is left when it says %s',
      async (reply) => {
        const busy = await started(
          startServer((socket) => socket.on('data', () => socket.write(`-${reply}\r\n`.repeat(2)))),
        );
        const name = await started(startName(Number(busy.host.split(':')[1])));
        const gateway = await replica(`redis://${name.host}`, LESS_SHORT);
        await ask(gateway);
        expect(redisMessages(gateway)).toHaveLength(1);
        const other = await started(startRedis());
        name.leadTo(other.port);
        await untilStored(gateway, other);
      },
    );

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
    const shared = sharedRedis();
    let redis: RedisServer;
    let store: RedisStore<string>;
    const running: RedisStore<string>[] = [];

    beforeEach(async () => {
      Logger.overrideLogger(false);
      redis = shared();
      store = await connect(10_000);
    });

    async function connect(timeoutMs: number): Promise<RedisStore<string>> {
      const codec: Codec<string> = { encode: String, decode: String };
      const connected = await RedisStore.connect(targetOf(redis.url), codec, {
        timeoutMs,
        lifetimeMs: HOLD_MS,
      });
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
      await redis.command('DEL', 'models-gateway:v4:lease:{a}');
      const other = await connect(10_000);
      await other.lease('a', HOLD_MS);
      await lease.release();
      expect(await store.lease('a', HOLD_MS)).toBe('held');
    });

    it('renews a lease while it is held', async () => {
      const holdMs = 1500;
      const lease = (await store.lease('a', holdMs)) as Lease;
      const left = async (): Promise<number> =>
        Number(await redis.command('PTTL', 'models-gateway:v4:lease:{a}'));
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
      await untilCommands(redis, 'eval', 1);
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
      const timeoutMs = 600;
      const slow = await connectInTime(timeoutMs);
      const lines = logged();
      const entry = { value: 'list', storedAt: 1 };
      redis.signal('SIGSTOP');
      const begun = performance.now();
      const failing = slow.set('a', entry);
      await until('half of the time is over', () => performance.now() - begun > timeoutMs / 2);
      const late = slow.set('b', entry);
      await failing;
      redis.signal('SIGCONT');
      await late;
      expect(lines).toEqual([expect.stringContaining('time-out')]);
      await until('it works again', async () => {
        await slow.set('c', entry);
        return lines.includes(`log: ${WORKS}`);
      });
      expect(lines).toHaveLength(2);
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
});

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
