import { Cancellation } from './cancellation.js';
import type { CancellationSignal } from './cancellation.js';

/** A caller that waits for a result and may leave before it comes. */
export interface Waiting {
  /** Registers what to call when the caller has gone. */
  onHangUp(callback: () => void): void;
}

/** Starts the work that simultaneous callers share; the work has to end soon after the signal aborts. */
export type Work<T> = (signal: CancellationSignal) => Promise<T>;

/** Makes the errors of callers that get no result. */
export interface WaitErrors {
  /** The caller's deadline has passed. */
  timedOut(timeoutMs: number): Error;
  /** The caller has gone. */
  hungUp(): Error;
}

/**
 * Lets simultaneous callers with the same key share one piece of work. It is no cache: a caller that comes after the
 * work has ended starts new work.
 *
 * Each caller has a deadline of its own. The work is aborted when its last caller leaves, and no caller joins work that
 * is older than a deadline, so hanging work cannot hold up later callers.
 */
export class Coalescer<T> {
  /**
   * No `Map`: a table that a map has outgrown refers to the next one. Once the garbage collector has moved such a table to
   * the old generation, it keeps all later tables there, and all work that was in them, until a full collection.
   */
  private readonly inFlight = Object.create(null) as Record<string, InFlight<T> | undefined>;

  /** @param timeoutMs how long each caller waits at most */
  constructor(
    readonly timeoutMs: number,
    private readonly errors: WaitErrors,
  ) {}

  /** Whether a caller that joins now would share the work of others. */
  isUnderWay(key: string): boolean {
    const current = this.inFlight[key];
    return current !== undefined && current.ageMs < this.timeoutMs;
  }

  /**
   * Waits for the work under way with this key, or starts it.
   * @param key undefined for work that is not shared
   * @throws the error of `WaitErrors` at the caller's deadline, or what the work throws
   */
  join(key: string | undefined, work: Work<T>, caller: Waiting): Promise<T> {
    if (key === undefined)
      return new InFlight(work, this.timeoutMs, this.errors, () => undefined).wait(caller);
    const current = this.inFlight[key];
    if (current !== undefined && current.ageMs < this.timeoutMs) return current.wait(caller);
    const started = new InFlight(work, this.timeoutMs, this.errors, () => {
      if (this.inFlight[key] === started) Reflect.deleteProperty(this.inFlight, key);
    });
    this.inFlight[key] = started;
    return started.wait(caller);
  }
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  readonly deadline: NodeJS.Timeout;
}

/** One piece of work and the callers that wait for it. */
class InFlight<T> {
  private readonly started = performance.now();
  private readonly cancellation = new Cancellation();
  private readonly waiters = new Set<Waiter<T>>();

  /** @param onEnd called when no further caller may join */
  constructor(
    work: Work<T>,
    private readonly timeoutMs: number,
    private readonly errors: WaitErrors,
    private readonly onEnd: () => void,
  ) {
    work(this.cancellation).then(
      (value) => {
        this.end((waiter) => {
          waiter.resolve(value);
        });
      },
      (error: unknown) => {
        this.end((waiter) => {
          waiter.reject(error);
        });
      },
    );
  }

  get ageMs(): number {
    return performance.now() - this.started;
  }

  wait(caller: Waiting): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.leave(waiter, this.errors.timedOut(this.timeoutMs));
      }, this.timeoutMs);
      const waiter: Waiter<T> = { resolve, reject, deadline };
      this.waiters.add(waiter);
      caller.onHangUp(() => {
        // Most callers hang up after their answer.
        if (this.waiters.has(waiter)) this.leave(waiter, this.errors.hungUp());
      });
    });
  }

  private leave(waiter: Waiter<T>, reason: Error): void {
    if (this.waiters.size > 1) {
      this.remove(waiter);
      waiter.reject(reason);
      return;
    }
    // The work rejects with this reason, unless it does not listen to its signal.
    this.onEnd();
    this.cancellation.abort(reason);
    setImmediate(() => {
      this.remove(waiter);
      waiter.reject(reason);
    });
  }

  private end(settle: (waiter: Waiter<T>) => void): void {
    this.onEnd();
    for (const waiter of this.waiters) {
      this.remove(waiter);
      settle(waiter);
    }
  }

  private remove(waiter: Waiter<T>): void {
    clearTimeout(waiter.deadline);
    this.waiters.delete(waiter);
  }
}
