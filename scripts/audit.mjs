/** Reads `npm audit --json` from the standard input: fails on findings only, not where there is no audit. */
import { text } from 'node:stream/consumers';

const { vulnerabilities, message = 'no answer' } = JSON.parse((await text(process.stdin)) || '{}');
if (vulnerabilities === undefined) {
  console.log(`not audited, as the registry offers no audit: ${message.split(' - ')[0]}`);
} else {
  const findings = Object.values(vulnerabilities);
  for (const { name, severity, range } of findings) console.log(`${severity}: ${name} ${range}`);
  console.log(`${findings.length} vulnerable packages`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
