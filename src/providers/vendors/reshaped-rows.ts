import { asRow } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import { tokenPrices } from '../http/prices.js';

/**
 * A row of Hugging Face's router with what holds whichever provider behind it serves a request: the smallest context,
 * the highest price for a million tokens, and the skills that no provider denies. Providers that fail do not count.
 * @see https://github.com/huggingface/hub-docs/blob/main/docs/inference-providers/hub-api.md
 */
export function routedRow(row: Row): Row {
  const { providers } = row;
  if (!Array.isArray(providers)) return row;
  const live = providers.map((each) => asRow(each) ?? {}).filter(({ status }) => status === 'live');
  const numbers = (read: (provider: Row) => unknown): number[] =>
    live.map(read).filter((each) => typeof each === 'number' && each >= 0) as number[];
  const contexts = numbers(({ context_length: length }) => length);
  const highest = (prices: readonly number[]): number | undefined =>
    prices.length === 0 ? undefined : Math.max(...prices);
  const isAgreed = (name: string): boolean => {
    const said = live.map((each) => each[name]).filter((each) => typeof each === 'boolean');
    return said.length > 0 && said.every(Boolean);
  };
  return {
    ...row,
    context_length: contexts.length === 0 ? undefined : Math.min(...contexts),
    supports_tools: isAgreed('supports_tools'),
    supports_structured_output: isAgreed('supports_structured_output'),
    pricing: tokenPrices({
      prompt: highest(numbers(({ pricing }) => asRow(pricing)?.['input'])),
      completion: highest(numbers(({ pricing }) => asRow(pricing)?.['output'])),
    }),
  };
}

/** A row of Vercel's AI Gateway with OpenRouter's names for its prices, which are text in USD for a token too. */
export function vercelRow(row: Row): Row {
  const prices = asRow(row['pricing']);
  if (prices === undefined) return row;
  const { input, output, input_cache_read, input_cache_write } = prices;
  return { ...row, pricing: { prompt: input, completion: output, input_cache_read, input_cache_write } };
}

/** A row of DeepInfra with its prices, numbers in USD for a million tokens. */
export function deepInfraRow(row: Row): Row {
  const prices = asRow(asRow(row['metadata'])?.['pricing']);
  if (prices === undefined) return row;
  const { input_tokens: prompt, output_tokens: completion, cache_read_tokens: input_cache_read } = prices;
  return { ...row, pricing: tokenPrices({ prompt, completion, input_cache_read }) };
}
