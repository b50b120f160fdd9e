import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { movableClock } from '../support/clock.js';
import { startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { startRedisCluster, untilInfo } from '../support/redis-cluster.js';
import type { RedisCluster } from '../support/redis-cluster.js';
import {
  ask,
  HIT,
  isEntry,
  MISS,
  OLD,
  redisMessages,
  replicaEnv,
  SHARED_AGAIN_MS,
  statusOf,
} from '../support/redis-replicas.js';
import { describeWithRedis } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { underLoad } from '../support/under-load.js';
import { until } from '../support/until.js';

describeWithRedis('with a cluster of Redis', () => {
  let cluster: RedisCluster;
  let upstream: FakeUpstream;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });

  beforeEach(async () => {
    movableClock();
    upstream = await started(startFakeUpstream(OLD));
  });

  afterAll(() => cluster.close());

  function replica(url = cluster.url, timeoutMs = 10_000): Promise<Gateway> {
    return started(startGateway({ ...replicaEnv(upstream, url), REDIS_TIMEOUT_MS: String(timeoutMs) }));
  }

  /** Until one replica finds what another one has fetched, for this many keys. */
  async function untilShared(gateway: Gateway, other: Gateway, name: string, keys: number): Promise<void> {
    let shared = 0;
    await until('lists are shared', async () => {
      const headers = { 'x-api-key': secret(`${name}-${String(performance.now())}`) };
      const before = (await cluster.keys()).filter(isEntry).length;
      expect(statusOf(await ask(gateway, headers))).toBe(MISS);
      const stored = await Promise.race([
        until('it is stored', async () => (await cluster.keys()).filter(isEntry).length > before),
        new Promise<false>((resolve) => setTimeout(resolve, 2000, false)),
      ]);
      shared = stored && statusOf(await ask(other, headers)) === HIT ? shared + 1 : 0;
      return shared >= keys;
    });
  }

  it('replicas share lists on all nodes, each beside its lease', async () => {
    const [one, other] = [await replica(), await replica()];
    for (const node of cluster.primaries) {
      // A credential's node is by chance: another one until this node has an entry.
      await until('the node has an entry', async () => {
        await untilShared(one, other, 'shared', 1);
        return (await node.keys()).some(isEntry);
      });
    }
    const [first] = cluster.primaries;
    const key = String((await cluster.keys()).find(isEntry));
    const slotOf = (name: string): Promise<unknown> | undefined => first?.command('CLUSTER', 'KEYSLOT', name);
    expect(await slotOf(key.replace('v4:', 'v4:lease:'))).toBe(await slotOf(key));
    expect([...redisMessages(one), ...redisMessages(other)]).toEqual([]);
  });

  it('a URL may name nodes that are not there', async () => {
    const [first] = cluster.primaries;
    const url = `redis+cluster://127.0.0.1:1,127.0.0.1:${String(first?.port)}`;
    const [one, other] = [await replica(url), await replica(url)];
    await untilShared(one, other, 'some', 3);
    expect([...redisMessages(one), ...redisMessages(other)]).toEqual([]);
  });

  it('nodes are replaced one after the other without a failed answer', async () => {
    const [one, other] = [await replica(cluster.url, 1000), await replica(cluster.url, 1000)];
    const [first] = cluster.primaries;
    if (first === undefined) throw new Error('no primary');
    const sharedAgain = async (name: string): Promise<void> => {
      const begun = performance.now();
      await untilShared(one, other, name, 1);
      expect(performance.now() - begun).toBeLessThan(SHARED_AGAIN_MS);
      // Most likely keys on all nodes.
      await untilShared(one, other, name, 5);
    };
    await untilShared(one, other, 'before', 1);
    const statuses = await underLoad(one, async () => {
      await cluster.replica.command('CLUSTER', 'FAILOVER');
      await untilInfo(cluster.replica, 'INFO replication', /role:master/);
      await sharedAgain('failed over');
      await first.restart();
      await untilInfo(first, 'INFO replication', /role:slave[^]*master_link_status:up/);
      await sharedAgain('restarted');
      // A fail-over that no one has planned.
      await cluster.replica.kill();
      await untilInfo(first, 'INFO replication', /role:master/);
      await sharedAgain('promoted');
    });
    expect(new Set(statuses)).toEqual(new Set([200]));
    await cluster.replica.restart();
  });
});
