import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { Caller, Task } from '../../test/support/task.js';
import { WAIT_ERRORS } from '../../test/support/wait-errors.js';
import { Coalescer } from './coalescer.js';

const TIMEOUT_MS = 100;

/** A caller that joined, and what became of it. */
interface Joined {
  readonly caller: Caller;
  readonly key: string;
  readonly at: number;
  outcome: 'waits' | 'result' | 'error';
}

/** Work that was started, and has not ended. */
interface Started {
  readonly key: string;
  readonly at: number;
  readonly task: Task<string>;
}

const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('join' as const), key: fc.constantFrom('a', 'b') }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('succeed' as const, 'fail' as const), at: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('hang up' as const), at: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 40, TIMEOUT_MS - 1, TIMEOUT_MS),
    }),
  },
);

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['Date'] });
});

afterEach(() => {
  jest.useRealTimers();
});

it('in any order each caller gets its own result, or an error at its deadline, and no work goes on that no caller waits for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30, size: 'max' }), async (events) => {
      const coalescer = new Coalescer<string>(TIMEOUT_MS, WAIT_ERRORS);
      const callers: Joined[] = [];
      const works: Started[] = [];
      let now = 0;
      const join = (key: string): void => {
        const joined: Joined = { caller: new Caller(), key, at: now, outcome: 'waits' };
        callers.push(joined);
        const shared = coalescer.isUnderWay(key);
        const task = new Task<string>();
        coalescer
          .join(
            key,
            (signal) => {
              // A caller that joins shares what is under way.
              if (shared) throw new Error('the work was started twice');
              const work = { key, at: now, task };
              works.push(work);
              signal.addEventListener('abort', () => {
                works.splice(works.indexOf(work), 1);
                task.fail(signal.reason as Error);
              });
              return task.work(signal);
            },
            joined.caller,
          )
          .then(
            (result) => {
              joined.outcome = result === key ? 'result' : 'waits';
            },
            () => {
              joined.outcome = 'error';
            },
          );
      };
      for (const next of events) {
        if (next.type === 'join') join(next.key);
        else if (next.type === 'hang up') callers[next.at % Math.max(1, callers.length)]?.caller.hangUp();
        else if (next.type === 'pass') {
          now += next.ms;
          await jest.advanceTimersByTimeAsync(next.ms);
        } else {
          const [work] = works.splice(next.at % Math.max(1, works.length), 1);
          if (next.type === 'succeed') work?.task.succeed(work.key);
          else work?.task.fail(new Error('no'));
        }
        await jest.advanceTimersByTimeAsync(0);
        const waiting = callers.filter(({ outcome }) => outcome === 'waits');
        expect(waiting.filter(({ at }) => now - at >= TIMEOUT_MS)).toEqual([]);
        expect(works.filter(({ key }) => !waiting.some((each) => each.key === key))).toEqual([]);
        expect(waiting.filter(({ key }) => !works.some((each) => each.key === key))).toEqual([]);
      }
      await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
      expect(callers.filter(({ outcome }) => outcome === 'waits')).toEqual([]);
      await jest.advanceTimersByTimeAsync(1);
      expect([works, jest.getTimerCount()]).toEqual([[], 0]);
    }),
    runs(100),
  );
});
