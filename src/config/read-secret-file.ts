import { readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** No secret is longer; a path that is wrong may lead to anything. */
const MAX_BYTES = 65_536;

/**
 * The text of a file that holds a secret, without the white space around it.
 * @returns undefined when there is no such file, or when it is too large, empty, or cannot be read
 */
export async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    return isSmallFile(await stat(path)) ? textOf(await readFile(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

/** The same for the start, where the configuration is checked before anything else runs. */
export function readSecretFileSync(path: string): string | undefined {
  try {
    return isSmallFile(statSync(path)) ? textOf(readFileSync(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

/** Opening a pipe would wait for its writer. */
function isSmallFile(stats: Stats): boolean {
  return stats.isFile() && stats.size <= MAX_BYTES;
}

function textOf(text: string): string | undefined {
  return text.trim() || undefined;
}
