import type { CancellationSignal } from './cancellation.js';

/** A number of places, and those that wait for one in the order in which they came. */
export class Slots {
  private taken = 0;
  private readonly queue = new Set<() => void>();

  constructor(private readonly size: number) {}

  /** Whether a newcomer would have to wait. */
  get isFull(): boolean {
    return this.taken >= this.size;
  }

  get waiting(): number {
    return this.queue.size;
  }

  /**
   * Takes a place.
   * @returns undefined when there was a free one, else what resolves when there is
   * @throws the signal's reason when it is aborted before; then no place is taken
   */
  take(signal: CancellationSignal): Promise<void> | undefined {
    if (this.isFull) return this.wait(signal);
    this.taken += 1;
    return undefined;
  }

  /** Gives a place back: to the one that has waited longest, if there is one. */
  free(): void {
    const [next] = this.queue;
    if (next === undefined) this.taken -= 1;
    else next();
  }

  private async wait(signal: CancellationSignal): Promise<void> {
    const isTaken = await new Promise<boolean>((resolve) => {
      const settle = (taken: boolean): void => {
        this.queue.delete(enter);
        signal.removeEventListener('abort', leave);
        resolve(taken);
      };
      const enter = (): void => {
        settle(true);
      };
      const leave = (): void => {
        settle(false);
      };
      this.queue.add(enter);
      signal.addEventListener('abort', leave);
      if (signal.aborted) leave();
    });
    if (!isTaken) throw signal.reason;
  }
}
