import { afterAll } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder, which is removed after the tests of the block that asks for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'models-gateway-'));
  afterAll(() => rm(folder, { recursive: true }));
  return folder;
}

/** Makes new folders, which are removed after the tests of the block that asks for this function. */
export function temporaryFolders(): () => string {
  const parent = temporaryFolder();
  return () => mkdtempSync(join(parent, 'folder-'));
}
