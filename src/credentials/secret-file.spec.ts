import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { execFileSync } from 'node:child_process';
import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logged } from '../../test/support/logged.js';
import { temporaryFolders } from '../../test/support/temporary-folder.js';
import { ConfigurationError } from '../config/variables.js';
import { KEY_FORM } from '../config/rules/secrets.js';
import { SecretFile } from './secret-file.js';

const BROKEN =
  'warn: VLLM_API_KEY_FILE must be the path of a readable file that holds one line of visible ASCII characters ' +
  'without spaces: the last valid value stays in use';
const SAME = 'log: VLLM_API_KEY_FILE can be read again; its value has not changed';
const NEW = 'log: A new value was read from VLLM_API_KEY_FILE';

const newFolder = temporaryFolders();
let folder: string;
let path: string;
let lines: string[];

beforeEach(async () => {
  folder = newFolder();
  path = join(folder, 'key');
  await writeFile(path, 'sk-one\n');
  lines = logged();
});

afterEach(() => {
  Logger.overrideLogger(false);
});

describe('SecretFile', () => {
  function open(at = path): SecretFile<string> {
    return new SecretFile('VLLM_API_KEY_FILE', at, KEY_FORM);
  }

  it('reads the key when it is created', () => {
    expect(open().current).toBe('sk-one');
  });

  it('returns the same object while the text is the same', async () => {
    const file = new SecretFile('VLLM_API_KEY_FILE', path, { ...KEY_FORM, parse: (text) => ({ text }) });
    const { current } = file;
    await writeFile(path, '  sk-one  ');
    await file.refresh();
    expect(file.current).toBe(current);
    expect(lines).toEqual([]);
  });

  it('logs that it has read a new key', async () => {
    const file = open();
    await writeFile(path, 'sk-two\n');
    await file.refresh();
    await file.refresh();
    expect(file.current).toBe('sk-two');
    expect(lines).toEqual([NEW]);
  });

  it('calls its listeners with each new key, and only then', async () => {
    const file = open();
    const keys: string[] = [];
    file.onChange((key) => keys.push(key));
    await file.refresh();
    for (const key of ['sk-two', '', 'sk-two', 'sk-one']) {
      await writeFile(path, key);
      await file.refresh();
    }
    expect(keys).toEqual(['sk-two', 'sk-one']);
  });

  it('notices a key of the same length written at the same time', async () => {
    const file = open();
    await writeFile(path, 'sk-onf\n');
    await file.refresh();
    expect(file.current).toBe('sk-onf');
  });

  it.each([
    ['removed', () => rm(path)],
    ['emptied', () => writeFile(path, '')],
    ['filled with two lines', () => writeFile(path, 'sk-a\nsk-b\n')],
    ['filled with control characters', () => writeFile(path, 'sk-\u0007a')],
  ])('keeps the last key when the file is %s, and warns once', async (_name, damage) => {
    const file = open();
    await damage();
    await file.refresh();
    await file.refresh();
    expect(file.current).toBe('sk-one');
    expect(lines).toEqual([BROKEN]);
    await writeFile(path, 'sk-one');
    await file.refresh();
    await file.refresh();
    expect(lines).toEqual([BROKEN, SAME]);
    await damage();
    await file.refresh();
    await writeFile(path, 'sk-two');
    await file.refresh();
    expect(file.current).toBe('sk-two');
    expect(lines).toEqual([BROKEN, SAME, BROKEN, NEW]);
  });

  it.each([
    ['in quotes', '"sk-SECRET0"', 'is in quotes, which would be part of it'],
    ['as NAME=value', 'VLLM_API_KEY=sk-SECRET0', 'has the form NAME=value, and only the value belongs here'],
    ['in UTF-16', Buffer.from('\uFEFFsk-SECRET0', 'utf16le'), 'is not saved as UTF-8'],
  ])(
    'keeps the last key when the next one comes %s, and warns once with the reason',
    async (_how, content, reason) => {
      const file = open();
      await writeFile(path, content);
      await file.refresh();
      await file.refresh();
      expect(file.current).toBe('sk-one');
      expect(lines).toEqual([BROKEN.replace(': the', `; this ${reason}: the`)]);
      expect(() => open()).toThrow(`; this ${reason}`);
      expect(() => open()).not.toThrow('SECRET0');
      await writeFile(path, 'sk-two');
      await file.refresh();
      expect(file.current).toBe('sk-two');
    },
  );

  it('does not wait for the writer of a pipe that replaces the file', async () => {
    const file = open();
    await rm(path);
    execFileSync('mkfifo', [path]);
    await file.refresh();
    expect(file.current).toBe('sk-one');
    expect(lines).toEqual([BROKEN]);
    expect(() => open()).toThrow(ConfigurationError);
  });

  it('reads once at a time, as reads would pile up where the file system hangs', async () => {
    const parse = jest.fn(KEY_FORM.parse);
    const file = new SecretFile('VLLM_API_KEY_FILE', path, { ...KEY_FORM, parse });
    await writeFile(path, 'no key');
    await Promise.all([file.refresh(), file.refresh(), file.refresh()]);
    expect(parse.mock.calls).toEqual([['sk-one'], ['no key']]);
    await file.refresh();
    expect(parse).toHaveBeenCalledTimes(3);
  });

  it('follows a symbolic link that is replaced', async () => {
    await writeFile(join(folder, 'two'), 'sk-two');
    const link = join(folder, 'link');
    await symlink(path, link);
    const file = open(link);
    await symlink(join(folder, 'two'), `${link}.new`);
    await rename(`${link}.new`, link);
    await file.refresh();
    expect(file.current).toBe('sk-two');
  });

  it('rejects a file without a valid key, and does not show its text', async () => {
    await writeFile(path, 'sk-one sk-two');
    expect(() => open()).toThrow(ConfigurationError);
    expect(() => open()).toThrow(/^The configuration is not valid:\n {2}VLLM_API_KEY_FILE must be [\w ]+$/);
  });
});
