import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { describeWithProgram, programPath } from './program.js';

/** Debian has Chromium's headless shell as a package of its own: its pages take a third of the CPU. */
const PROGRAM = ['chromium-headless-shell', 'chromium'].find((name) => programPath(name)) ?? 'chromium';
const LAUNCH_TIMEOUT_MS = 60_000;

/** Declares tests that need a browser. Without one they are skipped, unless REQUIRE_CHROMIUM is `true`. */
export function describeWithBrowser(name: string, tests: () => void): void {
  describeWithProgram(PROGRAM, 'REQUIRE_CHROMIUM', name, tests);
}

/** Starts the Chromium of this machine. */
export function startBrowser(): Promise<Browser> {
  const executablePath = programPath(PROGRAM);
  if (executablePath === undefined) throw new Error(`${PROGRAM} is not on the PATH`);
  return chromium.launch({
    executablePath,
    // In a container, root's processes have no sandbox and little shared memory.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    timeout: LAUNCH_TIMEOUT_MS,
  });
}
