import { parse } from 'dotenv';
import { readFileSync } from 'node:fs';
import { addProblem } from './variables.js';

const FILE_RULE = 'must be a readable file';
const ENCODING_RULE =
  'must be saved as UTF-8: in Windows PowerShell, "Out-File -Encoding utf8" does so, ">" does not';

/**
 * Adds the variables of a `.env` file to the environment, except those that it has. The file need not exist, but one
 * that cannot be read fails `checkVariables`: without its variables, another provider could be asked.
 */
export function loadEnvFile(path: string): void {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) addProblem({ variable: '.env', rule: FILE_RULE });
    return;
  }
  const text = decode(content);
  if (text === undefined) {
    addProblem({ variable: '.env', rule: ENCODING_RULE });
    return;
  }
  for (const [name, value] of Object.entries(parse(text))) process.env[name] ??= value;
}

/** The text, without a byte order mark; undefined if the bytes are not UTF-8. */
function decode(content: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    // English text in UTF-16 is valid UTF-8, with a NUL beside each character.
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
