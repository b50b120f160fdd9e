import { describe, expect, it } from '@jest/globals';
import { PROCESS_STARTED } from './model.js';
import type { Model } from './model.js';
import { lostAliasText, mergeModels } from './static-model.js';
import type { StaticModel } from './static-model.js';

const model = (id: string, metadata?: Model['metadata']): Model => ({
  id,
  created: 1,
  ownedBy: 'them',
  metadata,
});
const row = (id: string, more: Partial<StaticModel> = {}): StaticModel => ({
  id,
  metadata: undefined,
  ...more,
});
const alias = (id: string, aliasOf: string, more: Partial<StaticModel> = {}): StaticModel =>
  row(id, { aliasOf, ...more });

const merge = (
  list: readonly Model[],
  rows: readonly StaticModel[],
  addsFields = true,
): ReturnType<typeof mergeModels> => mergeModels(list, rows, { owner: 'us', addsFields });
const ids = (list: readonly Model[], rows: readonly StaticModel[]): string[] =>
  merge(list, rows).models.map(({ id }) => id);

describe('mergeModels', () => {
  const list = [model('a', { context_length: 1 }), model('b')];

  it('adds the fields that the provider does not give, also within fields', () => {
    const listed = model('a', {
      context_length: 1,
      capabilities: ['chat'],
      architecture: { input_modalities: ['text'] },
    });
    const { models } = merge(
      [listed],
      [
        row('a', {
          created: 9,
          ownedBy: 'us',
          metadata: {
            context_length: 2,
            max_output_tokens: 3,
            capabilities: ['chat', 'vision'],
            architecture: { input_modalities: ['image'], output_modalities: ['text'] },
          },
        }),
      ],
    );
    expect(models).toEqual([
      model('a', {
        context_length: 1,
        max_output_tokens: 3,
        capabilities: ['chat'],
        architecture: { input_modalities: ['text'], output_modalities: ['text'] },
      }),
    ]);
  });

  it('leaves a listed model as it is where no fields are added, the same object', () => {
    const rows = [row('a', { metadata: { max_output_tokens: 3 } }), row('b')];
    expect(merge(list, rows, false).models[0]).toBe(list[0]);
    expect(merge(list, rows).models[1]).toBe(list[1]);
  });

  it('adds models after those of the list, the first of those with the same id', () => {
    const { models } = merge(list, [
      row('c', { created: 5 }),
      row('c', { created: 6 }),
      row('d', { ownedBy: 'x' }),
    ]);
    expect(models.slice(2)).toEqual([
      { id: 'c', created: 5, ownedBy: 'us', metadata: undefined },
      { id: 'd', created: PROCESS_STARTED, ownedBy: 'x', metadata: undefined },
    ]);
  });

  it('shows an alias with its own fields over those of the merged model', () => {
    const { models } = merge(list, [
      alias('z', 'a', { ownedBy: 'us', metadata: { context_length: 7 } }),
      row('a', { metadata: { max_output_tokens: 3 } }),
    ]);
    expect(models.at(-1)).toEqual({
      id: 'z',
      created: 1,
      ownedBy: 'us',
      metadata: { context_length: 7, max_output_tokens: 3 },
    });
  });

  it.each<[string, StaticModel[], string[]]>([
    ['of a hidden model', [row('a', { hidden: true }), alias('z', 'a')], ['b', 'z']],
    ['of an added model', [alias('z', 'c'), row('c')], ['a', 'b', 'z', 'c']],
    ['of an alias, in any order', [alias('y', 'z'), alias('z', 'a')], ['a', 'b', 'y', 'z']],
    ['of a hidden alias', [alias('y', 'z'), alias('z', 'a', { hidden: true })], ['a', 'b', 'y']],
  ])('shows an alias %s', (_name, rows, expected) => {
    expect(ids(list, rows)).toEqual(expected);
    expect(merge(list, rows).lostAliases).toEqual([]);
  });

  it.each<[string, StaticModel[], string[]]>([
    ['of no model', [alias('z', 'none')], ['z']],
    ['of a hidden model that is not there', [alias('z', 'c'), row('c', { hidden: true })], ['z']],
    ['of itself', [alias('z', 'z')], ['z']],
    ['in a circle', [alias('x', 'y'), alias('y', 'z'), alias('z', 'y')], ['x', 'y', 'z']],
    ['of an alias of no model', [alias('y', 'z'), alias('z', 'none')], ['y', 'z']],
    ['with the name of a model', [alias('b', 'a')], ['b']],
  ])('leaves out an alias %s, and says so', (_name, rows, lost) => {
    const { models, lostAliases } = merge(list, rows);
    expect(models).toEqual(list);
    expect(lostAliases.map(({ id }) => id)).toEqual(lost);
  });

  it('says why an alias is left out', () => {
    const { lostAliases } = merge(list, [alias('b', 'a'), alias('z', 'none')]);
    expect(lostAliases.map((each) => lostAliasText('models.json', each))).toEqual([
      'models.json: the alias b is left out, because the list has a model of that name',
      'models.json: the alias z is left out, because it leads to no model of the list: none',
    ]);
  });

  it('shows the fields of one where the other has none', () => {
    const metadata = { context_length: 3 };
    expect(merge(list, [row('b', { metadata })]).models[1]).toEqual(model('b', metadata));
    expect(merge(list, [alias('z', 'a')]).models.at(-1)?.metadata).toEqual({ context_length: 1 });
    expect(merge(list, [alias('z', 'b', { metadata })]).models.at(-1)?.metadata).toEqual(metadata);
  });

  it('gives each alias of a chain its own fields over those of the next one', () => {
    const { models } = merge(list, [
      alias('x', 'y', { metadata: { display_name: 'X' } }),
      alias('y', 'a', { metadata: { display_name: 'Y', max_output_tokens: 3 } }),
    ]);
    expect(models.slice(2).map(({ metadata }) => metadata)).toEqual([
      { context_length: 1, display_name: 'X', max_output_tokens: 3 },
      { context_length: 1, display_name: 'Y', max_output_tokens: 3 },
    ]);
  });

  it('follows long chains', () => {
    const rows = Array.from({ length: 50_000 }, (_, at) =>
      alias(`x${String(at)}`, at === 0 ? 'a' : `x${String(at - 1)}`),
    );
    expect(ids(list, rows.reverse())).toHaveLength(50_002);
  });

  it('takes away what is hidden, and adds nothing that is', () => {
    expect(ids(list, [row('a', { hidden: true }), row('c', { hidden: true })])).toEqual(['b']);
    expect(ids(list, [row('a', { hidden: false })])).toEqual(['a', 'b']);
  });
});
