import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Script } from './fake-upstream.js';
import { until } from './until.js';

/** A provider's answers, which wait until a test releases them. */
interface HeldAnswers {
  readonly script: Script;
  /** Waits for this many requests and answers all of them. Later requests wait again. */
  release(count: number): Promise<void>;
  /** Resolves when the gateway has aborted the first request. */
  abandoned(): Promise<void>;
}

/** @param answer the script of the released answers */
export function heldAnswers(answer: Script): HeldAnswers {
  const held: (() => void)[] = [];
  const responses: ServerResponse[] = [];
  return {
    script(request, response) {
      responses.push(response);
      held.push(() => {
        answer(request, response);
      });
    },
    async release(count) {
      await until('the provider is asked', () => held.length >= count);
      for (const give of held.splice(0)) give();
    },
    async abandoned() {
      const response = await until('the provider is asked', () => responses[0]);
      if (!response.closed) await once(response, 'close');
      if (response.writableEnded) throw new Error('it was answered');
    },
  };
}
