import { describe, expect, it } from '@jest/globals';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { readPage } from './model-page.js';
import { RowReader } from './model-rows.js';

const ROWS = new RowReader({
  cursorField: undefined,
  leavesOutEmptyLists: false,
  reshape: undefined,
  notes: undefined,
  isUsable: undefined,
  listFields: ['data', 'models'],
  idPrefix: '',
  ownerFields: ['owned_by'],
  idFields: ['id'],
  createdFields: ['created'],
  defaultCreated: 5,
  defaultOwner: 'acme',
  metadata: () => undefined,
});

describe('readPage', () => {
  it('reads the models, counts what is none and keeps what is around them', () => {
    const body = '{"data":[{"id":"b"},null,{"id":"a","created":7,"owned_by":"x"},{},"c"],"next":"p2"}';
    expect(readPage(Buffer.from(body), ROWS)).toEqual({
      models: [
        { id: 'b', created: 5, ownedBy: 'acme' },
        { id: 'a', created: 7, ownedBy: 'x' },
      ],
      unreadable: 3,
      envelope: expect.objectContaining({ next: 'p2' }),
    });
  });

  it('reads a body that begins with a byte order mark', () => {
    expect(readPage(Buffer.from('\uFEFF[{"id":"a"}]'), ROWS).models).toHaveLength(1);
  });

  it.each([
    ['a bare array', '[{"id":"a"}]'],
    ['an empty page', '{"data":[],"next":"p2"}'],
    ['a page without data', '{"data":null,"next":"p2"}'],
  ])('sees no cursor in %s', (_name, body) => {
    expect(readPage(Buffer.from(body), ROWS).envelope).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['HTML', '<html>SECRET</html>'],
    ['JSON that breaks off', '{"data":[{"id":"SECRET"},{"i'],
    ['two documents', '{"data":[]}{"data":[]}'],
    ['an object without a list', '{"SECRET":true}'],
    ['an error', '{"error":{"message":"SECRET"}}'],
    ['a text', '"SECRET"'],
    ['null', 'null'],
  ])('refuses %s, without quoting it', (_name, body) => {
    const read = () => readPage(Buffer.from(body), ROWS);
    expect(read).toThrow(UpstreamError);
    expect(read).toThrow(/^The provider answered 200 with (no list of models|a body that is not JSON)\.$/);
    expect(read).toThrow(expect.objectContaining({ failure: 'invalid' }));
  });
});
