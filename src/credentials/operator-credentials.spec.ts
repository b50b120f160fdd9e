import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineNames } from '../config/engine-variables.js';
import { ConfigurationError } from '../config/variables.js';
import type { Credential } from './credential.js';
import { KeyFile } from './key-file.js';
import { OperatorCredentials } from './operator-credentials.js';

const BROKEN =
  'VLLM_API_KEY_FILE must be the path of a readable file that holds one line of visible ASCII characters ' +
  'without spaces: the key that was last read stays in use';
const SAME = 'VLLM_API_KEY_FILE can be read again, and the key is the same';
const NEW = 'A new key was read from VLLM_API_KEY_FILE';

let folder: string;
let path: string;
let logged: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-gateway-'));
  path = join(folder, 'key');
  await writeFile(path, 'sk-one\n');
  logged = [];
  const keep = (message: unknown): void => {
    logged.push(String(message));
  };
  const logger: LoggerService = { log: keep, warn: keep, error: keep };
  Logger.overrideLogger(logger);
});

afterEach(async () => {
  Logger.overrideLogger(false);
  await rm(folder, { recursive: true });
});

describe('KeyFile', () => {
  function open(): KeyFile {
    return new KeyFile('VLLM_API_KEY_FILE', path);
  }

  it('has the key at once, and its own name', () => {
    expect(open().credential).toEqual({
      variable: 'VLLM_API_KEY_FILE',
      authorization: 'Bearer sk-one',
      token: 'sk-one',
    });
  });

  it('gives the same credential as long as the key is the same', async () => {
    const file = open();
    const { credential } = file;
    await writeFile(path, '  sk-one  ');
    await file.refresh();
    expect(file.credential).toBe(credential);
    expect(logged).toEqual([]);
  });

  it('says when it has read a new key', async () => {
    const file = open();
    await writeFile(path, 'sk-two\n');
    await file.refresh();
    await file.refresh();
    expect(file.credential.authorization).toBe('Bearer sk-two');
    expect(logged).toEqual([NEW]);
  });

  it('sees a key of the same length with the same time', async () => {
    const file = open();
    await writeFile(path, 'sk-onf\n');
    await file.refresh();
    expect(file.credential.token).toBe('sk-onf');
  });

  it.each([
    ['removed', () => rm(path)],
    ['emptied', () => writeFile(path, '')],
    ['filled with two lines', () => writeFile(path, 'sk-a\nsk-b\n')],
    ['filled with control characters', () => writeFile(path, 'sk-\u0000a')],
  ])('keeps the last key when it is %s, and says so once', async (_name, damage) => {
    const file = open();
    await damage();
    await file.refresh();
    await file.refresh();
    expect(file.credential.token).toBe('sk-one');
    expect(logged).toEqual([BROKEN]);
    await writeFile(path, 'sk-one');
    await file.refresh();
    await file.refresh();
    expect(logged).toEqual([BROKEN, SAME]);
    await damage();
    await file.refresh();
    await writeFile(path, 'sk-two');
    await file.refresh();
    expect(file.credential.token).toBe('sk-two');
    expect(logged).toEqual([BROKEN, SAME, BROKEN, NEW]);
  });

  it('follows a link that is swapped', async () => {
    await writeFile(join(folder, 'two'), 'sk-two');
    const link = join(folder, 'link');
    await symlink(path, link);
    const file = new KeyFile('VLLM_API_KEY_FILE', link);
    await symlink(join(folder, 'two'), `${link}.new`);
    await rename(`${link}.new`, link);
    await file.refresh();
    expect(file.credential.token).toBe('sk-two');
  });

  it('is refused without a key in it, which is not shown', async () => {
    await writeFile(path, 'sk-one sk-two');
    expect(open).toThrow(ConfigurationError);
    expect(open).toThrow(/^The configuration is not valid:\n {2}VLLM_API_KEY_FILE must be [\w ]+$/);
  });
});

describe('OperatorCredentials', () => {
  it('takes the first variable that is set, itself or by a file', () => {
    const config = {
      keys: new Map([
        ['OPENAI_API_KEY', 'sk-plain'],
        ['NVIDIA_API_KEY', 'sk-nvidia'],
      ]),
      keyFiles: new Map([['VLLM_API_KEY', path]]),
      keyFileIntervalMs: 100,
      keyVariables: (_names: EngineNames, declared: readonly string[]) => declared,
    };
    const credentials = new OperatorCredentials(config);
    const keyOf = (...keyVariables: string[]): Credential | undefined =>
      credentials.sourceFor({ engine: 'vllm', aliases: [], keyVariables })?.credential;
    expect(keyOf('VLLM_API_KEY', 'OPENAI_API_KEY')?.variable).toBe('VLLM_API_KEY_FILE');
    expect(keyOf('OPENAI_API_KEY', 'VLLM_API_KEY')?.variable).toBe('OPENAI_API_KEY');
    expect(keyOf('NVIDIA_API_KEY', 'VLLM_API_KEY')?.token).toBe('sk-nvidia');
    expect(keyOf('COHERE_API_KEY')).toBeUndefined();
  });
});
