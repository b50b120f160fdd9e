import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ProviderHealth } from '../../providers/provider-health.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { ModelList } from '../model-list.js';
import type { Caller, ListResult } from './list-source.js';
import { SlowProviderGuard } from './slow-provider-guard.js';

/** A request for a list that goes on. */
interface Asked {
  readonly caller: Caller;
  readonly resolve: (result: ListResult) => void;
  readonly reject: (error: unknown) => void;
}

const RESULT: ListResult = { list: new ModelList([]), cacheResult: undefined };
const HEADERS = { authorization: 'Bearer sk-caller', traceparent: 'tp', tracestate: 'ts' };

let asked: Asked[];
let health: { isSlow: boolean; callerServed: jest.Mock; callerLost: jest.Mock<(ms: number) => void> };
let guard: SlowProviderGuard;
let hangUp: () => void;
let caller: Caller;
const onUpstream = jest.fn();

beforeEach(() => {
  jest.useFakeTimers();
  onUpstream.mockClear();
  asked = [];
  health = { isSlow: true, callerServed: jest.fn(), callerLost: jest.fn<(ms: number) => void>() };
  const list = (from: Caller): Promise<ListResult> =>
    new Promise((resolve, reject) => {
      asked.push({ caller: from, resolve, reject });
      // As the coalescer does.
      from.onHangUp(() => {
        reject(new UpstreamError('cancelled', 'Gone.'));
      });
    });
  guard = new SlowProviderGuard({ list }, health as unknown as ProviderHealth);
  caller = {
    headers: HEADERS,
    requestId: 'r-1',
    seeksModel: true,
    trace: {} as Caller['trace'],
    onUpstream,
    onHangUp: (leave) => {
      hangUp = leave;
    },
  };
});

afterEach(() => {
  jest.useRealTimers();
});

const at = (index: number): Asked => {
  const found = asked[index];
  if (found === undefined) throw new Error('it was not asked');
  return found;
};

describe('while a provider is not slow', () => {
  beforeEach(() => {
    health.isSlow = false;
  });

  it('a caller waits for it', async () => {
    const result = guard.list(caller);
    expect(asked.map((each) => each.caller)).toEqual([caller]);
    jest.advanceTimersByTime(5000);
    at(0).resolve(RESULT);
    expect(await result).toBe(RESULT);
    expect([health.callerServed.mock.calls.length, health.callerLost.mock.calls.length]).toEqual([1, 0]);
  });

  it('a caller that waits in vain is known, with the time', async () => {
    jest.advanceTimersByTime(100);
    const result = guard.list(caller);
    jest.advanceTimersByTime(1200);
    const error = new UpstreamError('timeout', 'No.');
    at(0).reject(error);
    await expect(result).rejects.toBe(error);
    expect(health.callerLost.mock.calls).toEqual([[1200]]);
    expect(health.callerServed).not.toHaveBeenCalled();
  });
});

describe('while a provider is slow', () => {
  it('a caller waits for half a second, and a probe for longer', async () => {
    const result = guard.list(caller);
    expect(asked).toHaveLength(2);
    const lost = expect(result).rejects.toMatchObject({
      failure: 'timeout',
      message: 'The provider kept earlier callers waiting and does not answer at once.',
    });
    jest.advanceTimersByTime(499);
    at(1).caller.onUpstream({ engine: 'orbit', status: 200, durationMs: 1 });
    expect(onUpstream).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1);
    await lost;
    expect(health.callerLost).not.toHaveBeenCalled();
    at(0).resolve(RESULT);
    await Promise.resolve();
    await Promise.resolve();
    expect(health.callerServed).toHaveBeenCalledTimes(1);
  });

  it('a caller gets a list that is there at once', async () => {
    const result = guard.list(caller);
    at(1).resolve(RESULT);
    expect(await result).toBe(RESULT);
    // That of the probe's caller is none.
    expect(jest.getTimerCount()).toBe(0);
    expect(at(1).caller).toMatchObject({
      headers: HEADERS,
      requestId: 'r-1',
      seeksModel: true,
      trace: caller.trace,
    });
  });

  it('another failure keeps its name', async () => {
    const result = guard.list(caller);
    const error = new UpstreamError('unreachable', 'No.');
    at(1).reject(error);
    await expect(result).rejects.toBe(error);
  });

  it('a caller may hang up before', async () => {
    const result = guard.list(caller);
    hangUp();
    await expect(result).rejects.toMatchObject({ failure: 'cancelled' });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('the probe has the credential of its caller, and nothing that belongs to its request', () => {
    guard.list(caller).catch(() => undefined);
    const probe = at(0).caller;
    expect(probe.headers).toEqual({ authorization: 'Bearer sk-caller' });
    expect(probe).toMatchObject({ seeksModel: false, trace: undefined });
    expect(probe.requestId).toMatch(/^[\da-f-]{36}$/);
    probe.onUpstream({ engine: 'orbit', status: 200, durationMs: 1 });
    expect(onUpstream).not.toHaveBeenCalled();
  });

  it.each([
    [
      'gives a list',
      (probe: Asked) => {
        probe.resolve(RESULT);
      },
    ],
    [
      'fails',
      (probe: Asked) => {
        probe.reject(new UpstreamError('timeout', 'No.'));
      },
    ],
  ])('there is one probe at a time, and another one after it %s', async (_how, end) => {
    const ask = (): void => void guard.list(caller).catch(() => undefined);
    ask();
    ask();
    // A probe and two callers.
    expect(asked).toHaveLength(3);
    end(at(0));
    await jest.advanceTimersByTimeAsync(0);
    ask();
    expect(asked).toHaveLength(5);
  });
});
