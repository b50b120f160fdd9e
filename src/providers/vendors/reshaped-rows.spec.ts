import { describe, expect, it } from '@jest/globals';
import { deepInfraRow, routedRow, vercelRow } from './reshaped-rows.js';

describe('routedRow', () => {
  const one = {
    status: 'live',
    context_length: 8192,
    supports_tools: true,
    supports_structured_output: false,
    pricing: { input: 1, output: 2 },
  };
  const other = {
    status: 'live',
    context_length: 4096,
    supports_tools: true,
    supports_structured_output: true,
    pricing: { input: 3, output: 0.5 },
  };

  it('has what holds with every provider behind the router', () => {
    expect(routedRow({ id: 'a', providers: [one, other] })).toEqual({
      id: 'a',
      providers: [one, other],
      context_length: 4096,
      supports_tools: true,
      supports_structured_output: false,
      pricing: { prompt: '0.000003', completion: '0.000002' },
    });
  });

  it('does not count providers that fail, and no row that is none', () => {
    const row = routedRow({ providers: [other, { ...one, status: 'error', context_length: 1 }, null, 'x'] });
    expect(row).toMatchObject({ context_length: 4096, supports_structured_output: true });
  });

  it('takes a skill as given where one provider confirms it and none denies it', () => {
    const providers = [other, { status: 'live', supports_tools: null }];
    expect(routedRow({ providers })).toMatchObject({ context_length: 4096, supports_tools: true });
  });

  it.each([
    ['no provider', []],
    ['no provider that works', [{ ...one, status: 'staging' }]],
    ['a provider that says nothing', [{ status: 'live', context_length: '8192', pricing: { input: '1' } }]],
    ['negative numbers', [{ status: 'live', context_length: -1, pricing: { input: -1, output: -1 } }]],
  ])('has nothing of %s', (_name, providers) => {
    expect(routedRow({ context_length: 7, providers })).toEqual({
      providers,
      context_length: undefined,
      supports_tools: false,
      supports_structured_output: false,
      pricing: undefined,
    });
  });

  it('knows a provider that is free', () => {
    const providers = [{ status: 'live', context_length: 0, pricing: { input: 0, output: 0 } }];
    expect(routedRow({ providers })).toMatchObject({
      context_length: 0,
      pricing: { prompt: '0', completion: '0' },
    });
  });

  it('leaves a row without providers as it is', () => {
    const row = { id: 'a', providers: 'x' };
    expect(routedRow(row)).toBe(row);
  });
});

describe('vercelRow', () => {
  it('has the prices under the names of OpenRouter', () => {
    const pricing = { input: '1', output: '2', input_cache_read: '3', input_cache_write: '4', other: '5' };
    expect(vercelRow({ id: 'a', pricing })).toEqual({
      id: 'a',
      pricing: { prompt: '1', completion: '2', input_cache_read: '3', input_cache_write: '4' },
    });
  });

  it.each([{ id: 'a' }, { id: 'a', pricing: null }])('leaves %j as it is', (row) => {
    expect(vercelRow(row)).toBe(row);
  });
});

describe('deepInfraRow', () => {
  it('has the prices for a million tokens as prices for a token', () => {
    const metadata = { pricing: { input_tokens: 1, output_tokens: 2, cache_read_tokens: 0.5, other: 1 } };
    expect(deepInfraRow({ id: 'a', metadata })).toEqual({
      id: 'a',
      metadata,
      pricing: { prompt: '0.000001', completion: '0.000002', input_cache_read: '0.0000005' },
    });
  });

  it.each([{ id: 'a' }, { id: 'a', metadata: null }, { id: 'a', metadata: { pricing: 'free' } }])(
    'leaves %j as it is',
    (row) => {
      expect(deepInfraRow(row)).toBe(row);
    },
  );
});
