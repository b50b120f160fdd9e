/** The built page beside this file, or beside the bundle that this file is in. Tests put a build of their own here. */
export const PAGE_URL = new URL('./page.html', import.meta.url);
