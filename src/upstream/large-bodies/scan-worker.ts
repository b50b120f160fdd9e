import { parentPort } from 'node:worker_threads';
import { scanBody } from './scan-body.js';
import type { ScannedBody } from './scan-body.js';

/** The thread that scans large bodies: one in, one out, undefined for what is not JSON. */
parentPort?.on('message', (body: Uint8Array) => {
  parentPort?.postMessage(scanned(Buffer.from(body.buffer, body.byteOffset, body.byteLength)));
});

function scanned(body: Buffer): ScannedBody | undefined {
  try {
    return scanBody(body);
  } catch {
    return undefined;
  }
}
