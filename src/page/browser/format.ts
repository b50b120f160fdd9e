const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const WHOLE = new Intl.NumberFormat('en');
/** Cents, and what is less than that. */
const USD = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 8,
});
const TOKENS_OF_A_PRICE = 1e6;
/** What is not priced by the token. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['request', 'a request'],
  ['image', 'an image'],
  ['web_search', 'a search'],
]);

/** `131K` */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** `131,072` */
export function whole(value: number): string {
  return WHOLE.format(value);
}

/** `1 model`, `2 models` */
export function counted(value: number, noun: string): string {
  return `${whole(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A word of a vocabulary as people write it. */
export function words(word: string): string {
  return word.replaceAll('_', ' ');
}

/** What the price of a thing is for. */
export function unitOf(name: string): string {
  return UNITS.get(name) ?? '1M tokens';
}

/** A price in USD, for a million where it is one of tokens. */
export function price(name: string, perUnit: string): string {
  const value = Number(perUnit) * (UNITS.has(name) ? 1 : TOKENS_OF_A_PRICE);
  if (!Number.isFinite(value)) return perUnit;
  if (value < 0) return 'varies';
  if (value === 0) return 'free';
  return USD.format(value);
}

/** The day in UTC; undefined for a date beyond all calendars. */
export function day(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 10);
}

/** `2 minutes` */
export function duration(seconds: number): string {
  if (seconds < 90) return counted(Math.max(0, Math.round(seconds)), 'second');
  if (seconds < 5400) return counted(Math.round(seconds / 60), 'minute');
  return counted(Math.round(seconds / 3600), 'hour');
}
