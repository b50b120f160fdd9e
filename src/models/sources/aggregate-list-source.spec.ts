import { describe, expect, it } from '@jest/globals';
import type { CacheResult } from '../../cache/list-cache.js';
import { MemoryBudget } from '../../cache/memory-budget.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { UpstreamFailure } from '../../upstream/upstream.error.js';
import { ModelList } from '../model-list.js';
import { AggregateListSource } from './aggregate-list-source.js';
import type { Caller, ListResult } from './list-source.js';

const CALLER = {} as Caller;

const listOf = (...ids: string[]): ModelList =>
  new ModelList(ids.map((id) => ({ id, created: 1, ownedBy: 'x' })));
const failure = (kind: UpstreamFailure): UpstreamError => new UpstreamError(kind, 'No.');
const fresh = (ageMs: number, ttlMs: number, more: Partial<CacheResult<unknown>> = {}) => ({
  value: undefined,
  ageMs,
  ttlMs,
  forward: undefined,
  collapsed: false,
  ...more,
});

/** The engines `a`, `b`, … with these answers. */
function sourceOf(
  answers: (ModelList | ListResult | Error)[],
  { allowPartial = true, enabled = true, maxEntries = 10 } = {},
): AggregateListSource {
  const sources = answers.map((_answer, at) => ({
    engine: String.fromCharCode(97 + at),
    source: {
      list: (): Promise<ListResult> => {
        const answer = answers[at];
        if (answer === undefined || answer instanceof Error) return Promise.reject(answer ?? new Error());
        return Promise.resolve(
          answer instanceof ModelList ? { list: answer, cacheResult: undefined } : answer,
        );
      },
    },
  }));
  return new AggregateListSource(sources, allowPartial, new MemoryBudget(1e6), { enabled, maxEntries });
}
const ids = ({ list }: ListResult): string[] => list.models.map(({ id }) => id);

describe('the lists of several engines', () => {
  it('are one in their order, with each model once', async () => {
    const [a, b] = [listOf('x', 'y'), listOf('y', 'z')];
    const result = await sourceOf([a, b]).list(CALLER);
    expect(ids(result)).toEqual(['x', 'y', 'z']);
    expect(result.cacheResult).toBeUndefined();
    expect(result).not.toHaveProperty('missing');
    expect(result).not.toHaveProperty('lacking');
    expect([result.partOf?.('a'), result.partOf?.('b'), result.partOf?.('c')]).toEqual([a, b, undefined]);
  });

  it('may lack those of engines that fail', async () => {
    const result = await sourceOf([failure('timeout'), listOf('y'), failure('overloaded')]).list(CALLER);
    expect(ids(result)).toEqual(['y']);
    expect(result.missing).toEqual(
      new Map([
        ['a', 'upstream_timeout'],
        ['c', 'overloaded'],
      ]),
    );
    expect(result.partOf?.('a')?.models).toEqual([]);
  });

  it('are there where all are wanted and none fails', async () => {
    const result = await sourceOf([listOf('x'), listOf('y')], { allowPartial: false }).list(CALLER);
    expect(ids(result)).toEqual(['x', 'y']);
  });

  it('lack what the lists lack, by the engines of each', async () => {
    const part: ListResult = {
      list: listOf('x'),
      cacheResult: fresh(1, 2),
      missing: new Map([['a/inner', 'upstream_503']]),
      lacking: new Map([['a/other', 'profiles']]),
    };
    const result = await sourceOf([part, listOf('y')]).list(CALLER);
    expect(ids(result)).toEqual(['x', 'y']);
    expect(result.missing).toEqual(new Map([['a/inner', 'upstream_503']]));
    expect(result.lacking).toEqual(new Map([['a/other', 'profiles']]));
    expect(result.cacheResult).toBeUndefined();
    await expect(sourceOf([part, listOf('y')], { allowPartial: false }).list(CALLER)).rejects.toMatchObject({
      failure: 'failed',
      message: 'These providers gave no list: a/inner=upstream_503.',
    });
  });

  it.each<[string, (ModelList | Error)[], boolean, UpstreamFailure, string]>([
    [
      'all fail',
      [failure('timeout'), failure('overloaded')],
      true,
      'failed',
      'a=upstream_timeout, b=overloaded',
    ],
    [
      'all are overloaded',
      [failure('overloaded'), failure('overloaded')],
      true,
      'overloaded',
      'a=overloaded, b=overloaded',
    ],
    [
      'one fails and all are wanted',
      [listOf('x'), failure('invalid')],
      false,
      'failed',
      'b=upstream_invalid_response',
    ],
    [
      'one is overloaded and all are wanted',
      [listOf('x'), failure('overloaded')],
      false,
      'overloaded',
      'b=overloaded',
    ],
  ])('are none where %s', async (_name, answers, allowPartial, kind, codes) => {
    const causes = answers.filter((each) => each instanceof UpstreamError);
    await expect(sourceOf(answers, { allowPartial }).list(CALLER)).rejects.toMatchObject({
      failure: kind,
      message: `These providers gave no list: ${codes}.`,
      details: { causes },
    });
  });

  it.each([
    ['a bug', new TypeError('a bug')],
    ['a caller that has gone', failure('cancelled')],
  ])('end with %s', async (_name, error) => {
    await expect(sourceOf([listOf('x'), error]).list(CALLER)).rejects.toBe(error);
  });

  it('are as old as the oldest of them', async () => {
    const part = (result: CacheResult<unknown>): ListResult => ({ list: listOf('x'), cacheResult: result });
    const cacheOf = async (...parts: (ModelList | ListResult)[]) =>
      (await sourceOf(parts).list(CALLER)).cacheResult;
    expect(await cacheOf(part(fresh(5, 95)), part(fresh(30, 70)), listOf('y'))).toEqual(fresh(30, 70));
    expect(
      await cacheOf(part(fresh(5, 95)), part(fresh(0, 100, { forward: 'miss', collapsed: true }))),
    ).toEqual(fresh(5, 95, { forward: 'miss', collapsed: true }));
  });
});

describe('a joined list', () => {
  it('is the same object while its parts are, for so many sets of parts', async () => {
    const answers = [listOf('x'), listOf('y')];
    const source = sourceOf(answers, { maxEntries: 2 });
    const joined = async (first: ModelList) => {
      answers[0] = first;
      return (await source.list(CALLER)).list;
    };
    const [one, two, three] = [listOf('1'), listOf('2'), listOf('3')];
    const first = await joined(one);
    const second = await joined(two);
    expect(second).not.toBe(first);
    expect(await joined(one)).toBe(first);
    await joined(three);
    // The one that was not used for the longest time is forgotten.
    expect(await joined(one)).toBe(first);
    expect(await joined(two)).not.toBe(second);
  });

  it('is the last one where nothing is cached', async () => {
    const answers = [listOf('x'), listOf('y')];
    const source = sourceOf(answers, { enabled: false });
    const first = (await source.list(CALLER)).list;
    expect((await source.list(CALLER)).list).toBe(first);
    const [x = listOf()] = answers;
    answers[0] = listOf('z');
    await source.list(CALLER);
    answers[0] = x;
    expect((await source.list(CALLER)).list).not.toBe(first);
  });

  it('is the last one even if it is too large to be kept', async () => {
    const parts = [listOf('x'), listOf('y')].map((list) => ({ list, cacheResult: undefined }));
    const sources = parts.map((part, at) => ({
      engine: String(at),
      source: { list: () => Promise.resolve(part) },
    }));
    const source = new AggregateListSource(sources, true, new MemoryBudget(1), {
      enabled: true,
      maxEntries: 9,
    });
    expect((await source.list(CALLER)).list).toBe((await source.list(CALLER)).list);
  });
});
