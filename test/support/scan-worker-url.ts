import { pathToFileURL } from 'node:url';

/** Stands in for `src/upstream/large-bodies/scan-worker-url.ts`: the worker that the global set-up has compiled. */
export const SCAN_WORKER_URL = pathToFileURL(process.env['TEST_SCAN_WORKER'] ?? '');
