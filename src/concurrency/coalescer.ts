import { Cancellation } from './cancellation.js';
import type { CancellationSignal } from './cancellation.js';
import { UpstreamError } from '../upstream/upstream.error.js';

/** Somebody who waits for an answer and may stop to do so. */
export interface Waiting {
  /** Calls back when the waiting one is gone. */
  onHangUp(callback: () => void): void;
}

/** Starts the work that a flight shares; it has to end soon after the signal aborts. */
export type Work<T> = (signal: CancellationSignal) => Promise<T>;

/**
 * Lets callers that want the same thing at the same time share one piece of work. This is no cache: whoever
 * comes after the work has ended starts it anew.
 *
 * Each caller has a deadline of its own. The work is aborted when its last caller is gone, and nobody joins
 * work that is older than a deadline: work that hangs cannot hold up those who come later.
 */
export class Coalescer<T> {
  private readonly inFlight = new Map<string, InFlight<T>>();

  /** @param timeoutMs how long each caller waits at the most */
  constructor(readonly timeoutMs: number) {}

  /** Whether a caller who joins now would share what others wait for. */
  isUnderWay(key: string): boolean {
    const flight = this.inFlight.get(key);
    return flight !== undefined && flight.ageMs < this.timeoutMs;
  }

  /**
   * Waits for the work under way with this key, or starts it.
   * @param key undefined for work that is shared with nobody
   * @throws UpstreamError `timeout` at the caller's deadline, or what the work throws
   */
  join(key: string | undefined, work: Work<T>, caller: Waiting): Promise<T> {
    const underWay = key === undefined ? undefined : this.inFlight.get(key);
    if (underWay !== undefined && underWay.ageMs < this.timeoutMs)
      return underWay.wait(caller, this.timeoutMs);
    const flight = new InFlight(work, () => {
      if (key !== undefined && this.inFlight.get(key) === flight) this.inFlight.delete(key);
    });
    if (key !== undefined) this.inFlight.set(key, flight);
    return flight.wait(caller, this.timeoutMs);
  }
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  readonly deadline: NodeJS.Timeout;
}

/** One piece of work and those who wait for it. */
class InFlight<T> {
  private readonly started = performance.now();
  private readonly cancellation = new Cancellation();
  private readonly waiters = new Set<Waiter<T>>();

  /** @param onEnd called once when nobody may join any more */
  constructor(
    work: Work<T>,
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

  wait(caller: Waiting, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        const reason = new UpstreamError(
          'timeout',
          `The provider gave no complete answer within ${String(timeoutMs)} ms.`,
        );
        reason.retried = this.cancellation.retried;
        this.leave(waiter, reason);
      }, timeoutMs);
      const waiter: Waiter<T> = { resolve, reject, deadline };
      this.waiters.add(waiter);
      caller.onHangUp(() => {
        this.leave(waiter, new UpstreamError('cancelled', 'The caller has hung up.'));
      });
    });
  }

  private leave(waiter: Waiter<T>, reason: UpstreamError): void {
    if (!this.waiters.has(waiter)) return;
    if (this.waiters.size > 1) {
      this.remove(waiter);
      waiter.reject(reason);
      return;
    }
    // The work rejects with this reason and what else it knows, unless it does not listen.
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
