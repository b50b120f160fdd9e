import { LARGE_BYTES } from './large-bodies/scan-body.js';

/** More is not provided for in advance, whatever was announced. */
const MAX_ANNOUNCED_BYTES = 16_777_216;

/**
 * Puts a body together. A large one is written chunk by chunk into one piece of memory as it comes: to copy it at its
 * end would hold up all other callers, as memory that is used for the first time is slow.
 */
export class BodyBuffer {
  private readonly chunks: Buffer[] = [];
  length = 0;
  private whole: Buffer | undefined;

  /** @param expected the length that was announced, in bytes; 0 when none was */
  append(chunk: Buffer, expected: number): void {
    const length = this.length + chunk.length;
    if (this.whole === undefined && length <= LARGE_BYTES) {
      this.chunks.push(chunk);
      this.length = length;
      return;
    }
    if (this.whole === undefined || this.whole.length < length) {
      this.grow(Math.max(Math.min(expected, MAX_ANNOUNCED_BYTES), 2 * length));
    }
    if (this.whole !== undefined) chunk.copy(this.whole, this.length);
    this.length = length;
  }

  /** The bytes so far. */
  get bytes(): Buffer {
    if (this.whole !== undefined) return this.whole.subarray(0, this.length);
    const [first] = this.chunks;
    return first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks);
  }

  /** The system gives the memory only when it is written to, so that an announcement alone costs nothing. */
  private grow(capacity: number): void {
    const whole = Buffer.allocUnsafeSlow(capacity);
    this.bytes.copy(whole);
    this.whole = whole;
    this.chunks.length = 0;
  }
}
