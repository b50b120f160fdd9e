import type { Pricing } from '../../catalogue/model-metadata.js';

/** Digits behind the point of a price for a million tokens: what follows is the noise of binary fractions. */
const DIGITS = 14;
/** The digits of a million. */
const SHIFT = 6;

/**
 * The prices of tokens as OpenRouter writes them: decimal text in USD.
 * @param dollars for a million tokens; what is no number that can be a price is left out
 * @returns undefined where there is no price
 */
export function tokenPrices(dollars: { readonly [K in keyof Pricing]: unknown }): Pricing | undefined {
  const prices = Object.entries(dollars).flatMap(([name, value]) =>
    typeof value === 'number' && value >= 0 && value < 1e6 ? [[name, tokenPrice(value)] as const] : [],
  );
  return prices.length === 0 ? undefined : Object.fromEntries(prices);
}

/** A millionth of a number as text; to divide the number would give an exponent, and more noise. */
function tokenPrice(dollars: number): string {
  const [whole = '', fraction = ''] = dollars.toFixed(DIGITS).split('.');
  const padded = whole.padStart(SHIFT + 1, '0');
  return `${padded.slice(0, -SHIFT)}.${padded.slice(-SHIFT)}${fraction}`.replace(/\.?0+$/, '');
}
