import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FileContent } from '../content/static-file.js';
import { VERSION } from '../version.js';
import { PAGE_URL } from './page-url.js';

/** The link to the API documentation, as the page has it. */
const DOCS_LINK = /<a id="docs"[^>]*>[^<]*<\/a>/;

/**
 * The catalogue page, as `scripts/page.mjs` has built it.
 * @param linksDocs whether there is an API documentation to link to
 * @throws Error when the page has not been built
 */
export async function readPage(linksDocs: boolean): Promise<FileContent> {
  const built = (await readFile(PAGE_URL, 'utf8')).replace('%VERSION%', VERSION);
  const html = linksDocs ? built : built.replace(DOCS_LINK, '');
  return {
    contentType: 'text/html; charset=utf-8',
    body: Buffer.from(html),
    headers: {
      'content-security-policy': policyOf(html),
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  };
}

/**
 * The page runs its own script and style only, talks to its own origin only, cannot turn text into markup, and is shown
 * in no frame.
 * @see https://www.w3.org/TR/CSP3/
 */
function policyOf(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashesOf('script', html)}`,
    `style-src ${hashesOf('style', html)}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** The hashes of the texts of all elements with a name. */
function hashesOf(element: string, html: string): string {
  return [...html.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))]
    .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ');
}
