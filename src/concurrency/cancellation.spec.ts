import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { Cancellation, pause, unlessAborted } from './cancellation.js';
import type { CancellationSignal } from './cancellation.js';
import { Slots } from './slots.js';

const REASON = new Error('gone');
/** Whether a listener is left counts: the signal of a call outlives its parts. */
class Signal extends Cancellation {
  listening = 0;

  override addEventListener(type: 'abort', listener: () => void): void {
    super.addEventListener(type, listener);
    this.listening += 1;
  }

  override removeEventListener(type: 'abort', listener: () => void): void {
    super.removeEventListener(type, listener);
    this.listening -= 1;
  }
}

describe('Cancellation', () => {
  it('calls its listeners once, and has the first reason', () => {
    const cancellation = new Cancellation();
    const listener = jest.fn();
    cancellation.addEventListener('abort', listener);
    expect([cancellation.aborted, cancellation.reason]).toEqual([false, undefined]);
    cancellation.abort(REASON);
    cancellation.addEventListener('abort', listener);
    cancellation.abort(new Error('later'));
    expect(listener).toHaveBeenCalledTimes(1);
    expect([cancellation.aborted, cancellation.reason]).toEqual([true, REASON]);
  });

  it('calls no listener that has been removed', () => {
    const cancellation = new Cancellation();
    const [removed, staying] = [jest.fn(), jest.fn()];
    cancellation.addEventListener('abort', removed);
    cancellation.addEventListener('abort', staying);
    cancellation.removeEventListener('abort', removed);
    cancellation.abort(REASON);
    expect(removed).not.toHaveBeenCalled();
    expect(staying).toHaveBeenCalledTimes(1);
  });

  it('lets a listener remove itself', () => {
    const cancellation = new Cancellation();
    const later = jest.fn();
    const listener = (): void => {
      cancellation.removeEventListener('abort', listener);
    };
    cancellation.addEventListener('abort', listener);
    cancellation.addEventListener('abort', later);
    cancellation.abort(REASON);
    expect(later).toHaveBeenCalledTimes(1);
  });
});

describe('pause', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('waits for the whole time', async () => {
    const signal = new Signal();
    const ended = jest.fn();
    const pausing = pause(100, signal).then(ended);
    await jest.advanceTimersByTimeAsync(99);
    expect(ended).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await pausing;
    expect(ended).toHaveBeenCalledWith(true);
    expect(signal.listening).toBe(0);
  });

  it('ends early when the signal is aborted', async () => {
    const signal = new Signal();
    const pausing = pause(100, signal);
    signal.abort(REASON);
    expect(await pausing).toBe(false);
    expect([jest.getTimerCount(), signal.listening]).toEqual([0, 0]);
  });

  it('does not wait for a signal that is aborted already', async () => {
    const signal = new Cancellation();
    signal.abort(REASON);
    expect(await pause(100, signal)).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('unlessAborted', () => {
  it('gives the result of the work, and what it throws', async () => {
    const signal = new Signal();
    expect(await unlessAborted(Promise.resolve('list'), signal)).toBe('list');
    await expect(unlessAborted(Promise.reject(REASON), signal)).rejects.toBe(REASON);
    expect(signal.listening).toBe(0);
  });

  it('gives undefined as a result', async () => {
    const nothing: Promise<string | undefined> = Promise.resolve(undefined);
    expect(await unlessAborted(nothing, new Cancellation())).toBeUndefined();
  });

  it('throws the reason as soon as the signal is aborted', async () => {
    const signal = new Signal();
    const waiting = unlessAborted(new Promise(() => undefined), signal);
    signal.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
    expect(signal.listening).toBe(0);
  });

  it('throws the reason of a signal that is aborted already', async () => {
    const signal = new Cancellation();
    signal.abort(REASON);
    await expect(unlessAborted(new Promise(() => undefined), signal)).rejects.toBe(REASON);
  });
});

it.each<[string, (signal: CancellationSignal) => unknown, unknown]>([
  ['a pause', (signal) => pause(60_000, signal), false],
  ['work', (signal) => unlessAborted(new Promise(() => undefined), signal), REASON],
  ['a place', (signal) => new Slots(0).take(signal), REASON],
])('a platform signal ends the wait for %s, too', async (_name, wait, result) => {
  const controller = new AbortController();
  const { signal } = controller;
  const ended = Promise.resolve(wait(signal)).catch((reason: unknown) => reason);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  controller.abort(REASON);
  expect(await ended).toBe(result);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
