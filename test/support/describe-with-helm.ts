import { HELM } from './helm.js';
import { describeWithProgram } from './program.js';

/** Declares tests that need Helm. Without it they are skipped, unless REQUIRE_HELM is `true`. */
export function describeWithHelm(name: string, tests: () => void): void {
  describeWithProgram(HELM, 'REQUIRE_HELM', name, tests);
}
