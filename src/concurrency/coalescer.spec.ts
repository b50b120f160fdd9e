import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Caller, Task } from '../../test/support/task.js';
import { WAIT_ERRORS, WaitError } from '../../test/support/wait-errors.js';
import { Coalescer } from './coalescer.js';

const TIMEOUT_MS = 100;

let coalescer: Coalescer<string>;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  coalescer = new Coalescer(TIMEOUT_MS, WAIT_ERRORS);
});

afterEach(() => {
  jest.useRealTimers();
});

function join(key: string | undefined, { work }: Task<string>, caller = new Caller()): Promise<string> {
  const answer = coalescer.join(key, work, caller);
  // A test may look at it much later.
  answer.catch(() => undefined);
  return answer;
}

/** Why a caller got no answer. */
async function failureOf(answer: Promise<string>): Promise<string> {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WaitError)) throw new Error('there is an answer');
  return error.failure;
}

/** Whether the caller still waits. */
async function isWaiting(answer: Promise<string>): Promise<boolean> {
  const nothing = Symbol('nothing');
  await jest.advanceTimersByTimeAsync(0);
  return (await Promise.race([answer.catch(() => undefined), Promise.resolve(nothing)])) === nothing;
}

describe('callers with one key', () => {
  it('share one piece of work and its result', async () => {
    const [first, second] = [new Task<string>(), new Task<string>()];
    const answers = [join('a', first), join('a', second), join('a', second)];
    first.succeed('list');
    expect(await Promise.all(answers)).toEqual(['list', 'list', 'list']);
    expect([first.starts, second.starts]).toEqual([1, 0]);
  });

  it('share its error', async () => {
    const task = new Task<string>();
    const answers = [join('a', task), join('a', task)];
    const error = new Error('no');
    task.fail(error);
    for (const answer of answers) await expect(answer).rejects.toBe(error);
  });

  it.each([
    [
      'succeeded',
      (task: Task<string>) => {
        task.succeed('old');
      },
    ],
    [
      'failed',
      (task: Task<string>) => {
        task.fail(new Error('no'));
      },
    ],
  ])('start anew when the work has %s', async (_name, end) => {
    const [first, second] = [new Task<string>(), new Task<string>()];
    const early = join('a', first);
    expect(coalescer.isUnderWay('a')).toBe(true);
    end(first);
    await early.catch(() => undefined);
    expect(coalescer.isUnderWay('a')).toBe(false);
    const late = join('a', second);
    second.succeed('new');
    expect(await late).toBe('new');
  });
});

describe('callers', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['with different keys', 'a', 'b'],
    ['with no key', undefined, undefined],
    ['of whom one has no key', 'a', undefined],
  ])('%s share nothing', async (_name, one, other) => {
    const [first, second] = [new Task<string>(), new Task<string>()];
    const answers = [join(one, first), join(other, second)];
    first.succeed('first');
    second.succeed('second');
    expect(await Promise.all(answers)).toEqual(['first', 'second']);
  });
});

describe('the deadline', () => {
  it('is each caller’s own, and the work goes on for the others', async () => {
    const task = new Task<string>();
    const early = join('a', task);
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS / 2);
    const late = join('a', task);
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS / 2 - 1);
    expect(await isWaiting(early)).toBe(true);
    await jest.advanceTimersByTimeAsync(1);
    expect(await failureOf(early)).toBe('timeout');
    expect(task.abortedFor).toBeUndefined();
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS / 2 - 1);
    task.succeed('list');
    expect(await late).toBe('list');
  });

  it('of the last caller aborts the work', async () => {
    const task = new Task<string>();
    const answers = [join('a', task), join('a', task)];
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    for (const answer of answers) expect(await failureOf(answer)).toBe('timeout');
    expect(task.abortedFor).toBe('timeout');
  });

  it('says how long it was', async () => {
    const answer = join('a', new Task<string>());
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    await expect(answer).rejects.toThrow(`within ${String(TIMEOUT_MS)} ms`);
  });

  it('leaves no timer behind', async () => {
    const task = new Task<string>();
    const answers = [join('a', task), join('a', task)];
    expect(jest.getTimerCount()).toBe(2);
    task.succeed('list');
    await Promise.all(answers);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('work that hangs', () => {
  it('does not hold up those who come later', async () => {
    const [hung, next] = [new Task<string>(), new Task<string>()];
    void join('a', hung);
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS - 1);
    // Keeps the hung work alive beyond its first deadline.
    const joined = join('a', hung);
    await jest.advanceTimersByTimeAsync(1);
    expect(coalescer.isUnderWay('a')).toBe(false);
    const late = join('a', next);
    expect(next.starts).toBe(1);

    hung.succeed('old');
    expect(await joined).toBe('old');
    // Its end is not the end of the work that took its place.
    expect(coalescer.isUnderWay('a')).toBe(true);
    const later = join('a', new Task<string>());
    next.succeed('new');
    expect(await Promise.all([late, later])).toEqual(['new', 'new']);
  });
});

describe('a caller who hangs up', () => {
  it('leaves the work to the others', async () => {
    const task = new Task<string>();
    const caller = new Caller();
    const [gone, staying] = [join('a', task, caller), join('a', task)];
    caller.hangUp();
    expect(await failureOf(gone)).toBe('cancelled');
    expect(task.abortedFor).toBeUndefined();
    expect(coalescer.isUnderWay('a')).toBe(true);
    task.succeed('list');
    expect(await staying).toBe('list');
  });

  it('aborts the work as the last one, and no caller joins it any more', async () => {
    const [task, next] = [new Task<string>(), new Task<string>()];
    const callers = [new Caller(), new Caller()];
    const answers = callers.map((caller) => join('a', task, caller));
    for (const caller of callers) caller.hangUp();
    expect(task.abortedFor).toBe('cancelled');
    expect(coalescer.isUnderWay('a')).toBe(false);
    const late = join('a', next);
    next.succeed('new');
    expect(await late).toBe('new');
    // The work did not listen.
    for (const answer of answers) expect(await failureOf(answer)).toBe('cancelled');
  });

  it('learns from work that listens what else it knows', async () => {
    const caller = new Caller();
    const task = new Task<string>();
    const answer = join('a', task, caller);
    const error = new WaitError('cancelled', 'after two attempts');
    task.signal?.addEventListener('abort', () => {
      task.fail(error);
    });
    caller.hangUp();
    await expect(answer).rejects.toBe(error);
  });

  it('changes nothing when there is an answer already', async () => {
    const caller = new Caller();
    const task = new Task<string>();
    const answer = join('a', task, caller);
    task.succeed('list');
    expect(await answer).toBe('list');
    caller.hangUp();
    expect(task.abortedFor).toBeUndefined();
  });
});
