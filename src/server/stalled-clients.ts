import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { SYSTEM_CLOCK } from '../concurrency/clock.js';

/** How long a client may take without reading any of its answer, ms. */
const MAX_STALL_MS = 30_000;
const CHECK_INTERVAL_MS = 1000;

/** What a connection has sent, and since when it has sent no more. */
interface Progress {
  readonly sent: number;
  readonly since: number;
}

/**
 * Cuts off connections whose client does not read its answers. A time-out of Node.js's sockets would not do: input
 * resets it, and it judges progress once in its period.
 */
export function cutOffStalledClients(server: Server): void {
  const sockets = new Map<Socket, Progress | undefined>();
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  const checking = setInterval(() => {
    const now = SYSTEM_CLOCK.monotonic();
    for (const [socket, last] of sockets) {
      const queued = queuedBytes(socket);
      const sent = socket.bytesWritten - socket.writableLength - queued;
      if (queued === 0) sockets.set(socket, undefined);
      else if (last?.sent !== sent) sockets.set(socket, { sent, since: now });
      else if (now - last.since >= MAX_STALL_MS) socket.resetAndDestroy();
    }
  }, CHECK_INTERVAL_MS).unref();
  server.once('close', () => {
    clearInterval(checking);
  });
}

/** The bytes that the system has not taken yet. Node.js counts a write as a whole in what is public. */
function queuedBytes(socket: Socket & { _handle?: { writeQueueSize?: number } | null }): number {
  return socket._handle?.writeQueueSize ?? 0;
}
