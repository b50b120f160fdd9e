import type { ServerResponse } from 'node:http';

/** Smaller bodies go into the buffers of the system at once. */
const MIN_BYTES = 65_536;
/** The most that bodies of answers may take which clients have not read yet. */
const MAX_BYTES = 67_108_864;

/**
 * Bounds the memory of answers that clients do not read: beyond the bound the oldest one is cut off. A body that several
 * clients get counts once.
 */
export class UnreadAnswers {
  /** Oldest first. */
  private readonly bodies = new Map<ServerResponse, Buffer>();
  private readonly clients = new Map<Buffer, number>();
  private bytes = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  /** Notes that a body is about to be sent. */
  add(answer: ServerResponse, body: Buffer): void {
    // An answer whose client has gone is not closed once more.
    if (body.length < MIN_BYTES || answer.destroyed) return;
    const clients = this.clients.get(body) ?? 0;
    this.clients.set(body, clients + 1);
    if (clients === 0) this.bytes += body.length;
    this.bodies.set(answer, body);
    answer.once('close', () => {
      this.remove(answer);
    });
    for (const [oldest] of this.bodies) {
      if (this.bytes <= this.maxBytes || oldest === answer) return;
      this.remove(oldest);
      // Not only closed: the system would keep what it has taken until the client reads it.
      oldest.socket?.resetAndDestroy();
      oldest.destroy();
    }
  }

  private remove(answer: ServerResponse): void {
    const body = this.bodies.get(answer);
    if (body === undefined) return;
    this.bodies.delete(answer);
    const clients = (this.clients.get(body) ?? 1) - 1;
    if (clients > 0) {
      this.clients.set(body, clients);
      return;
    }
    this.clients.delete(body);
    this.bytes -= body.length;
  }
}
