import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { movableClock } from '../support/clock.js';
import { startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { untilInfo } from '../support/redis-cluster.js';
import {
  ask,
  entryKey,
  failing,
  HIT,
  isEntry,
  MISS,
  OLD,
  redisMessages,
  replicaEnv,
  SHARED_AGAIN_MS,
  statusOf,
} from '../support/redis-replicas.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import type { RedisServer } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { underLoad } from '../support/under-load.js';
import { until } from '../support/until.js';

const PASSWORD = secret('servers');

describeWithRedis('with sentinels of Redis', () => {
  let primary: RedisServer;
  let standby: RedisServer;
  /** One without a password, and one that wants the servers' password. */
  let sentinels: readonly [open: RedisServer, closed: RedisServer];
  let upstream: FakeUpstream;

  beforeAll(async () => {
    const options = ['--masterauth', PASSWORD, '--repl-diskless-sync-delay', '0'];
    primary = await startRedis(options, PASSWORD);
    standby = await startRedis([...options, '--replicaof', `127.0.0.1 ${String(primary.port)}`], PASSWORD);
    await untilInfo(standby, 'INFO replication', /master_link_status:up/);
    const watch = [
      `sentinel monitor the-servers 127.0.0.1 ${String(primary.port)} 1`,
      `sentinel auth-pass the-servers ${PASSWORD}`,
      'sentinel down-after-milliseconds the-servers 1000',
    ].join('\n');
    sentinels = [
      await startRedis([], undefined, undefined, watch),
      await startRedis([], PASSWORD, undefined, watch),
    ];
    for (const sentinel of sentinels) await untilInfo(sentinel, 'INFO sentinel', /slaves=1/);
  });

  beforeEach(async () => {
    movableClock();
    upstream = await started(startFakeUpstream(OLD));
    for (const server of [primary, standby]) await server.command('FLUSHALL').catch(() => undefined);
  });

  afterAll(async () => {
    await Promise.all([...sentinels, primary, standby].map((each) => each.close()));
  });

  function urlOf(hosts: readonly (RedisServer | number)[], name = 'the-servers'): string {
    const list = hosts.map((each) => `127.0.0.1:${String(typeof each === 'number' ? each : each.port)}`);
    return `redis+sentinel://:${PASSWORD}@${list.join(',')}/${name}/0`;
  }

  function replica(url: string, timeoutMs = 10_000): Promise<Gateway> {
    return started(startGateway({ ...replicaEnv(upstream, url), REDIS_TIMEOUT_MS: String(timeoutMs) }));
  }

  it.each<[string, (...those: readonly RedisServer[]) => (RedisServer | number | undefined)[]]>([
    ['without a password', (open) => [open]],
    ['with the password of the servers', (_open, closed) => [closed]],
    ['of which one is not there', (open) => [1, open]],
  ])('sentinels %s lead to the primary', async (_name, choose) => {
    const url = urlOf(choose(...sentinels).filter((each) => each !== undefined));
    const [one, other] = [await replica(url), await replica(url)];
    expect(statusOf(await ask(one))).toBe(MISS);
    await entryKey(primary);
    expect(statusOf(await ask(other))).toBe(HIT);
    expect([...redisMessages(one), ...redisMessages(other)]).toEqual([]);
  });

  it('a name that they do not know is no failure of an answer, and the log has the reason', async () => {
    const gateway = await replica(urlOf([sentinels[0]], 'others'));
    expect(statusOf(await ask(gateway))).toBe(MISS);
    expect(redisMessages(gateway)).toEqual([failing(/ERR No such master with that name/)]);
  });

  it('a fail-over is followed without a failed answer', async () => {
    const url = urlOf([sentinels[0]]);
    const [one, other] = [await replica(url, 1000), await replica(url, 1000)];
    const empty = (server: RedisServer): Promise<unknown> =>
      until('it is empty', async () => (await server.command('FLUSHALL').catch(() => '')) === 'OK');
    const untilShared = (server: RedisServer): Promise<unknown> =>
      until('lists are shared', async () => {
        const headers = { 'x-api-key': secret(`shared-${String(performance.now())}`) };
        await ask(one, headers);
        return (await server.keys()).some(isEntry) && statusOf(await ask(other, headers)) === HIT;
      });
    await untilShared(primary);
    const statuses = await underLoad(one, async () => {
      await sentinels[0].command('SENTINEL', 'FAILOVER', 'the-servers');
      await untilInfo(standby, 'INFO replication', /role:master/);
      // Until then both replicas go on with the old one: sentinels demote it when they ask it next, every ten seconds.
      await untilInfo(primary, 'INFO replication', /role:slave/);
      const begun = performance.now();
      await empty(standby);
      await untilShared(standby);
      expect(performance.now() - begun).toBeLessThan(SHARED_AGAIN_MS);
    });
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
