import { describe, expect, it } from '@jest/globals';
import { catalogueOf, folderOf, readKey } from './client.js';

describe('readKey', () => {
  it.each([
    ['sk-1', 'sk-1'],
    ['  sk-1\n', 'sk-1'],
    ['Bearer sk-1', 'sk-1'],
    ['bearer  sk-1', 'sk-1'],
    ['', ''],
    ['two words', undefined],
    ['schlüssel', undefined],
    ['a\nb', undefined],
  ])('reads %j as %j', (entered, key) => {
    expect(readKey(entered)).toBe(key);
  });
});

describe('folderOf', () => {
  it.each([
    ['http://host/', 'http://host/v1/models'],
    ['http://host', 'http://host/v1/models'],
    ['https://host/llm', 'https://host/llm/v1/models'],
    ['https://host/llm/?a=b#c', 'https://host/llm/v1/models'],
    ['https://host//evil.example', 'https://host//evil.example/v1/models'],
  ])('of %s has %s', (page, list) => {
    expect(new URL('v1/models', folderOf(page)).href).toBe(list);
  });
});

describe('catalogueOf', () => {
  const rows = [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }];

  it('knows the provider of each model by the order of the list', () => {
    const { models } = catalogueOf(rows, new Headers({ 'x-models-engines': 'one=1,two=0,my lab=2' }));
    expect(models.map(({ id, engine }) => [id, engine])).toEqual([
      ['a', 'one'],
      ['b', 'my lab'],
      ['c', 'my lab'],
      ['d', undefined],
    ]);
  });

  it.each(['one=999999999999', 'one=x', 'x', '', 'one=-1'])('bears the header %j', (header) => {
    expect(catalogueOf(rows, new Headers({ 'x-models-engines': header })).models).toHaveLength(4);
  });

  it('knows what is missing, and whether the list is old', () => {
    const headers = { 'x-models-incomplete': 'a=upstream_timeout,b=upstream_401' };
    expect(catalogueOf(rows, new Headers(headers))).toMatchObject({
      missing: [
        ['a', 'upstream_timeout'],
        ['b', 'upstream_401'],
      ],
      staleFor: undefined,
    });
    const stale = { age: '90', 'cache-status': 'models-gateway; hit; ttl=-30' };
    expect(catalogueOf(rows, new Headers(stale)).staleFor).toBe(90);
    const fresh = { age: '3', 'cache-status': 'models-gateway; hit; ttl=57' };
    expect(catalogueOf(rows, new Headers(fresh)).staleFor).toBeUndefined();
  });

  it('leaves out what is no model, and fields of another type', () => {
    const odd = [
      null,
      1,
      'a',
      {},
      { id: '' },
      { id: 7 },
      { id: 'x', context_length: '8', capabilities: 'chat', pricing: [1], owned_by: {} },
    ];
    const { models } = catalogueOf(odd, new Headers());
    expect(models).toMatchObject([{ id: 'x', owner: '', context: undefined, capabilities: [], prices: [] }]);
  });
});
