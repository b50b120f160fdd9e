import { priceOf } from './model.js';
import type { Model } from './model.js';

/** What a person wants to see. */
export interface Filter {
  /** Words that all have to occur. */
  readonly search: string;
  /** Any of these providers; empty for all. */
  readonly engines: ReadonlySet<string>;
  /** All of these capabilities. */
  readonly capabilities: ReadonlySet<string>;
  /** Empty for all. */
  readonly owner: string;
  readonly order: Order;
}

export type Order = keyof typeof ORDERS;

type Compare = (a: Model, b: Model) => number;

const byId = new Intl.Collator('en', { numeric: true });

/** Unknown values come last. */
const ORDERS = {
  listed: undefined,
  name: (a, b) => byId.compare(a.id, b.id),
  newest: descending(({ created }) => created),
  context: descending(({ context }) => context),
  price: (a, b) => inputPrice(a) - inputPrice(b),
} satisfies Record<string, Compare | undefined>;

export const NO_FILTER: Filter = {
  search: '',
  engines: new Set(),
  capabilities: new Set(),
  owner: '',
  order: 'listed',
};

/** Whether a text is an order of models. */
export function isOrder(value: string): value is Order {
  return Object.hasOwn(ORDERS, value);
}

/** Whether a filter leaves models out. */
export function isSelective({ search, engines, capabilities, owner }: Filter): boolean {
  return search.trim() !== '' || engines.size + capabilities.size > 0 || owner !== '';
}

/** The words of a search. */
export function wordsOf(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The models that a person wants to see, in the order wanted. */
export function apply(models: readonly Model[], filter: Filter): readonly Model[] {
  const { search, engines, capabilities, owner, order } = filter;
  const words = wordsOf(search);
  const wanted = models.filter(
    (model) =>
      words.every((word) => model.searched.includes(word)) &&
      (engines.size === 0 || (model.engine !== undefined && engines.has(model.engine))) &&
      [...capabilities].every((each) => model.capabilities.includes(each)) &&
      (owner === '' || model.owner === owner),
  );
  const compare: Compare | undefined = ORDERS[order];
  return compare === undefined ? wanted : wanted.sort(compare);
}

/** The values of models and how many models have each, the most frequent first. */
export function countsOf(
  models: readonly Model[],
  valuesOf: (model: Model) => readonly string[],
): (readonly [value: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const model of models) {
    for (const value of new Set(valuesOf(model))) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || byId.compare(a, b));
}

function descending(valueOf: (model: Model) => number | undefined): Compare {
  return (a, b) => (valueOf(b) ?? 0) - (valueOf(a) ?? 0);
}

/** OpenRouter's -1 is a price that depends on the request. */
function inputPrice(model: Model): number {
  const price = Number(priceOf(model, 'prompt'));
  return price >= 0 ? price : Number.MAX_VALUE;
}
