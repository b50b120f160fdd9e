import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeRedis, NEVER } from '../../test/support/fake-redis.js';
import { logged } from '../../test/support/logged.js';
import { targetAt } from '../../test/support/redis-target.js';
import { RedisReconnector } from './redis-reconnector.js';

const TIMEOUT_MS = 300;
const REFUSED = new Error('connect ECONNREFUSED');
const LAST_ONES_STAY = 'warn: The new settings of Redis do not work, the last ones stay in use: ';
const NEW_ONES_WORK = 'log: The new settings of Redis work and are in use';

let a: FakeRedis;
let b: FakeRedis;
let failures: string[];
let lines: string[];
let reconnector: RedisReconnector;

beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(Math, 'random').mockReturnValue(1);
  [a, b, failures, lines] = [new FakeRedis(), new FakeRedis(), [], logged()];
});

afterEach(() => {
  reconnector.end();
  jest.useRealTimers();
  jest.restoreAllMocks();
});

async function start(): Promise<void> {
  reconnector = new RedisReconnector(targetAt('a'), {
    probeKey: 'probe',
    timeoutMs: TIMEOUT_MS,
    createClient: FakeRedis.clientOf({ a, b }),
    onFailure: ({ message }) => failures.push(message),
  });
  await passing(0);
}

function passing(milliseconds: number): Promise<void> {
  return jest.advanceTimersByTimeAsync(milliseconds);
}

function fail(redis: FakeRedis, error = REFUSED): void {
  redis.onConnect = () => {
    throw error;
  };
}

function mend(redis: FakeRedis): void {
  redis.onConnect = () => undefined;
}

/** When the next clients are created, in ms from now. */
async function attempts(redis: FakeRedis, count: number): Promise<number[]> {
  const [begun, before] = [performance.now(), redis.clients.length];
  const times: number[] = [];
  for (let timers = 0; times.length < count && timers < 10 * count; timers += 1) {
    await jest.advanceTimersToNextTimerAsync();
    if (redis.clients.length > before + times.length) times.push(performance.now() - begun);
  }
  return times;
}

/** Lets the first server connect as soon as the returned function is called. */
function connectsLater(): () => void {
  let connected = (): void => undefined;
  a.onConnect = () =>
    new Promise<void>((resolve) => {
      connected = resolve;
    });
  return () => {
    connected();
  };
}

describe('a server that works', () => {
  it('is connected to at once', async () => {
    const connected = connectsLater();
    await start();
    expect(() => reconnector.client).toThrow('not connected');
    expect([reconnector.connection, reconnector.isRecovering]).toEqual([undefined, true]);
    connected();
    await reconnector.attempted();
    await passing(0);
    expect(reconnector.client).toBe(a.client);
    expect(reconnector.isRecovering).toBe(false);
    expect([failures, lines, jest.getTimerCount()]).toEqual([[], [], 0]);
  });

  it('keeps its connection when an operation has failed', async () => {
    await start();
    reconnector.reconnect();
    expect(reconnector.isRecovering).toBe(true);
    await passing(250);
    expect([a.clients.length, reconnector.isRecovering]).toEqual([1, false]);
  });

  it('gets another connection when the present one does not work any more, which serves until then', async () => {
    await start();
    const first = a.client;
    a.onCommand = () => {
      if (a.client === first) throw new Error('READONLY You can not write');
    };
    reconnector.reconnect();
    reconnector.reconnect();
    await passing(249);
    expect([a.clients.length, reconnector.client === first]).toEqual([1, true]);
    await passing(1);
    expect([a.clients.length, reconnector.client === a.client]).toEqual([2, true]);
    // An operation on the first one may be under way.
    await passing(TIMEOUT_MS - 1);
    expect(first.destroyed).toBe(0);
    await passing(1);
    expect(first.destroyed).toBeGreaterThan(0);
    expect([failures, lines]).toEqual([[], []]);
  });

  it('is connected to again when the connection is lost, and not when an old one is', async () => {
    await start();
    await passing(1000);
    const first = a.client;
    first.lose(new Error('Socket closed unexpectedly'));
    expect(reconnector.reasonFor(new Error('closed')).message).toBe('Socket closed unexpectedly');
    await passing(0);
    expect([a.clients.length, reconnector.client === a.client]).toEqual([2, true]);
    first.lose(new Error('Socket closed unexpectedly'));
    await passing(10_000);
    expect(a.clients).toHaveLength(2);
  });
});

describe('a server that does not work', () => {
  it.each([
    ['longest', 1, [250, 750, 1750, 2750, 3750]],
    ['shortest', 0, [125, 375, 875, 1375, 1875]],
  ])('is tried after growing pauses, at most a second, with the %s jitter', async (_name, random, times) => {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    fail(a);
    await start();
    await expect(reconnector.attempted()).rejects.toBe(REFUSED);
    expect(reconnector.isRecovering).toBe(true);
    expect(await attempts(a, times.length)).toEqual(times);
    expect(failures).toEqual(Array(times.length + 1).fill(REFUSED.message));
    expect(a.clients.every(({ destroyed }) => destroyed > 0)).toBe(true);
    mend(a);
    await attempts(a, 1);
    expect([reconnector.client === a.client, reconnector.isRecovering]).toEqual([true, false]);
    expect(lines).toEqual([]);
  });

  it('is no reason for an operation’s failure but its own', async () => {
    fail(a);
    await start();
    const failure = new Error('not connected');
    expect(reconnector.reasonFor(failure)).toBe(failure);
  });

  it('is tried at once with new settings', async () => {
    fail(a);
    await start();
    reconnector.moveTo(targetAt('b'));
    await passing(0);
    expect(reconnector.client).toBe(b.client);
    await passing(10_000);
    expect([a.clients.length, lines]).toEqual([1, []]);
  });

  it('is forgotten when it answers after the settings have changed', async () => {
    let refuse = (): void => undefined;
    a.onConnect = () =>
      new Promise<void>((_resolve, reject) => {
        refuse = () => {
          reject(REFUSED);
        };
      });
    await start();
    reconnector.moveTo(targetAt('b'));
    refuse();
    await passing(0);
    expect(reconnector.client).toBe(b.client);
    expect([failures, a.client.destroyed > 0]).toEqual([[], true]);
  });
});

describe('new settings', () => {
  it('that work replace the last ones', async () => {
    await start();
    await passing(1000);
    reconnector.moveTo(targetAt('b'));
    await passing(0);
    expect(reconnector.client).toBe(b.client);
    await passing(TIMEOUT_MS);
    expect([a.client.destroyed > 0, b.client.destroyed]).toEqual([true, 0]);
    expect([failures, lines]).toEqual([[], []]);
  });

  it('that do not work are tried until they do, while the last ones serve', async () => {
    await start();
    await passing(1000);
    fail(b);
    reconnector.moveTo(targetAt('b'));
    const times = [250, 750, 1750, 3750, 7750, 15_750, 31_750, 61_750, 91_750];
    expect(await attempts(b, times.length)).toEqual(times);
    expect([reconnector.client === a.client, reconnector.isRecovering]).toEqual([true, false]);
    expect([failures, lines]).toEqual([[], [LAST_ONES_STAY + REFUSED.message]]);
    mend(b);
    await attempts(b, 1);
    expect([reconnector.client === b.client, reconnector.isRecovering]).toEqual([true, false]);
    expect([failures, lines]).toEqual([[], [LAST_ONES_STAY + REFUSED.message, NEW_ONES_WORK]]);
    await passing(TIMEOUT_MS);
    expect(a.client.destroyed).toBeGreaterThan(0);
  });

  it('are tried sooner when the last ones fail', async () => {
    await start();
    fail(b);
    reconnector.moveTo(targetAt('b'));
    await attempts(b, 6);
    mend(b);
    a.client.lose(new Error('Socket closed unexpectedly'));
    await passing(0);
    expect(reconnector.client).toBe(b.client);
  });

  it('that fail together with the last ones are a failure', async () => {
    await start();
    await passing(1000);
    a.onCommand = () => NEVER;
    fail(b);
    reconnector.moveTo(targetAt('b'));
    await passing(TIMEOUT_MS - 1);
    expect([failures, reconnector.isRecovering]).toEqual([[], true]);
    await passing(1);
    expect([failures, reconnector.isRecovering]).toEqual([[REFUSED.message], true]);
    expect(lines).toEqual([]);
  });

  it('that are the last ones again are found to work', async () => {
    await start();
    const target = reconnector.connection?.target;
    await passing(1000);
    fail(b);
    reconnector.moveTo(targetAt('b'));
    await passing(0);
    if (target !== undefined) reconnector.moveTo(target);
    await passing(10_000);
    expect([a.clients.length, b.clients.length, reconnector.isRecovering]).toEqual([1, 1, false]);
  });
});

describe('the end', () => {
  it('closes the present connection and the replaced one, for good', async () => {
    await start();
    await passing(1000);
    reconnector.moveTo(targetAt('b'));
    await passing(0);
    reconnector.end();
    await passing(0);
    expect([a.client.destroyed > 0, b.client.destroyed > 0]).toEqual([true, true]);
    reconnector.reconnect();
    await passing(10_000);
    expect([a.clients.length, b.clients.length]).toEqual([1, 1]);
  });

  it.each([
    ['while a server is tried', NEVER],
    ['between two attempts', Promise.reject(REFUSED)],
  ])('%s ends that', async (_name, connecting) => {
    connecting.catch(() => undefined);
    a.onConnect = () => connecting;
    await start();
    reconnector.end();
    await passing(10_000);
    expect([a.clients.length, a.client.destroyed > 0]).toEqual([1, true]);
    expect([failures.length < 2, jest.getTimerCount()]).toEqual([true, 0]);
  });

  it('closes what connects later', async () => {
    const connected = connectsLater();
    await start();
    reconnector.end();
    connected();
    await passing(0);
    expect([a.client.isReady, reconnector.connection]).toEqual([false, undefined]);
  });

  it('before a pause that follows a lost connection keeps it from being opened again', async () => {
    await start();
    a.client.lose(new Error('Socket closed unexpectedly'));
    await passing(100);
    reconnector.end();
    await passing(10_000);
    expect(a.clients).toHaveLength(1);
  });
});
