import { ask } from './redis-replicas.js';
import { secret } from './start-gateway.js';

const CALLERS = 4;
let loads = 0;

/**
 * Lets callers ask a gateway while something happens. Each request has its own key, so it needs the Redis.
 * @returns the statuses of all answers
 */
export async function underLoad(
  gateway: { readonly url: string },
  happen: () => Promise<void>,
): Promise<number[]> {
  const statuses: number[] = [];
  const load = { number: (loads += 1), isOver: false };
  const caller = async (name: number): Promise<void> => {
    for (let turn = 0; !load.isOver; turn += 1) {
      const key = secret(`load-${[load.number, name, turn].join('-')}`);
      const response = await ask(gateway, { 'x-api-key': key });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
  };
  const callers = Promise.all(Array.from({ length: CALLERS }, (_value, name) => caller(name)));
  try {
    await happen();
  } finally {
    load.isOver = true;
    await callers;
  }
  return statuses;
}
