import { describe, expect, it } from '@jest/globals';
import { asRow, rowsOf, toModel, unixSeconds } from './model-rows.js';
import type { RowFormat } from './model-rows.js';

describe('rowsOf', () => {
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
  ])('finds the rows in %s', (_name, body, expected) => {
    expect(rowsOf(body, ['data', 'models'])).toEqual(expected);
  });

  it.each([
    ['an object without a list', { status: 'ok' }],
    ['data that is no array', { data: { id: 'a' } }],
    ['data that is text', { data: 'a' }],
    ['models: null', { models: null }],
    ['an error', { error: { message: 'no' } }],
    ['null', null],
    ['a text', 'a'],
    ['a number', 1],
    ['nothing', undefined],
  ])('finds no list in %s', (_name, body) => {
    expect(rowsOf(body, ['data', 'models'])).toBeUndefined();
  });
});

describe('asRow', () => {
  it.each([[null], [undefined], ['a'], [1], [true], [['a']]])('takes %j for no row', (value) => {
    expect(asRow(value)).toBeUndefined();
  });

  it('takes an object for a row', () => {
    const row = { id: 'a' };
    expect(asRow(row)).toBe(row);
  });
});

describe('unixSeconds', () => {
  it.each([
    ['seconds', 1_700_000_000, 1_700_000_000],
    ['zero', 0, 0],
    ['a float', 1_700_000_000.987, 1_700_000_000],
    ['the last number of seconds', 999_999_999_999, 999_999_999_999],
    ['the first number of milliseconds', 1_000_000_000_000, 1_000_000_000],
    ['milliseconds', 1_767_323_045_678, 1_767_323_045],
    ['float milliseconds', 1_767_323_045_678.9, 1_767_323_045],
    ['RFC 3339 in UTC', '2026-01-02T03:04:05Z', 1_767_323_045],
    ['RFC 3339 with a fraction', '2026-01-02T03:04:05.999999Z', 1_767_323_045],
    ['RFC 3339 east of Greenwich', '2026-01-02T05:04:05+02:00', 1_767_323_045],
    ['RFC 3339 west of Greenwich', '2026-01-01T21:34:05-05:30', 1_767_323_045],
    ['RFC 3339 in lower case', '2026-01-02t03:04:05z', 1_767_323_045],
    ['the epoch, which Anthropic gives for an unknown date', '1970-01-01T00:00:00Z', 0],
  ])('reads %s', (_name, value, expected) => {
    expect(unixSeconds(value)).toBe(expected);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['other text', 'yesterday'],
    ['digits as text', '1700000000'],
    ['a date without a time', '2026-01-02'],
    ['a time without a zone', '2026-01-02T03:04:05'],
    ['a month that does not exist', '2026-13-02T03:04:05Z'],
    ['the zero time of Go', '0001-01-01T00:00:00Z'],
    ['a negative number', -1],
    ['a small negative number', -0.5],
    ['NaN', NaN],
    ['infinity', Infinity],
    ['more than a safe integer', Number.MAX_VALUE],
    ['true', true],
    ['an object', { seconds: 1 }],
    ['an array', [1_700_000_000]],
  ])('makes nothing of %s', (_name, value) => {
    expect(unixSeconds(value)).toBeUndefined();
  });
});

describe('toModel', () => {
  const format: RowFormat = {
    listFields: ['data', 'models'],
    idPrefix: '',
    ownerFields: ['owned_by'],
    idFields: ['name', 'id'],
    createdFields: ['created', 'created_at'],
    defaultCreated: 1_600_000_000,
    defaultOwner: 'acme',
  };

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
    expect(toModel(row, format)).toMatchObject(expected);
  });

  it('takes nothing else', () => {
    const row = { id: 'a', created: 1, owned_by: 'x', root: '/secret/path', object: 'model' };
    expect(toModel(row, format)).toEqual({ id: 'a', created: 1, ownedBy: 'x' });
  });

  it.each([
    ['null', null],
    ['a text', 'a'],
    ['an array', ['a']],
    ['an object without an id', { object: 'model' }],
    ['an empty id', { id: '' }],
    ['a number as id', { id: 7 }],
    ['null as id', { id: null }],
  ])('skips %s', (_name, row) => {
    expect(toModel(row, format)).toBeUndefined();
  });
});
