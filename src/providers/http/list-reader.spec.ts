import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { directRoute } from '../../../test/support/route.js';
import { Cancellation } from '../../concurrency/cancellation.js';
import { LargeBodies } from '../../upstream/large-bodies/large-bodies.js';
import { SLICE_BYTES } from '../../upstream/large-bodies/scan-body.js';
import { ListReader } from './list-reader.js';

const MOST_MODELS = 120_000;

let largeBodies: LargeBodies;
/** Turns of the event loop. */
let turn: number;
let counter: NodeJS.Immediate;

beforeEach(() => {
  largeBodies = new LargeBodies();
  turn = 0;
  const count = (): void => {
    turn += 1;
    counter = setImmediate(count);
  };
  counter = setImmediate(count);
});

afterEach(async () => {
  clearImmediate(counter);
  await largeBodies.onApplicationShutdown();
});

/** The number of models in a list. */
async function read(body: string, onRow: () => void = () => undefined): Promise<number> {
  const reader = new ListReader(
    { get: async (_request, readBody) => readBody(Buffer.from(body), {}), largeBodies },
    {
      label: 'test',
      url: new URL('http://provider.test/v1/models'),
      maxPages: 1,
      nextPage: () => undefined,
      rows: {
        listFields: ['data'],
        leavesOutEmptyLists: false,
        reshape: undefined,
        notes: undefined,
        cursorField: undefined,
        isUsable: undefined,
        idFields: ['id'],
        idPrefix: '',
        createdFields: [],
        defaultCreated: 0,
        ownerFields: [],
        defaultOwner: 'test',
        metadata: () => {
          onRow();
          return undefined;
        },
      },
    },
  );
  const call = {
    credential: undefined,
    otherSecrets: [],
    route: directRoute(),
    startedAt: 0,
    signal: new Cancellation(),
    trace: undefined,
    retried: false,
  };
  return (await reader.read({ headers: {}, call, sign: undefined })).length;
}

function listOf(count: number, start = 'm'): string {
  return JSON.stringify({
    data: Array.from({ length: count }, (_, at) => ({ id: `${start}${String(at)}` })),
  });
}

/** A list of about so many bytes, with an id a kilobyte. */
const sized = (bytes: number): string => listOf(bytes / 1024, 'x'.repeat(1010));

describe('ListReader', () => {
  it.each([
    ['that are parsed as they are', 60 * 1024],
    ['that are scanned', 500 * 1024],
  ])('parses no more than a slice in a turn of the event loop, of bodies %s', async (_what, bytes) => {
    const rowsIn = new Map<number, number>();
    const onRow = (): void => void rowsIn.set(turn, (rowsIn.get(turn) ?? 0) + 1);
    const counts = await Promise.all(Array.from({ length: 8 }, () => read(sized(bytes), onRow)));
    expect(counts).toEqual(counts.map(() => Math.floor(bytes / 1024)));
    // With the row that goes beyond it.
    expect(Math.max(...rowsIn.values())).toBeLessThanOrEqual(SLICE_BYTES / 1024 + 1);
  });

  it('refuses more models than can be written in one go', async () => {
    await expect(read(listOf(MOST_MODELS))).resolves.toBe(MOST_MODELS);
    await expect(read(listOf(MOST_MODELS + 1))).rejects.toMatchObject({
      failure: 'invalid',
      message: `The provider lists more than ${String(MOST_MODELS)} models.`,
    });
  });
});
