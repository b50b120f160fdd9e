import { readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** No key is longer; a path that is wrong may lead to anything. */
const MAX_BYTES = 65_536;
/** What can stand in an HTTP header (RFC 9110, section 5.5, without its obsolete forms). */
export const KEY = /^[\x21-\x7e]+$/;

/**
 * The key in a file, without the white space around it.
 * @returns undefined when there is no such file, when it cannot be read, and when it holds no key
 */
export async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    return isSmallFile(await stat(path)) ? keyIn(await readFile(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

/** The same for the start, where the configuration is checked before anything else runs. */
export function readKeyFileSync(path: string): string | undefined {
  try {
    return isSmallFile(statSync(path)) ? keyIn(readFileSync(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

/** Opening a pipe would wait for its writer. */
function isSmallFile(stats: Stats): boolean {
  return stats.isFile() && stats.size <= MAX_BYTES;
}

function keyIn(text: string): string | undefined {
  const key = text.trim();
  return KEY.test(key) ? key : undefined;
}
