// @ts-check
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';

/*
 * `npm run blocks`: runs the examples of the documents against a gateway with a mock vLLM, that of `npm run demo` unless
 * an argument has another URL. A block below `<!-- run -->` is run, and one below `<!-- prints -->` has to be what the
 * block before it printed.
 */
const SHOWN_URL = 'http://localhost:8000';
const LIMIT_MS = 60_000;
const BLOCK = /^<!-- (run|prints) -->\n\n```(\w+)\n([^]*?)^```$/gm;
/** The commands of each language, given its text. */
const COMMANDS = {
  sh: (/** @type {string} */ code) => ['bash', '-euo', 'pipefail', '-c', code],
  js: (/** @type {string} */ code) => [process.execPath, '--input-type=module', '--eval', code],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const [url = SHOWN_URL] = process.argv.slice(2);
let blocks = 0;
const problems = [];
for (const file of await documents()) problems.push(...(await problemsOf(file)));
for (const problem of problems) console.error(problem);
console.log(`${blocks} blocks were run`);
if (problems.length > 0 || blocks === 0) process.exit(1);

async function documents() {
  const names = await readdir(`${root}docs`);
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

/** @type {(file: string) => Promise<string[]>} */
async function problemsOf(file) {
  const text = await readFile(root + file, 'utf8');
  const found = [];
  let printed = '';
  for (const { 1: mark, 2: language = '', 3: code = '', index } of text.matchAll(BLOCK)) {
    const place = `${file}:${text.slice(0, index).split('\n').length}`;
    if (mark === 'run') {
      blocks += 1;
      printed = await run(language, code).catch((error) => {
        found.push(`${place} fails: ${error.message}`);
        return '';
      });
    } else if (!isDeepStrictEqual(meaning(language, printed), meaning(language, code))) {
      found.push(`${place} is not what is printed: ${printed}`);
    }
  }
  return found;
}

/** @type {(language: string, code: string) => Promise<string>} */
async function run(language, code) {
  const command = COMMANDS[/** @type {keyof typeof COMMANDS} */ (language)];
  if (command === undefined) throw new Error(`no program is known for ${language}`);
  const [program = '', ...options] = command(code.replaceAll(SHOWN_URL, url));
  const { stdout } = await promisify(execFile)(program, options, { cwd: root, timeout: LIMIT_MS });
  return stdout;
}

/**
 * What is compared of an output: of JSON the values, but no date, which is the time of the first request.
 * @type {(language: string, text: string) => unknown}
 */
function meaning(language, text) {
  if (language !== 'json') return text.trim();
  try {
    return JSON.parse(text, (key, value) => (key === 'created' || key === 'created_at' ? null : value));
  } catch {
    return text;
  }
}
