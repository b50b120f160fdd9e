import { describe, expect, it } from '@jest/globals';
import { Cancellation } from '../../concurrency/cancellation.js';
import { scanBody } from '../../upstream/large-bodies/scan-body.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { readLargePage, readPage } from './model-page.js';
import type { ModelPage } from './model-page.js';
import { RowReader } from './model-rows.js';
import type { RowFormat } from './model-rows.js';

const FORMAT: RowFormat = {
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
};
const ROWS = new RowReader(FORMAT);

describe('readPage', () => {
  it('leaves out rows that cannot be used, which are no unreadable ones', () => {
    const rows = new RowReader({ ...FORMAT, isUsable: ({ state }) => state === 'ready' });
    const body = '[{"id":"a","state":"ready"},{"id":"b","state":"failed"},null,{"state":"ready"}]';
    expect(readPage(Buffer.from(body), rows)).toMatchObject({ models: [{ id: 'a' }], unreadable: 1 });
  });

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

describe('readLargePage', () => {
  // Every row is a slice of its own.
  const limits = { slice: 1, row: 1000, marks: 1000, nested: 1000, envelope: 1000 };
  const readLarge = (text: string, signal = new Cancellation(), rows = ROWS): Promise<ModelPage> => {
    const bytes = Buffer.from(text);
    return readLargePage(bytes, scanBody(bytes, limits), rows, signal);
  };

  it('reads what readPage reads, and each model once', async () => {
    const body =
      '{"data":[{"id":"b"},null,{"id":"a","created":7,"owned_by":"x"},{},{"id":"b","created":9}],"next":"p2"}';
    expect(await readLarge(body)).toEqual({
      models: [
        { id: 'b', created: 5, ownedBy: 'acme' },
        { id: 'a', created: 7, ownedBy: 'x' },
      ],
      isUnique: true,
      unreadable: 2,
      envelope: expect.objectContaining({ next: 'p2' }),
    });
  });

  it.each([
    ['an empty page', '{"data":[],"next":"p2"}', 0],
    ['a page without data', '{"data":null,"next":"p2"}', 0],
    ['a bare array', '[{"id":"a"}]', 1],
  ])('sees no cursor in %s', async (_name, body, models) => {
    const page = await readLarge(body);
    expect([page.models.length, page.envelope]).toEqual([models, undefined]);
  });

  it('counts the unreadable rows of all slices', async () => {
    const body = '[{"object":"model"},{"id":"a"},{"object":"model"},7]';
    expect(await readLarge(body)).toMatchObject({ models: [{ id: 'a' }], unreadable: 3 });
  });

  it('sees the cursor of a page whose rows are all unreadable', async () => {
    expect(await readLarge('{"data":[1,2],"next":"p2"}')).toMatchObject({
      models: [],
      unreadable: 2,
      envelope: { next: 'p2' },
    });
  });

  it('sees the cursor of a page whose models are all ones that cannot be used', async () => {
    const rows = new RowReader({ ...FORMAT, isUsable: () => false });
    expect(await readLarge('{"data":[{"id":"a"}],"next":"p2"}', undefined, rows)).toMatchObject({
      models: [],
      unreadable: 0,
      envelope: { next: 'p2' },
    });
  });

  it('refuses a body without a list', async () => {
    await expect(readLarge('{"error":"SECRET"}')).rejects.toMatchObject({
      failure: 'invalid',
      message: 'The provider answered 200 with no list of models.',
    });
  });

  it('ends between two slices when all callers have gone, and lets other work be done there', async () => {
    const signal = new Cancellation();
    const read = readLarge('[{"id":"a"},{"id":"b"},{"id":"c"}]', signal);
    setImmediate(() => {
      signal.abort(new Error('gone'));
    });
    await expect(read).rejects.toThrow('gone');
  });
});
