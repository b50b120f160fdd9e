import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** Longer than a connection on loopback takes, also on a busy machine. */
const SILENCE_MS = 500;

/** Listens, and stops before it accepts a connection. */
const LISTENER = `
  const { parentPort, workerData } = require('node:worker_threads');
  require('node:net').createServer().listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage('listening');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/**
 * Makes an address answer no attempt to connect, as behind a firewall that drops packets: its queue of connections that
 * wait to be accepted is full, so the kernel drops what comes.
 */
export async function startDeadAddress(host: string, port: number): Promise<{ close(): Promise<void> }> {
  const worker = new Worker(LISTENER, { eval: true, workerData: { host, port } });
  await once(worker, 'message');
  const waiting: Socket[] = [];
  for (let isTaken = true; isTaken;) {
    const socket = connect(port, host).on('error', () => undefined);
    waiting.push(socket);
    isTaken = await Promise.race([once(socket, 'connect').then(() => true), sleep(SILENCE_MS, false)]);
  }
  return {
    async close() {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}
