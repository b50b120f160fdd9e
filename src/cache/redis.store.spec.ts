import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeRedis, NEVER } from '../../test/support/fake-redis.js';
import { logged } from '../../test/support/logged.js';
import { targetAt } from '../../test/support/redis-target.js';
import { loadRedis } from './redis-client.js';
import { RedisStore } from './redis.store.js';
import type { Lease } from './shared-store.js';

const TIMEOUT_MS = 300;
const LIFETIME_MS = 60_000;
const HOLD_MS = 1500;
const COOLDOWN_MS = 1000;
const ENTRY = { value: 'list "1"', storedAt: 1_800_000_000_000.5 };
const NAME = 'models-gateway:v4:{a}';
const LEASE_NAME = 'models-gateway:v4:lease:{a}';
const WORKS = 'log: Redis works again, lists are shared between replicas';

let redis: FakeRedis;
let other: FakeRedis;
let store: RedisStore<string>;
let lines: string[];

beforeAll(loadRedis);

beforeEach(async () => {
  jest.useFakeTimers();
  [redis, other, lines] = [new FakeRedis(), new FakeRedis(), logged()];
  store = await connect();
});

afterEach(() => {
  store.onApplicationShutdown();
  jest.useRealTimers();
});

function failing(reason: string): string {
  return `warn: Redis does not work, lists are not shared between replicas: ${reason}`;
}

function connect(): Promise<RedisStore<string>> {
  const codec = {
    encode: (value: string) => (value === 'private' ? undefined : `<${value}>`),
    decode: (text: string) => {
      if (!text.startsWith('<')) throw new Error('no list');
      return text.slice(1, -1);
    },
  };
  return RedisStore.connect(targetAt('a'), codec, {
    timeoutMs: TIMEOUT_MS,
    lifetimeMs: LIFETIME_MS,
    createClient: FakeRedis.clientOf({ a: redis, b: other }),
  });
}

function passing(milliseconds: number): Promise<void> {
  return jest.advanceTimersByTimeAsync(milliseconds);
}

/** Refuses each command that begins so, from now on. */
function refuse(message: string, commands = ''): void {
  redis.onCommand = (command) => {
    if (command.startsWith(commands)) throw new Error(message);
  };
}

function mend(): void {
  redis.onCommand = () => undefined;
}

function keep(key: string, value: string, lifetimeMs = LIFETIME_MS): void {
  redis.values.set(key, { value, until: performance.now() + lifetimeMs });
}

describe('an entry', () => {
  it('is kept for its lifetime', async () => {
    await store.set('a', ENTRY);
    expect([...redis.values.keys()]).toContain(NAME);
    expect([await store.get('a'), await store.get('b')]).toEqual([ENTRY, undefined]);
    await passing(LIFETIME_MS - 1);
    expect(await store.get('a')).toEqual(ENTRY);
    await passing(1);
    expect(await store.get('a')).toBeUndefined();
    expect([store.isUp, lines]).toEqual([true, []]);
  });

  it('is deleted', async () => {
    await store.set('a', ENTRY);
    expect(await store.delete('a')).toBe(true);
    expect(await store.get('a')).toBeUndefined();
    expect(redis.commands.at(-2)).toBe(`unlink ${NAME}`);
  });

  it('that replicas do not share is not written', async () => {
    await store.set('a', { ...ENTRY, value: 'private' });
    expect(redis.commands).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['another JSON', 'null'],
    ['no time', JSON.stringify({ storedAt: '1', value: '<list>' })],
    ['no value', JSON.stringify({ storedAt: 1 })],
    ['a value that is no list', JSON.stringify({ storedAt: 1, value: 'list' })],
  ])('with %s is as none', async (_name, text) => {
    keep(NAME, text);
    expect(await store.get('a')).toBeUndefined();
    expect([store.isUp, lines]).toEqual([true, []]);
  });

  it('of another program is no failure of the server', async () => {
    refuse('WRONGTYPE Operation against a key holding the wrong kind of value', 'get');
    expect(await store.get('a')).toBeUndefined();
    expect([store.isUp, lines]).toEqual([true, []]);
  });
});

describe('a failing server', () => {
  it('is logged once, and not asked for a second', async () => {
    refuse('OOM secret');
    await store.set('a', ENTRY);
    expect([store.isUp, lines]).toEqual([false, [failing('OOM')]]);
    mend();
    keep(NAME, JSON.stringify({ storedAt: 1, value: '<theirs>' }));
    const asked = redis.commands.length;
    await passing(COOLDOWN_MS - 1);
    expect([await store.get('a'), await store.lease('a', HOLD_MS)]).toEqual([undefined, undefined]);
    expect(redis.commands).toHaveLength(asked);
    await passing(1);
    expect(await store.get('a')).toEqual({ storedAt: 1, value: 'theirs' });
  });

  it('is logged as one that works once it can be written to', async () => {
    refuse('OOM', 'set');
    await store.set('a', ENTRY);
    await passing(COOLDOWN_MS);
    await store.get('a');
    await store.delete('a');
    expect(store.isUp).toBe(false);
    await store.set('a', ENTRY);
    await passing(COOLDOWN_MS);
    mend();
    // The connection is tried again, too.
    await passing(COOLDOWN_MS);
    await store.set('a', ENTRY);
    await store.set('a', ENTRY);
    expect([store.isUp, lines]).toEqual([true, [failing('OOM'), WORKS]]);
    refuse('OOM');
    await store.get('a');
    expect(lines).toEqual([failing('OOM'), WORKS, failing('OOM')]);
  });

  it.each<[string, unknown, (failed: RedisStore<string>) => Promise<unknown>]>([
    ['get', undefined, (failed) => failed.get('a')],
    ['set', undefined, (failed) => failed.set('a', ENTRY)],
    ['delete', false, (failed) => failed.delete('a')],
    ['lease', undefined, (failed) => failed.lease('a', HOLD_MS)],
  ])('that hangs holds up %s for the time-out only', async (_name, result, operation) => {
    redis.onCommand = () => NEVER;
    let settled = false;
    const waiting = operation(store).finally(() => {
      settled = true;
    });
    await passing(TIMEOUT_MS - 1);
    expect(settled).toBe(false);
    await passing(1);
    expect(await waiting).toBe(result);
    expect(lines).toEqual([failing('time-out')]);
  });

  it('that refuses the user is logged although another failure has been', async () => {
    refuse('OOM');
    await store.get('a');
    for (const message of ['WRONGPASS secret', 'OOM', 'NOAUTH secret']) {
      await passing(COOLDOWN_MS);
      refuse(message);
      await store.get('a');
    }
    expect(lines).toEqual([failing('OOM'), failing('WRONGPASS')]);
  });

  it('does not work again by an operation that began before the failure', async () => {
    let answer = (): void => undefined;
    redis.onCommand = () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      });
    const slow = store.set('a', ENTRY);
    const late = answer;
    refuse('OOM');
    await store.get('b');
    late();
    await slow;
    expect([store.isUp, lines]).toEqual([false, [failing('OOM')]]);
  });

  it('does not work again before its connection does', async () => {
    await passing(COOLDOWN_MS);
    refuse('OOM', 'set');
    await store.set('a', ENTRY);
    redis.onConnect = () => NEVER;
    redis.onCommand = (command) => {
      if (command.startsWith('ping')) throw new Error('CLUSTERDOWN');
    };
    await passing(COOLDOWN_MS);
    await store.set('a', ENTRY);
    expect([store.isUp, redis.valueOf(NAME) !== null]).toEqual([false, true]);
  });

  it('is not found out by an operation on a connection that has been replaced', async () => {
    await passing(COOLDOWN_MS);
    redis.onCommand = () => NEVER;
    const old = store.get('a');
    store.moveTo(targetAt('b'));
    await passing(TIMEOUT_MS);
    expect(await old).toBeUndefined();
    expect([store.isUp, lines]).toEqual([true, []]);
    await store.set('a', ENTRY);
    expect(other.valueOf(NAME)).not.toBeNull();
  });
});

it('logs new settings that fail together with the last ones', async () => {
  other.onConnect = () => {
    throw new Error('connect ECONNREFUSED');
  };
  refuse('READONLY You can not write');
  await passing(COOLDOWN_MS);
  store.moveTo(targetAt('b'));
  await passing(0);
  expect([store.isUp, lines]).toEqual([false, [failing('connect ECONNREFUSED')]]);
});

describe('connecting', () => {
  beforeEach(() => {
    store.onApplicationShutdown();
  });

  it('to a server that refuses is logged, and tried again', async () => {
    redis.onConnect = () => {
      throw new Error('connect ECONNREFUSED');
    };
    store = await connect();
    expect([store.isUp, lines]).toEqual([false, [failing('connect ECONNREFUSED')]]);
    redis.onConnect = () => undefined;
    await passing(2 * COOLDOWN_MS);
    await store.set('a', ENTRY);
    expect([store.isUp, lines.at(-1)]).toEqual([true, WORKS]);
  });

  it('takes no longer than an operation, and goes on in the background', async () => {
    let connected = (): void => undefined;
    redis.onConnect = () =>
      new Promise<void>((resolve) => {
        connected = resolve;
      });
    let settled = false;
    const connecting = connect().finally(() => {
      settled = true;
    });
    await passing(TIMEOUT_MS - 1);
    expect(settled).toBe(false);
    await passing(1);
    store = await connecting;
    expect([store.isUp, lines]).toEqual([false, [failing('time-out')]]);
    connected();
    await passing(COOLDOWN_MS);
    await store.set('a', ENTRY);
    expect([store.isUp, lines]).toEqual([true, [failing('time-out'), WORKS]]);
  });
});

describe('a lease', () => {
  it('is granted to one holder at a time', async () => {
    const lease = (await store.lease('a', HOLD_MS)) as Lease;
    expect(redis.valueOf(LEASE_NAME)).not.toBeNull();
    expect(await store.lease('a', HOLD_MS)).toBe('held');
    expect(await store.lease('b', HOLD_MS)).toEqual({ release: expect.any(Function) });
    await lease.release();
    expect(redis.valueOf(LEASE_NAME)).toBeNull();
    expect(await store.lease('a', HOLD_MS)).toEqual({ release: expect.any(Function) });
  });

  it('is renewed three times in its lifetime, until it is released', async () => {
    const lease = (await store.lease('a', HOLD_MS)) as Lease;
    const renewals = (): number => redis.commands.filter((each) => each === `pexpire ${LEASE_NAME}`).length;
    await passing(HOLD_MS / 3 - 1);
    expect(renewals()).toBe(0);
    await passing(1);
    expect(renewals()).toBe(1);
    await passing(9 * HOLD_MS);
    expect(renewals()).toBe(28);
    expect(await store.lease('a', HOLD_MS)).toBe('held');
    await lease.release();
    await passing(HOLD_MS);
    expect([renewals(), jest.getTimerCount()]).toEqual([28, 0]);
  });

  it('that another replica has got meanwhile is neither renewed nor released', async () => {
    const lease = (await store.lease('a', HOLD_MS)) as Lease;
    keep(LEASE_NAME, 'other', HOLD_MS);
    await passing(HOLD_MS / 3);
    await lease.release();
    expect(redis.valueOf(LEASE_NAME)).toBe('other');
    await passing((2 * HOLD_MS) / 3);
    expect(redis.valueOf(LEASE_NAME)).toBeNull();
  });

  it.each([
    ['as long', HOLD_MS, 'held'],
    ['longer', HOLD_MS + 1, undefined],
    ['for ever', Infinity, undefined],
  ])('of which the key lives %s is that of a replica or none', async (_name, lifetimeMs, expected) => {
    keep(LEASE_NAME, 'other', lifetimeMs);
    expect(await store.lease('a', HOLD_MS)).toBe(expected);
    expect([store.isUp, jest.getTimerCount()]).toEqual([true, 0]);
  });

  it('whose holder has just lost it is not held', async () => {
    keep(LEASE_NAME, 'other', HOLD_MS);
    redis.onCommand = async (command) => {
      if (!command.startsWith('pTTL')) return;
      await passing(0);
      redis.values.delete(LEASE_NAME);
    };
    expect(await store.lease('a', HOLD_MS)).toBeUndefined();
  });

  it('that is granted too late is given back', async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    redis.onCommand = () => answered;
    const waiting = store.lease('a', HOLD_MS);
    await passing(TIMEOUT_MS);
    expect(await waiting).toBeUndefined();
    answer();
    await passing(0);
    expect(redis.commands).toContain(`del ${LEASE_NAME}`);
    expect(redis.valueOf(LEASE_NAME)).toBeNull();
  });

  it('is released without an error when the server fails, and during the cooldown, too', async () => {
    const lease = (await store.lease('a', HOLD_MS)) as Lease;
    refuse('READONLY You can not write');
    await store.get('a');
    await lease.release();
    expect(redis.commands.at(-1)).toBe(`del ${LEASE_NAME}`);
    expect(lines).toEqual([failing('READONLY')]);
  });
});

it('asks nothing after the shutdown', async () => {
  store.onApplicationShutdown();
  await store.set('a', ENTRY);
  await passing(COOLDOWN_MS);
  expect([redis.commands, redis.client.destroyed > 0, lines]).toEqual([[], true, []]);
});
