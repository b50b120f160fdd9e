// Prints the notes of a version, from the changelog on stdin, with links to files below a URL:
// node scripts/release-notes.mjs 1.2.3 https://github.com/OWNER/NAME/blob/v1.2.3 <CHANGELOG.md
import { text } from 'node:stream/consumers';

const [version, files] = process.argv.slice(2);
const sections = (await text(process.stdin)).split(/^(?=## )/m);
const section = sections.find((each) => each.startsWith(`## [${version}]`));
const [heading = '', ...lines] = (section ?? '').split('\n');
// A release is no file of the repository, so that relative links would lead nowhere.
const notes = lines
  .join('\n')
  .trim()
  .replace(/\]\((?!\w+:)/g, `](${files}/`);
if (!/ - \d{4}-\d{2}-\d{2}$/.test(heading) || notes === '') {
  console.error(`the changelog has no notes with a date for ${version}`);
  process.exit(1);
}
console.log(notes);
