import { describe, expect, it } from '@jest/globals';
import { tokenPrices } from './prices.js';

describe('tokenPrices', () => {
  it.each([
    [0, '0'],
    [0.4, '0.0000004'],
    [1.2, '0.0000012'],
    [0.1 + 0.2, '0.0000003'],
    [3, '0.000003'],
    [10, '0.00001'],
    [2_000, '0.002'],
    [999_999, '0.999999'],
    [1e-9, '0.000000000000001'],
  ])('makes of %d for a million tokens %s', (dollars, price) => {
    expect(tokenPrices({ prompt: dollars })).toEqual({ prompt: price });
  });

  it.each([[undefined], [null], ['0.4'], [-1], [NaN], [Infinity], [1e6], [[1]], [{}]])(
    'leaves out %p',
    (value) => {
      expect(tokenPrices({ prompt: value })).toBeUndefined();
      expect(tokenPrices({ prompt: value, completion: 1 })).toEqual({ completion: '0.000001' });
    },
  );
});
