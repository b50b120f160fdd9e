import type { Waiting, Work } from '../../src/concurrency/coalescer.js';
import type { CancellationSignal } from '../../src/concurrency/cancellation.js';
import { WaitError } from './wait-errors.js';

/** Work that ends when a test says so. */
export class Task<T> {
  /** The number of starts. */
  starts = 0;
  signal: CancellationSignal | undefined;
  succeed!: (value: T) => void;
  fail!: (error: Error) => void;
  private readonly ending = new Promise<T>((resolve, reject) => {
    this.succeed = resolve;
    this.fail = reject;
  });

  readonly work: Work<T> = (signal) => {
    this.starts += 1;
    this.signal = signal;
    return this.ending;
  };

  /** Why it was aborted; undefined when it was not. */
  get abortedFor(): string | undefined {
    return this.signal?.reason instanceof WaitError ? this.signal.reason.failure : undefined;
  }
}

/** A caller that hangs up when a test says so. */
export class Caller implements Waiting {
  hangUp: () => void = () => undefined;

  onHangUp(callback: () => void): void {
    this.hangUp = callback;
  }
}
