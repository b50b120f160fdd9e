import { describe, expect, it } from '@jest/globals';
import { Cancellation } from './cancellation.js';
import { Slots } from './slots.js';

describe('Slots', () => {
  it('are taken at once while some are free, and then in the order of those that wait', async () => {
    const slots = new Slots(2);
    const signal = new Cancellation();
    expect([slots.take(signal), slots.take(signal)]).toEqual([undefined, undefined]);
    expect(slots.isFull).toBe(true);
    const order: number[] = [];
    const waiting = [1, 2].map(async (number) => {
      await slots.take(signal);
      order.push(number);
    });
    expect(slots.waiting).toBe(2);
    slots.free();
    await waiting[0];
    expect(order).toEqual([1]);
    slots.free();
    await waiting[1];
    expect([order, slots.waiting, slots.isFull]).toEqual([[1, 2], 0, true]);
    slots.free();
    expect(slots.isFull).toBe(false);
  });

  it('pass over those that have left', async () => {
    const slots = new Slots(1);
    const gone = new Cancellation();
    const signal = new Cancellation();
    expect(slots.take(signal)).toBeUndefined();
    const leaving = slots.take(gone);
    const staying = slots.take(signal);
    gone.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    await expect(slots.take(gone)).rejects.toThrow('gone');
    expect(slots.waiting).toBe(1);
    slots.free();
    await staying;
    slots.free();
    expect(slots.isFull).toBe(false);
  });
});
