import { parentPort } from 'node:worker_threads';
import { scanBody } from './scan-body.js';
import type { ScannedBody } from './scan-body.js';

/** The answer to a body. */
export interface ScanReply {
  /** Undefined for what is not JSON. */
  readonly scanned: ScannedBody | undefined;
  /** The body, given back. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The thread that scans large bodies. It owns a body while it scans it. */
parentPort?.on('message', (bytes: Uint8Array<ArrayBuffer>) => {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reply: ScanReply = { scanned: scanned(body), bytes };
  parentPort?.postMessage(reply, [bytes.buffer]);
});

function scanned(body: Buffer): ScannedBody | undefined {
  try {
    return scanBody(body);
  } catch {
    return undefined;
  }
}
