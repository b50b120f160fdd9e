import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolders } from '../../test/support/temporary-folder.js';
import type { VariableProblem } from './variables.js';

const LINES = `LOG_LEVEL=warn\r\nMAIN_MODEL_ENGINE=cohere\r\nCOHERE_API_KEY=sk-env\r\n`;
const NAMES = ['LOG_LEVEL', 'MAIN_MODEL_ENGINE', 'COHERE_API_KEY'];
const RULE = 'must be saved as UTF-8: in Windows PowerShell, "Out-File -Encoding utf8" does so, ">" does not';

/** What stops the start. */
const problems: VariableProblem[] = [];
jest.unstable_mockModule('./variables.js', () => ({
  addProblem: (problem: VariableProblem) => problems.push(problem),
}));
const { loadEnvFile } = await import('./env-file.js');

const newFolder = temporaryFolders();
let path: string;

beforeEach(() => {
  path = join(newFolder(), '.env');
  problems.length = 0;
  for (const name of NAMES) Reflect.deleteProperty(process.env, name);
});

function variables(): Record<string, string | undefined> {
  return Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
}

describe('a .env', () => {
  it.each<[what: string, content: Buffer]>([
    ['UTF-16 with a byte order mark, as PowerShell writes it', Buffer.from(`\uFEFF${LINES}`, 'utf16le')],
    ['UTF-16 without a byte order mark', Buffer.from(LINES, 'utf16le')],
    ['UTF-16 of the other byte order', Buffer.from(`\uFEFF${LINES}`, 'utf16le').swap16()],
    ['Latin-1', Buffer.from(`# schl\u00fcssel\r\n${LINES}`, 'latin1')],
  ])('in %s is refused', async (_what, content) => {
    await writeFile(path, content);
    loadEnvFile(path);
    expect(problems).toEqual([{ variable: '.env', rule: RULE }]);
    expect(variables()).toEqual({});
  });

  it('that is a folder is refused', async () => {
    await mkdir(path);
    loadEnvFile(path);
    expect(problems).toEqual([{ variable: '.env', rule: 'must be a readable file' }]);
  });

  it.each<[what: string, content: string]>([
    ['with a byte order mark', `\uFEFF${LINES}`],
    ['with letters beyond ASCII', `# schl\u00fcssel\n${LINES}`],
  ])('in UTF-8 %s is read from its first variable on', async (_what, content) => {
    await writeFile(path, content);
    loadEnvFile(path);
    const read = { LOG_LEVEL: 'warn', MAIN_MODEL_ENGINE: 'cohere', COHERE_API_KEY: 'sk-env' };
    expect([problems, variables()]).toEqual([[], read]);
    // The environment wins.
    process.env['LOG_LEVEL'] = 'info';
    loadEnvFile(path);
    expect([problems, variables()]).toEqual([[], { ...read, LOG_LEVEL: 'info' }]);
  });
});
