import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import { KEY_FORM } from '../config/rules/secrets.js';
import { SecretFiles } from './secret-files.js';

const INTERVAL_MS = 30_000;

const folder = temporaryFolder();
let files: SecretFiles;

beforeEach(() => {
  Logger.overrideLogger(false);
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  files = new SecretFiles({ keyFileIntervalMs: INTERVAL_MS });
});

afterEach(() => {
  jest.useRealTimers();
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it('reads each file again at the interval, from the start to the end of the service', async () => {
  const opened = ['a', 'b'].map((name) => files.open('KEY_FILE', write(name, 'sk-one'), KEY_FORM));
  expect(jest.getTimerCount()).toBe(0);
  files.onApplicationBootstrap();
  for (const key of ['sk-two', 'sk-three']) {
    const changed = Promise.all(
      opened.map(
        (file) =>
          new Promise<string>((resolve) => {
            file.onChange(resolve);
          }),
      ),
    );
    for (const name of ['a', 'b']) write(name, key);
    jest.advanceTimersByTime(INTERVAL_MS);
    expect(await changed).toEqual([key, key]);
  }
  files.onApplicationShutdown();
  expect(jest.getTimerCount()).toBe(0);
});

it('reads no file before the interval is over', () => {
  const file = files.open('KEY_FILE', write('a', 'sk-one'), KEY_FORM);
  const refresh = jest.spyOn(file, 'refresh').mockResolvedValue();
  files.onApplicationBootstrap();
  jest.advanceTimersByTime(INTERVAL_MS - 1);
  expect(refresh).not.toHaveBeenCalled();
  jest.advanceTimersByTime(1);
  expect(refresh).toHaveBeenCalledTimes(1);
  files.onApplicationShutdown();
});

it('does nothing without a file', () => {
  files.onApplicationBootstrap();
  expect(jest.getTimerCount()).toBe(0);
  files.onApplicationShutdown();
});
