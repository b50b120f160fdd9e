import { readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** Hardly any secret is longer; a wrong path may lead to a file of any size. */
const MAX_BYTES = 65_536;

/**
 * The text of a file that holds a secret, without the white space around it.
 * @returns undefined when the file is missing, too large, empty or unreadable
 */
export async function readSecretFile(path: string, maxBytes = MAX_BYTES): Promise<string | undefined> {
  try {
    return isSmallFile(await stat(path), maxBytes) ? textOf(await readFile(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

/** The synchronous form of `readSecretFile`, for the check of the configuration at start. */
export function readSecretFileSync(path: string, maxBytes = MAX_BYTES): string | undefined {
  try {
    return isSmallFile(statSync(path), maxBytes) ? textOf(readFileSync(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

/** Opening a pipe would wait for its writer. */
function isSmallFile(stats: Stats, maxBytes: number): boolean {
  return stats.isFile() && stats.size <= maxBytes;
}

function textOf(text: string): string | undefined {
  return text.trim() || undefined;
}
