import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { directRoute } from '../../../test/support/route.js';
import type { Model } from '../../catalogue/model.js';
import { Cancellation } from '../../concurrency/cancellation.js';
import { SYSTEM_CLOCK } from '../../concurrency/clock.js';
import { authorizationCredential } from '../../credentials/credential.js';
import { LargeBodies } from '../../upstream/large-bodies/large-bodies.js';
import { SLICE_BYTES } from '../../upstream/large-bodies/scan-body.js';
import type { UpstreamHeaders } from '../../upstream/upstream-headers.js';
import type { UpstreamCall, UpstreamRequest } from '../../upstream/upstream-request.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { Signer } from './http-vendor.js';
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
  jest.restoreAllMocks();
});

/** A list, its pages by their paths; the answers of a test may change. */
interface Given {
  readonly answers: Record<string, string | Error>;
  readonly headers?: UpstreamHeaders;
  readonly onRow?: () => void;
  readonly maxPages?: number;
  /** Called before each request. */
  readonly onRequest?: (request: UpstreamRequest) => void;
}

function readerOf({ answers, headers = {}, onRow, maxPages = 20, onRequest }: Given): ListReader {
  return new ListReader(
    {
      get: async (request, readBody) => {
        onRequest?.(request);
        const answer = answers[request.address.path] ?? '';
        if (typeof answer !== 'string') throw answer;
        return readBody(Buffer.from(answer), headers);
      },
      largeBodies,
    },
    {
      label: 'test',
      url: new URL('http://provider.test/v1/models'),
      maxPages,
      nextPage: ({ next }) => (typeof next === 'string' ? { page: next } : undefined),
      rows: {
        listFields: ['data'],
        leavesOutEmptyLists: false,
        reshape: undefined,
        notes: undefined,
        cursorField: undefined,
        isUsable: undefined,
        idFields: ['id'],
        idPrefix: '',
        createdFields: ['created'],
        defaultCreated: 0,
        ownerFields: [],
        defaultOwner: 'test',
        metadata: () => {
          onRow?.();
          return undefined;
        },
      },
    },
  );
}

function newCall(): UpstreamCall {
  return {
    credential: undefined,
    otherSecrets: [],
    route: directRoute(),
    startedAt: 0,
    signal: new Cancellation(),
    trace: undefined,
    retried: false,
  };
}

const list = (reader: ListReader, call = newCall(), sign?: Signer): Promise<readonly Model[]> =>
  reader.read({ headers: { tenant: 't' }, call, sign });

/** The number of models in a list. */
async function read(body: string, onRow: () => void = () => undefined): Promise<number> {
  return (await list(readerOf({ answers: { '/v1/models': body }, onRow }))).length;
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

  describe('of several pages', () => {
    const FIRST = '{"data":[{"id":"a"},{"id":"b"}],"next":"2"}';
    const SECOND = '{"data":[{"id":"b","created":7},{"id":"c"}]}';
    const ids = (models: readonly Model[]) => models.map(({ id, created }) => `${id} ${String(created)}`);

    it('asks for one after the other, and lists a model once', async () => {
      const asked: unknown[] = [];
      const reader = readerOf({
        answers: { '/v1/models': FIRST, '/v1/models?page=2': SECOND },
        onRequest: ({ label, address, headers }) => asked.push([label, address, headers]),
      });
      expect(ids(await list(reader))).toEqual(['a 0', 'b 0', 'c 0']);
      const origin = 'http://provider.test';
      expect(asked).toEqual([
        ['test', { origin, path: '/v1/models' }, { tenant: 't' }],
        ['test', { origin, path: '/v1/models?page=2' }, { tenant: 't' }],
      ]);
    });

    it('gives the same object while all are the same, and parses none of them again', async () => {
      const onRow = jest.fn();
      const answers: Record<string, string> = { '/v1/models': FIRST, '/v1/models?page=2': SECOND };
      const reader = readerOf({ answers, onRow });
      const first = await list(reader);
      expect(await list(reader)).toBe(first);
      expect(onRow).toHaveBeenCalledTimes(4);
      answers['/v1/models?page=2'] = '{"data":[{"id":"c"},{"id":"d"}]}';
      expect(ids(await list(reader))).toEqual(['a 0', 'b 0', 'c 0', 'd 0']);
      answers['/v1/models'] = '{"data":[{"id":"a"}]}';
      expect(ids(await list(reader))).toEqual(['a 0']);
      answers['/v1/models'] = FIRST;
      expect(ids(await list(reader))).toEqual(['a 0', 'b 0', 'c 0', 'd 0']);
    });

    it.each([
      ['one that repeats itself', '1', 20, 'The provider repeats a page of its list.'],
      ['more than are allowed', '3', 2, 'The provider has more pages of models than UPSTREAM_MAX_PAGES.'],
    ])('refuses %s', async (_what, next, maxPages, message) => {
      const answers = {
        '/v1/models': '{"data":[{"id":"a"}],"next":"1"}',
        '/v1/models?page=1': JSON.stringify({ data: [{ id: 'b' }], next }),
        '/v1/models?page=3': '{"data":[{"id":"c"}]}',
      };
      await expect(list(readerOf({ answers, maxPages }))).rejects.toMatchObject({
        failure: 'invalid',
        message,
      });
      expect(
        await list(readerOf({ answers: { ...answers, '/v1/models?page=1': '[]' }, maxPages: 2 })),
      ).toHaveLength(1);
    });

    it('signs each for its own URL, and knows what it was signed with', async () => {
      const call = newCall();
      const sent: unknown[] = [];
      const reader = readerOf({
        answers: { '/v1/models': FIRST, '/v1/models?page=2': SECOND },
        onRequest: (request) => sent.push([request.headers, request.call.credential?.authorization]),
      });
      await list(reader, call, ({ href }, signal) => {
        expect(signal).toBe(call.signal);
        return Promise.resolve({ headers: { signed: href }, credential: authorizationCredential(href) });
      });
      const urls = ['http://provider.test/v1/models', 'http://provider.test/v1/models?page=2'];
      expect(sent).toEqual(urls.map((url) => [{ tenant: 't', signed: url }, url]));
    });

    it('goes on after a large one', async () => {
      const large = JSON.parse(sized(200 * 1024)) as object;
      const reader = readerOf({
        answers: {
          '/v1/models': JSON.stringify({ ...large, next: '2' }),
          '/v1/models?page=2': SECOND,
        },
      });
      const models = await list(reader);
      expect([models.length, models.at(-1)?.id]).toEqual([202, 'c']);
    });

    it('refuses more models than can be written in one go, on all of them', async () => {
      const half = JSON.parse(listOf(MOST_MODELS)) as object;
      const answers = {
        '/v1/models': JSON.stringify({ ...half, next: '2' }),
        '/v1/models?page=2': '{"data":[{"id":"more"}]}',
      };
      await expect(list(readerOf({ answers }))).rejects.toMatchObject({ failure: 'invalid' });
    });
  });

  it('lists a model once that is on one page twice', async () => {
    expect(await read('[{"id":"a"},{"id":"b"},{"id":"a"}]')).toBe(2);
  });

  it('does not parse a body again that has not changed, of whatever size', async () => {
    for (const bytes of [4096, 60 * 1024, 500 * 1024]) {
      const onRow = jest.fn();
      const reader = readerOf({ answers: { '/v1/models': sized(bytes) }, onRow });
      const [first, second] = await Promise.all([list(reader), list(reader)]);
      const rows = onRow.mock.calls.length;
      expect(await list(reader)).toBe(second);
      expect(onRow).toHaveBeenCalledTimes(rows);
      expect(second).toEqual(first);
      if (bytes > 8192) expect(rows).toBe(first.length);
    }
  });

  it('keeps the first date of models that are always of now', async () => {
    let now = 1_764_216_000;
    jest.spyOn(SYSTEM_CLOCK, 'unix').mockImplementation(() => now * 1000);
    const answers: Record<string, string> = {};
    const reader = readerOf({ answers });
    for (const more of ['', ',{"id":"b"}']) {
      answers['/v1/models'] = `[{"id":"a","created":${String(now)}}${more}]`;
      expect((await list(reader))[0]?.created).toBe(1_764_216_000);
      now += 60;
    }
  });

  it('warns of rows without an id, once for each number of them', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const answers: Record<string, string> = {};
    const reader = readerOf({ answers });
    for (const rows of ['[1,2]', '[3,4]', '[3,4,5]', '[]', '[6,7,8]']) {
      answers['/v1/models'] = rows;
      await list(reader);
    }
    expect(warn.mock.calls.map(([text]) => String(text).split(' ')[0])).toEqual(['2', '3', '3']);
    expect(warn).toHaveBeenCalledWith("2 rows of the provider's list have no id and are left out");
  });

  it.each([
    ['openai=upstream_timeout', true],
    ['a/b.c-d=x,groq=overloaded', true],
    [`${'e'.repeat(64)}=${'c'.repeat(64)}`, true],
    [Array.from({ length: 32 }, () => 'a=b').join(), true],
    ['', false],
    ['openai', false],
    ['=x', false],
    ['openai=', false],
    ['a=b,', false],
    ['a=b, c=d', false],
    ['a b=c', false],
    ['a=b c', false],
    [`${'e'.repeat(65)}=c`, false],
    [`e=${'c'.repeat(65)}`, false],
    [`a=b,${'e'.repeat(65)}=c`, false],
    [`a=b,e=${'c'.repeat(65)}`, false],
    [Array.from({ length: 33 }, () => 'a=b').join(), false],
  ])('of what another instance of this service lacks, %j: %p', async (gaps, isSaid) => {
    const call = newCall();
    await list(readerOf({ answers: { '/v1/models': '[]' }, headers: { 'x-models-incomplete': gaps } }), call);
    expect(call.lacks).toBe(isSaid ? gaps : undefined);
  });

  it.each([
    [true, true],
    [false, false],
  ])('says of a failure whether the request was sent again: %p', async (retried, isRetryFutile) => {
    const failure = new UpstreamError('unreachable', 'No.', { errorCode: 'ECONNREFUSED' });
    const reader = readerOf({
      answers: { '/v1/models': failure },
      onRequest: ({ call }) => {
        call.retried = retried;
      },
    });
    await expect(list(reader)).rejects.toMatchObject({
      failure: 'unreachable',
      message: 'No.',
      isRetryFutile,
      details: { errorCode: 'ECONNREFUSED' },
    });
  });

  it('leaves other errors as they are', async () => {
    const bug = new TypeError('a bug');
    const answers = { '/v1/models': bug };
    const onRequest = ({ call }: UpstreamRequest): void => {
      call.retried = true;
    };
    await expect(list(readerOf({ answers, onRequest }))).rejects.toBe(bug);
  });
});
