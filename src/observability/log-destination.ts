import { fstatSync, write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** How many characters are gathered before they are written, and how long they wait at most. */
const CHUNK_LENGTH = 32_768;
const FLUSH_INTERVAL_MS = 100;
/** How many characters may wait for a reader that is slow. */
const MAX_PENDING_LENGTH = 1_048_576;
/** How soon a full pipe is tried again. */
const RETRY_MS = 5;
/** How long the end of the process waits for a reader that is slow. */
const FINAL_FLUSH_MS = 500;

const NEW_LINE = 0x0a;

interface Output {
  readonly fd: number;
  readonly isTTY?: boolean;
  /** Not public. */
  readonly _handle?: { setBlocking?(blocks: boolean): number };
}

/**
 * Writes log lines to a file descriptor. It never holds up or ends the process: lines are lost while the disk is full, the
 * reader has gone, or it has fallen too far behind.
 *
 * A pipe or a terminal is written from this thread, as it never blocks (Node.js makes the pipe of standard output
 * non-blocking); a write that might block happens in another thread. Waking that thread costs more than making a line, so it gets many at once.
 */
export class LogDestination implements DestinationStream {
  private lines: string[] = [];
  private length = 0;
  /** What is being written, or what is left of it. */
  private chunk: Buffer | undefined;
  private readonly neverBlocks: boolean;
  private lost = 0;

  private readonly fd: number;

  /** @param stream standard output. Reading `process.stdout` makes Node.js open the pipe non-blocking. */
  constructor(stream: Output) {
    this.fd = stream.fd;
    const stats = fstatSync(this.fd);
    this.neverBlocks = stats.isFIFO() || stats.isSocket() || unblockTerminal(stream);
    setInterval(() => {
      this.flush();
    }, FLUSH_INTERVAL_MS).unref();
    process.on('exit', () => {
      this.flushAtExit();
    });
  }

  /** Lines that were never written. */
  get lostLines(): number {
    return this.lost;
  }

  write(line: string): void {
    if (this.length >= MAX_PENDING_LENGTH) {
      this.lost += 1;
      return;
    }
    this.lines.push(line);
    this.length += line.length;
    if (this.length >= CHUNK_LENGTH) this.flush();
  }

  private flush(): void {
    if (this.chunk !== undefined || this.length === 0) return;
    this.chunk = this.takePending();
    this.writeChunk();
  }

  private takePending(): Buffer {
    const pending = Buffer.from(this.lines.join(''));
    this.lines = [];
    this.length = 0;
    return pending;
  }

  private writeChunk(): void {
    const { chunk } = this;
    if (chunk === undefined) return;
    if (this.neverBlocks) {
      try {
        this.written(chunk, writeSync(this.fd, chunk));
      } catch (error) {
        this.failed(chunk, error);
      }
      return;
    }
    write(this.fd, chunk, 0, chunk.length, null, (error, bytes) => {
      if (error === null) this.written(chunk, bytes);
      else this.failed(chunk, error);
    });
  }

  private written(chunk: Buffer, bytes: number): void {
    if (bytes === chunk.length) {
      this.chunk = undefined;
      return;
    }
    this.chunk = chunk.subarray(bytes);
    this.retryLater();
  }

  private failed(chunk: Buffer, error: unknown): void {
    if (isFullPipe(error)) {
      this.retryLater();
      return;
    }
    this.chunk = undefined;
    this.lost += linesIn(chunk);
  }

  private retryLater(): void {
    setTimeout(() => {
      this.writeChunk();
    }, RETRY_MS).unref();
  }

  /** Another thread may be writing the chunk of a file; Node.js waits for it. */
  private flushAtExit(): void {
    const deadline = performance.now() + FINAL_FLUSH_MS;
    const chunk = this.neverBlocks ? this.chunk : undefined;
    let rest = chunk === undefined ? this.takePending() : Buffer.concat([chunk, this.takePending()]);
    while (rest.length > 0 && performance.now() < deadline) {
      try {
        rest = rest.subarray(writeSync(this.fd, rest));
      } catch (error) {
        if (!isFullPipe(error)) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
  }
}

/** Node.js makes writes to a terminal block, so that one that stalls would hold up the end of the process. */
function unblockTerminal({ isTTY, _handle }: Output): boolean {
  return isTTY === true && _handle?.setBlocking?.(false) === 0;
}

function isFullPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}

function linesIn(chunk: Buffer): number {
  let lines = 0;
  for (const byte of chunk) if (byte === NEW_LINE) lines += 1;
  return lines;
}
