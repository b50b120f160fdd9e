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
  describeIf(runs, `${program} is not on the PATH`, name, tests);
}

/**
 * Declares tests that need npm packages which are too large for `devDependencies`. They are skipped, unless a variable
 * names the folder that they are installed in.
 */
export function describeWithPackages(variable: string, name: string, tests: (folder: string) => void): void {
  const folder = process.env[variable] ?? '';
  describeIf(folder !== '', `${variable} is not set`, name, () => {
    tests(folder);
  });
}

function describeIf(runs: boolean, reason: string, name: string, tests: () => void): void {
  // Contributors may lack a program or a package. CI has all of them, so that it skips no test.
  (runs ? describe : describe.skip)(name, tests);
  if (!runs) process.stderr.write(`${reason}: the tests "${name}" are left out\n`);
}
