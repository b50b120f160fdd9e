import { describe } from '@jest/globals';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program; undefined when it is not on the PATH. */
export function programPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Declares tests that need a program. Without it they are skipped, unless a variable requires them.
 * @param program its name on the PATH
 * @param requiredBy the variable that is `true` where the tests have to run
 */
export function describeWithProgram(
  program: string,
  requiredBy: string,
  name: string,
  tests: () => void,
): void {
  const runs = programPath(program) !== undefined || process.env[requiredBy] === 'true';
  // `npm test` needs Node.js only. CI sets the variable, so that it skips no test.
  (runs ? describe : describe.skip)(name, tests);
  if (!runs) process.stderr.write(`${program} is not on the PATH: the tests "${name}" are left out\n`);
}
