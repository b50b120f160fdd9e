import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Folders whose documents are not ours. */
const FOREIGN = new Set(['node_modules', 'dist', 'coverage', 'reports', '.git']);

/** The paths of all documents in Markdown, relative to the repository. */
export function markdownFiles(folder = ROOT): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [relative(ROOT, path)] : [];
  });
}

/**
 * The links of a document that lead nowhere: to no file of the repository, or to no heading of a document.
 * @param file its path, relative to the repository
 */
export function brokenLinks(file: string, text = read(file)): string[] {
  const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(file, link));
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const counts = new Map<string, number>();
  const headings = withoutFences(text).matchAll(/^#{1,6} +(.*?) *$/gm);
  return new Set(
    [...headings].map(([, heading = '']) => {
      const anchor = heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
        .replaceAll(' ', '-');
      const count = counts.get(anchor) ?? 0;
      counts.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${String(count)}`;
    }),
  );
}

function leadsSomewhere(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), decodeURIComponent(path));
  if (target.startsWith('..') || !existsSync(join(ROOT, target))) return false;
  return anchor === undefined || (target.endsWith('.md') && anchorsOf(read(target)).has(anchor));
}

/** A text without its code, in which nothing is a link. */
function prose(text: string): string {
  return withoutFences(text).replace(/(`+)[^`]*?\1/g, '');
}

function withoutFences(text: string): string {
  return text.replace(/^ *(```+).*\n[^]*?^ *\1 *$/gm, '');
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
