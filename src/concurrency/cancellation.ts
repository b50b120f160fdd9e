/** What work under way needs of an AbortSignal; a platform one fits too. */
export interface CancellationSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** Whether the work has sent a request again, for whoever stops waiting before it ends. */
  retried?: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Tells work under way that nobody waits for it any more. A platform AbortController does the same, but its
 * events are a tenth of the cost of a whole request.
 */
export class Cancellation implements CancellationSignal {
  private readonly listeners = new Set<() => void>();
  aborted = false;
  reason: unknown;
  retried = false;

  /** Tells all listeners, once. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) listener();
    this.listeners.clear();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }
}

/**
 * Waits.
 * @param milliseconds at the most
 * @returns true when the time is over, false when the signal was aborted before
 */
export function pause(milliseconds: number, signal: CancellationSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (elapsed: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(elapsed);
    };
    const onAbort = (): void => {
      end(false);
    };
    const timer = setTimeout(() => {
      end(true);
    }, milliseconds);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
}

/**
 * What work gives that does not listen to the signal itself.
 * @throws the signal's reason, as soon as it is aborted
 */
export async function unlessAborted<T>(work: Promise<T>, signal: CancellationSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    onAbort = () => {
      resolve('aborted');
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), aborted]);
    if (first === 'aborted') throw signal.reason;
    return first.value;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
