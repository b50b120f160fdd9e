import { describe } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { programPath } from './program.js';

const PROGRAM = 'chromium';
const LAUNCH_TIMEOUT_MS = 20_000;

/** Declares tests that need a browser. Without one they are left out, unless REQUIRE_CHROMIUM says that they must not. */
export function describeWithBrowser(name: string, tests: () => void): void {
  const runs = programPath(PROGRAM) !== undefined || process.env['REQUIRE_CHROMIUM'] === 'true';
  (runs ? describe : describe.skip)(name, tests);
  if (!runs) process.stderr.write(`${PROGRAM} is not on the PATH: the tests "${name}" are left out\n`);
}

/** Starts the Chromium of this machine. */
export function startBrowser(): Promise<Browser> {
  const executablePath = programPath(PROGRAM);
  if (executablePath === undefined) throw new Error(`${PROGRAM} is not on the PATH`);
  return chromium.launch({
    executablePath,
    // Containers give root's processes no sandbox, and little shared memory.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    timeout: LAUNCH_TIMEOUT_MS,
  });
}
