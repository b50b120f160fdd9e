import { describe, expect, it, jest } from '@jest/globals';
import { Footprint } from './footprint.js';

describe('a footprint', () => {
  it('is measured once, and only when it is asked for', () => {
    const measure = jest.fn(() => 0);
    const footprint = new Footprint(measure);
    footprint.grow(5);
    expect(measure).not.toHaveBeenCalled();
    expect([footprint.bytes, footprint.bytes]).toEqual([5, 5]);
    expect(measure).toHaveBeenCalledTimes(1);
  });

  it('grows by what is made of the value, and says so', () => {
    const grown: number[] = [];
    const footprint = new Footprint(() => 100);
    footprint.onGrow = (bytes) => grown.push(bytes);
    footprint.grow(20);
    footprint.grow(3);
    expect(footprint.bytes).toBe(123);
    expect(grown).toEqual([20, 3]);
  });

  it('has no parts unless it is given some', () => {
    const part = new Footprint(() => 7);
    expect(new Footprint(() => 1).parts).toEqual([]);
    expect(new Footprint(() => 1, [part]).parts).toEqual([part]);
  });
});

describe('a branch', () => {
  it('adds to its trunk until it is cut, which gives its memory back', () => {
    const trunk = new Footprint(() => 100);
    const [branch, other] = [trunk.branch(), trunk.branch()];
    branch.grow(20);
    other.grow(3);
    expect([branch.bytes, trunk.bytes]).toEqual([20, 123]);
    branch.cut();
    branch.cut();
    expect(trunk.bytes).toBe(103);
    // A caller may still use it.
    branch.grow(4);
    expect([branch.bytes, trunk.bytes]).toEqual([24, 103]);
  });

  it('of a branch has the same trunk', () => {
    const trunk = new Footprint(() => 100);
    trunk.branch().branch().grow(5);
    expect(trunk.bytes).toBe(105);
  });
});
