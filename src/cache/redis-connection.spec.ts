import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeRedis, NEVER } from '../../test/support/fake-redis.js';
import { redisTarget } from '../../test/support/redis-target.js';
import { RedisConnection } from './redis-connection.js';

const TIMEOUT_MS = 300;
const SERVER = redisTarget();
const SENTINELS = redisTarget({ kind: 'sentinel', primaryName: 'primary' });

let redis: FakeRedis;
let lost: RedisConnection[];

beforeEach(() => {
  jest.useFakeTimers();
  redis = new FakeRedis();
  lost = [];
});

afterEach(() => {
  jest.useRealTimers();
});

function open(target = SERVER, timeoutMs = TIMEOUT_MS): Promise<RedisConnection> {
  const options = { probeKey: 'probe', timeoutMs, createClient: FakeRedis.clientOf({ a: redis }) };
  return RedisConnection.open(target, options, (connection) => lost.push(connection));
}

/** Lets time pass until a promise is settled. */
async function after<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let settled = false;
  void promise.finally(() => {
    settled = true;
  });
  await jest.advanceTimersByTimeAsync(milliseconds - 1);
  expect(settled).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  return promise;
}

describe('opening a connection', () => {
  it('connects, and writes a key that is gone at once', async () => {
    const connection = await open();
    expect(connection).toMatchObject({ failure: undefined, isReady: true, client: redis.client });
    expect([...redis.values.keys()]).toEqual(['probe']);
    await jest.advanceTimersByTimeAsync(1);
    expect(redis.valueOf('probe')).toBeNull();
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    [300, 2000],
    [5000, 5000],
  ])('takes at most two seconds, or as long as an operation: %i, %i ms', async (timeoutMs, connectMs) => {
    redis.onConnect = () => NEVER;
    const { failure, isReady } = await after(connectMs, open(SERVER, timeoutMs));
    expect([failure?.message, isReady]).toEqual(['time-out', false]);
    expect(redis.client.connectTimeoutMs).toBe(connectMs);
  });

  it('names the reason that the client gave before', async () => {
    redis.onConnect = () => {
      redis.client.lose(new Error('wrapped', { cause: new Error('connect ECONNREFUSED') }));
      throw new Error('Socket closed');
    };
    const { failure } = await open();
    expect(failure?.message).toBe('connect ECONNREFUSED');
  });

  it.each([
    ['that refuses to be written to', 'set probe', 'READONLY You can not write'],
    ['of which a part does not answer', 'ping', 'CLUSTERDOWN The cluster is down'],
  ])('notices a server %s', async (_name, refused, message) => {
    redis.onCommand = (command) => {
      if (command === refused) throw new Error(message);
    };
    expect((await open()).failure?.message).toBe(message);
  });

  it('notices a server that connects and then hangs', async () => {
    redis.onCommand = () => NEVER;
    expect((await after(TIMEOUT_MS, open())).failure?.message).toBe('time-out');
  });

  it('signs in to sentinels that want it', async () => {
    redis.onConnect = () => {
      if (!redis.client.signsInToSentinels) throw new Error('NOAUTH Authentication required.');
    };
    expect((await open(SENTINELS)).failure).toBeUndefined();
    await jest.advanceTimersByTimeAsync(0);
    expect(redis.clients.map(({ signsInToSentinels }) => signsInToSentinels)).toEqual([false, true]);
    expect(redis.clients[0]?.destroyed).toBeGreaterThan(0);
  });

  it.each([
    ['a server that wants a password', SERVER, 'NOAUTH Authentication required.'],
    ['sentinels that fail', SENTINELS, 'ERR No such master with that name'],
  ])('asks %s once', async (_name, target, message) => {
    redis.onConnect = () => {
      throw new Error(message);
    };
    expect((await open(target)).failure?.message).toBe(message);
    expect(redis.clients).toHaveLength(1);
  });

  it('asks sentinels that work once', async () => {
    await open(SENTINELS);
    expect(redis.clients.map(({ signsInToSentinels }) => signsInToSentinels)).toEqual([false]);
  });
});

describe('a connection', () => {
  it('that is lost says so, and why', async () => {
    const connection = await open();
    redis.client.lose(new Error('Socket closed unexpectedly'));
    expect(lost).toEqual([connection]);
    expect(connection.isReady).toBe(false);
    expect(connection.reasonFor(new Error('The client is closed')).message).toBe(
      'Socket closed unexpectedly',
    );
    const failure = await connection.probe('probe', TIMEOUT_MS);
    expect(failure?.message).toBe('Socket closed unexpectedly');
  });

  it('is not lost because a ping is refused', async () => {
    const connection = await open();
    redis.client.emit('error', new Error('NOPERM no ping'));
    expect(lost).toEqual([]);
    const failure = new Error('OOM');
    expect(connection.reasonFor(failure)).toBe(failure);
  });

  it('that ends is not ready, whatever its client says', async () => {
    const connection = await open();
    const { client } = redis;
    connection.end();
    client.isReady = true;
    expect(connection.isReady).toBe(false);
  });

  it('that ends while it connects closes what opens meanwhile, once', async () => {
    let connected = (): void => undefined;
    redis.onConnect = () =>
      new Promise<void>((resolve) => {
        connected = resolve;
      });
    const opening = open();
    const connection = await after(2000, opening);
    connection.end();
    connection.end();
    await jest.advanceTimersByTimeAsync(0);
    expect(redis.client.destroyed).toBe(1);
    connected();
    await jest.advanceTimersByTimeAsync(0);
    expect([redis.client.destroyed, redis.client.isReady]).toEqual([2, false]);
  });

  it('ends although its client fails to close', async () => {
    const connection = await open();
    redis.client.destroy = () => {
      throw new Error('The client is closed');
    };
    connection.end();
    await jest.advanceTimersByTimeAsync(0);
    expect(connection.isReady).toBe(false);
  });
});
