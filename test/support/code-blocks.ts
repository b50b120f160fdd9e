import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './markdown.js';

/** A fenced block of a document. */
export interface CodeBlock {
  /** Its document and line, such as `docs/api.md:9`. */
  readonly place: string;
  readonly language: string;
  /** The word after the language: how the block is checked, or why it is not. Empty when there is none. */
  readonly mode: string;
  /** The rest of that line. */
  readonly argument: string;
  /** The text, without the indentation of a list. */
  readonly code: string;
}

const FENCE = /^( *)```(\S*) *(\S*) *(.*)\n([^]*?)^\1```$/gm;

/**
 * The blocks of a document, in their order.
 * @param file its path, relative to the repository
 */
export function codeBlocks(file: string, text = readFileSync(join(ROOT, file), 'utf8')): CodeBlock[] {
  return [...text.matchAll(FENCE)].map(
    ({ 1: indentation = '', 2: language = '', 3: mode = '', 4: argument = '', 5: code = '', index }) => ({
      place: `${file}:${String(text.slice(0, index).split('\n').length)}`,
      language,
      mode,
      argument,
      code: code.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
    }),
  );
}
