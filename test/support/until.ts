import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 5;
/** Long enough for a busy machine, and shorter than the time-outs of services that no test waits for, 60 s. */
const PATIENCE_MS = 40_000;

/**
 * Waits for what announces itself with no event.
 * @param what completes the sentence "waited in vain until …"
 * @returns the first value that is neither `undefined` nor `false`
 */
export async function until<T>(
  what: string,
  find: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    await sleep(INTERVAL_MS);
  }
  throw new Error(`waited in vain until ${what}`);
}
