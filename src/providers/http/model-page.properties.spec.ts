import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../../test/support/runs.js';
import { uniqueById } from '../../catalogue/model.js';
import { Cancellation } from '../../concurrency/cancellation.js';
import { scanBody } from '../../upstream/large-bodies/scan-body.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { readLargePage, readPage } from './model-page.js';
import type { ModelPage } from './model-page.js';
import { RowReader } from './model-rows.js';

/** Brackets, quotes and commas mean nothing in a text. */
const text = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'é☃😀', '"],[{"', '\\', '\\"', '},', '', '\ud800'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>({}, [], null, 7, [{ id: 'a' }]));
const row = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      {
        id: fc.oneof({ weight: 6, arbitrary: text }, { weight: 1, arbitrary: odd }),
        name: text,
        created: fc.oneof(fc.nat(), odd),
        owned_by: fc.oneof(text, odd),
        isHidden: fc.boolean(),
        more: odd,
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: odd },
);
const list = fc.oneof(
  { weight: 6, arbitrary: fc.array(row, { maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: odd },
);
const body = fc.oneof(
  { weight: 2, arbitrary: list },
  {
    weight: 5,
    arbitrary: fc.record(
      {
        success: fc.oneof(fc.boolean(), odd),
        data: list,
        models: list,
        nextToken: text,
        next: fc.record({ href: text, data: list }, { requiredKeys: [] }),
        more: odd,
      },
      { requiredKeys: [] },
    ),
  },
);
/** What a broken server or a broken line makes of some bytes. */
const damage = fc.array(
  fc.record({
    at: fc.nat(),
    cut: fc.nat(3),
    put: fc.oneof(
      fc
        .constantFrom(...[',', ']', '[', '{', '}', '"', ' ', '\\', '{}', '[]', ',"data":', '\ufeff'])
        .map((each) => [...Buffer.from(each)]),
      fc.array(fc.nat(255), { maxLength: 2 }),
    ),
  }),
  { maxLength: 2 },
);
const bytesOfBody = fc
  .tuple(body, fc.constantFrom('', '\ufeff'), fc.nat(1), fc.oneof(fc.constant([]), damage))
  .map(([value, start, indent, damages]) => {
    const bytes = [...Buffer.from(start + JSON.stringify(value, null, indent))];
    for (const { at, cut, put } of damages) bytes.splice(at % (bytes.length + 1), cut, ...put);
    return Buffer.from(bytes);
  });

const reader = (leavesOutEmptyLists: boolean, hidesRows: boolean): RowReader =>
  new RowReader({
    listFields: ['data', 'models'],
    leavesOutEmptyLists,
    cursorField: 'nextToken',
    reshape: undefined,
    isUsable: hidesRows ? ({ isHidden }) => isHidden !== true : undefined,
    idFields: ['id', 'name'],
    idPrefix: 'a',
    createdFields: ['created'],
    defaultCreated: 1,
    ownerFields: ['owned_by'],
    defaultOwner: 'orbit',
    metadata: ({ more }) => (typeof more === 'string' ? { description: more } : undefined),
    notes: undefined,
  });

/** What of a page counts, or the failure: `invalid` for a body that is no list. */
async function outcomeOf(read: () => ModelPage | Promise<ModelPage>): Promise<object | string> {
  try {
    const { models, unreadable, envelope } = await read();
    return {
      models: uniqueById(models),
      unreadable,
      // Cursors are outside of lists.
      envelope:
        envelope && JSON.stringify(envelope, (_name, each: unknown) => (Array.isArray(each) ? [] : each)),
    };
  } catch (error) {
    if (error instanceof UpstreamError) return error.failure;
    expect(error).toBeInstanceOf(SyntaxError);
    return 'invalid';
  }
}

it('a body that is read in slices has the models that it has when it is read at once, or is no list either', async () => {
  await fc.assert(
    fc.asyncProperty(
      bytesOfBody,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom(1, 8, 60),
      async (bytes, leavesOutEmptyLists, hidesRows, slice) => {
        const rows = reader(leavesOutEmptyLists, hidesRows);
        const limits = { slice, row: 1e6, marks: 1e6, nested: 1e6, envelope: 1e6 };
        const inSlices = await outcomeOf(() =>
          readLargePage(bytes, scanBody(bytes, limits), rows, new Cancellation()),
        );
        expect(inSlices).toEqual(await outcomeOf(() => readPage(bytes, rows)));
      },
    ),
    runs(150),
  );
});
