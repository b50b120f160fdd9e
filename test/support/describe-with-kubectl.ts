import { describeWithProgram } from './program.js';

/** Declares tests that need kubectl. Without it they are skipped, unless REQUIRE_KUBECTL is `true`. */
export function describeWithKubectl(name: string, tests: () => void): void {
  describeWithProgram('kubectl', 'REQUIRE_KUBECTL', name, tests);
}
