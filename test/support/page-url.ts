import { pathToFileURL } from 'node:url';

/** Stands in for `src/page/page-url.ts`: the page that the global set-up has built. */
export const PAGE_URL = pathToFileURL(process.env['TEST_PAGE'] ?? '');
