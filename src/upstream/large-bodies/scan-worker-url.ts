/** The compiled worker beside this file, or beside the bundle that this file is in. Tests put a build of their own here. */
export const SCAN_WORKER_URL = new URL('./scan-worker.js', import.meta.url);
