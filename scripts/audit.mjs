/** Reads `npm audit --json` from the standard input: fails on findings, and on anything but an answer of the registry. */
import { text } from 'node:stream/consumers';

const { vulnerabilities, message = 'no answer' } = JSON.parse((await text(process.stdin)).trim() || '{}');
if (vulnerabilities === undefined) {
  console.log(`not audited: ${message.split(' - ')[0]}`);
  // A mirror that has no such route is not a finding; an audit that did not get through is none either way.
  process.exitCode = /^40[45] /.test(message) ? 0 : 1;
} else {
  const findings = Object.values(vulnerabilities);
  for (const { name, severity, range } of findings) console.log(`${severity}: ${name} ${range}`);
  console.log(`${findings.length} vulnerable packages`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
