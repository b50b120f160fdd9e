import { describe, expect, it } from '@jest/globals';
import type { Model } from '../../catalogue/model.js';
import type { Row } from '../../catalogue/row.js';
import { RowReader } from './model-rows.js';
import type { RowFormat } from './model-rows.js';

const FORMAT: RowFormat = {
  listFields: ['data', 'models'],
  leavesOutEmptyLists: false,
  reshape: undefined,
  notes: undefined,
  cursorField: undefined,
  isUsable: undefined,
  idFields: ['name', 'id'],
  idPrefix: '',
  createdFields: ['created', 'created_at'],
  defaultCreated: 1_600_000_000,
  ownerFields: ['owned_by'],
  defaultOwner: 'acme',
  metadata: () => undefined,
};

function rowsOf(body: unknown, format: Partial<RowFormat> = {}): readonly unknown[] | undefined {
  return new RowReader({ ...FORMAT, ...format }).rowsOf(body);
}

function modelOf(row: unknown, format: Partial<RowFormat> = {}): Model | undefined {
  return new RowReader({ ...FORMAT, ...format }).modelOf(row);
}

describe('the rows of a list', () => {
  it('are none in an object without fields only where vendors leave those out', () => {
    expect(rowsOf({}, { leavesOutEmptyLists: true })).toEqual([]);
    expect(rowsOf({ error: 'x' }, { leavesOutEmptyLists: true })).toBeUndefined();
    expect(rowsOf({})).toBeUndefined();
  });

  it.each([
    ['next_token', { next_token: '' }, []],
    ['paging.next', { paging: { next: null } }, []],
    ['next_token', { next_page_token: '' }, undefined],
    [undefined, { next_token: '' }, undefined],
  ])('with the cursor %s are in %j: %j', (cursorField, body, rows) => {
    expect(rowsOf(body, { leavesOutEmptyLists: true, cursorField })).toEqual(rows);
  });

  it('may be inside another object', () => {
    const listFields = ['result.items'];
    expect(rowsOf({ result: { items: ['a'] } }, { listFields })).toEqual(['a']);
    expect(rowsOf({ result: { items: null } }, { listFields })).toEqual([]);
    expect(rowsOf({ items: ['a'] }, { listFields })).toBeUndefined();
    expect(rowsOf({ data: null }, { listFields })).toBeUndefined();
  });

  const rows = [{ id: 'a' }, 'b', null];

  it.each([
    ['the envelope of OpenAI', { object: 'list', data: rows }, rows],
    ['the envelope of Cohere', { models: rows }, rows],
    ['a bare array', rows, rows],
    ['both keys', { models: [{ model: 'other' }], data: rows }, rows],
    ['data: null beside models', { data: null, models: rows }, rows],
    ['data: null', { object: 'list', data: null }, []],
    ['an empty list', { data: [] }, []],
    ['an empty bare array', [], []],
    ['a success', { success: true, data: rows }, rows],
  ])('finds the rows in %s', (_name, body, expected) => {
    expect(rowsOf(body)).toEqual(expected);
  });

  it.each([
    ['an object without a list', { status: 'ok' }],
    ['data that is no array', { data: { id: 'a' } }],
    ['data that is text', { data: 'a' }],
    ['models: null', { models: null }],
    ['an error', { error: { message: 'no' } }],
    ['a failure', { success: false, data: rows }],
    ['a failure without a list', { success: false, data: null }],
    ['null', null],
    ['a text', 'a'],
    ['a number', 1],
    ['nothing', undefined],
  ])('finds no list in %s', (_name, body) => {
    expect(rowsOf(body)).toBeUndefined();
  });
});

describe('the model of a row', () => {
  it.each([
    [
      'all that there is',
      { id: 'a', created: 1_700_000_000, owned_by: 'system' },
      { id: 'a', created: 1_700_000_000, ownedBy: 'system' },
    ],
    ['the id alone', { id: 'a' }, { id: 'a', created: 1_600_000_000, ownedBy: 'acme' }],
    ['the first id field', { id: 'a', name: 'b' }, { id: 'b' }],
    ['the next id field for an empty one', { id: 'a', name: '' }, { id: 'a' }],
    ['the next id field for one that is no text', { id: 'a', name: 7 }, { id: 'a' }],
    ['an id with all that ids hold', { id: 'ft:meta/l-3.1@v2:x' }, { id: 'ft:meta/l-3.1@v2:x' }],
    ['the second date field', { id: 'a', created_at: '2026-01-02T03:04:05Z' }, { created: 1_767_323_045 }],
    ['the first date field', { id: 'a', created: 1, created_at: 2 }, { created: 1 }],
    ['a date of zero', { id: 'a', created: 0 }, { created: 0 }],
    ['the second date field for null', { id: 'a', created: null, created_at: 2 }, { created: 2 }],
    ['the default for garbage', { id: 'a', created: 'soon', created_at: {} }, { created: 1_600_000_000 }],
    ['the default for an empty owner', { id: 'a', owned_by: '' }, { ownedBy: 'acme' }],
    ['the default for a null owner', { id: 'a', owned_by: null }, { ownedBy: 'acme' }],
    ['the default for an owner that is no text', { id: 'a', owned_by: 7 }, { ownedBy: 'acme' }],
  ])('takes %s', (_name, row, expected) => {
    expect(modelOf(row)).toMatchObject(expected);
  });

  it('takes nothing else', () => {
    const row = { id: 'a', created: 1, owned_by: 'x', root: '/secret/path', object: 'model' };
    expect(modelOf(row)).toEqual({ id: 'a', created: 1, ownedBy: 'x' });
  });

  it('may have its fields inside other objects', () => {
    const row = { model: { id: 'pre/a' }, dates: { made: 7 }, by: { org: 'x' }, id: 'other' };
    const format = { idFields: ['model.id'], idPrefix: 'pre/', createdFields: ['dates.made'] };
    expect(modelOf(row, { ...format, ownerFields: ['by.org'] })).toEqual({
      id: 'a',
      created: 7,
      ownedBy: 'x',
    });
  });

  it('may have another shape, and notes', () => {
    const row = { inner: { id: 'a' }, note: 'n' };
    const reshape = ({ inner, ...more }: Row): Row => ({ ...more, ...(inner as object) });
    expect(modelOf(row, { reshape, notes: ({ note }) => [String(note)] })).toEqual({
      id: 'a',
      created: 1_600_000_000,
      ownedBy: 'acme',
      notes: ['n'],
    });
    expect(modelOf({ id: 'a' })).not.toHaveProperty('notes');
    expect(modelOf(null, { reshape })).toBeUndefined();
  });

  it('can be used where the vendor does not say something else', () => {
    const isUsable = (row: unknown, format: Partial<RowFormat> = {}) =>
      new RowReader({ ...FORMAT, ...format }).isUsable(row);
    const ready = { isUsable: ({ state }: Row) => state === 'ready' };
    expect(isUsable({ state: 'x' })).toBe(true);
    expect([{ state: 'ready' }, { state: 'x' }, null].map((row) => isUsable(row, ready))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('takes metadata as they are read', () => {
    const metadata = { display_name: 'A' };
    expect(modelOf({ id: 'a' }, { metadata: () => metadata })?.metadata).toBe(metadata);
  });

  it('skips an id that is nothing but the prefix', () => {
    expect(modelOf({ id: 'm/' }, { idPrefix: 'm/' })).toBeUndefined();
    expect(modelOf({ id: 'x/a' }, { idPrefix: 'm/' })?.id).toBe('x/a');
  });

  it.each([
    ['null', null],
    ['a text', 'a'],
    ['an array', ['a']],
    ['an object without an id', { object: 'model' }],
    ['an empty id', { id: '' }],
    ['a number as id', { id: 7 }],
    ['null as id', { id: null }],
    ['an id with half of a character', { id: 'a\ud800' }],
  ])('skips %s', (_name, row) => {
    expect(modelOf(row)).toBeUndefined();
  });
});
