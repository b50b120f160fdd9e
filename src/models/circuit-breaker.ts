import { UpstreamError } from '../upstream/upstream.error.js';
import type { Caller, ListSource, SourcedList } from './list-source.js';

/** The pause after the first time-out, ms; it doubles with each further one. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** What callers are told while the circuit is open. */
interface OpenCircuit {
  readonly error: UpstreamError;
  readonly pauseMs: number;
  /** Monotonic time in ms before which there is no probe. */
  readonly until: number;
}

/**
 * Spares callers the wait for one of several providers that has just let the deadline pass: they would get the models
 * of the others too late. While the circuit is open the provider is probed behind the scenes, with growing pauses.
 */
export class CircuitBreaker implements ListSource {
  private open: OpenCircuit | undefined;
  private isProbing = false;

  constructor(private readonly source: ListSource) {}

  /** @throws UpstreamError `timeout` at once while the circuit is open */
  list(caller: Caller): Promise<SourcedList> {
    const { open } = this;
    if (open === undefined) return this.ask(caller);
    if (performance.now() >= open.until && !this.isProbing) this.probe(caller);
    return Promise.reject(open.error);
  }

  private probe({ headers, requestId }: Caller): void {
    this.isProbing = true;
    const nobodyWaits = { onHangUp: () => undefined, onUpstream: () => undefined };
    void this.ask({ headers, requestId, trace: undefined, ...nobodyWaits })
      // What came of it has been noted.
      .catch(() => undefined)
      .finally(() => {
        this.isProbing = false;
      });
  }

  private async ask(caller: Caller): Promise<SourcedList> {
    try {
      const answer = await this.source.list(caller);
      this.open = undefined;
      return answer;
    } catch (error) {
      if (error instanceof UpstreamError && error.failure !== 'cancelled') this.note(error);
      throw error;
    }
  }

  /** Failures of any other kind come without a wait. */
  private note({ failure, message, retried }: UpstreamError): void {
    const now = performance.now();
    if (failure !== 'timeout') this.open = undefined;
    else if (this.open === undefined || now >= this.open.until) {
      const pauseMs = Math.min(MAX_PAUSE_MS, (this.open?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2);
      // Without the rest of what is known: that is the caller's who waited.
      const error = new UpstreamError(failure, message);
      error.retried = retried;
      this.open = { error, pauseMs, until: now + pauseMs };
    }
  }
}
