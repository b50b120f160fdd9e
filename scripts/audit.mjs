/** Reads `npm audit --json` from the standard input. Fails on findings, and when the registry did not answer. */
import { text } from 'node:stream/consumers';

const { vulnerabilities, message = 'no answer' } = JSON.parse((await text(process.stdin)).trim() || '{}');
if (vulnerabilities === undefined) {
  console.log(`not audited: ${message.split(' - ')[0]}`);
  // A registry without this route is accepted; any other failed audit is an error.
  process.exitCode = /^40[45] /.test(message) ? 0 : 1;
} else {
  const findings = Object.values(vulnerabilities);
  for (const { name, severity, range } of findings) console.log(`${severity}: ${name} ${range}`);
  console.log(`${findings.length} vulnerable packages`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
