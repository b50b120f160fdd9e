import { describe, expect, it } from '@jest/globals';
import { compact, counted, day, duration, price } from './format.js';

describe('price', () => {
  it.each([
    ['prompt', '0.0000025', '$2.50'],
    ['prompt', '0.00000002', '$0.02'],
    ['prompt', '0.0000000375', '$0.0375'],
    ['completion', '0', 'free'],
    ['completion', '-1', 'varies'],
    ['request', '0.005', '$0.005'],
    ['image', '0.04', '$0.04'],
    ['prompt', 'a lot', 'a lot'],
  ])('of %s is %s: %s', (name, value, shown) => {
    expect(price(name, value)).toBe(shown);
  });
});

describe('numbers, days and durations', () => {
  it('are short', () => {
    expect([compact(8192), compact(131_072), compact(1_048_576)]).toEqual(['8.19K', '131K', '1.05M']);
    expect([counted(1, 'model'), counted(3000, 'model')]).toEqual(['1 model', '3,000 models']);
    expect([day(1_790_000_000), day(Number.MAX_SAFE_INTEGER)]).toEqual(['2026-09-21', undefined]);
    expect([duration(1), duration(720), duration(7200)]).toEqual(['1 second', '12 minutes', '2 hours']);
  });
});
