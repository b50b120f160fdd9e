import { UpstreamError } from '../upstream/upstream.error.js';
import type { Caller, ListSource, SourcedList } from './list-source.js';

/** The pause after the first time-out, ms; it doubles with each further one. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** A provider that kept a caller waiting for nothing. */
interface Silence {
  readonly error: UpstreamError;
  readonly pauseMs: number;
  /** Monotonic time in ms before which it is not asked again. */
  readonly until: number;
}

/**
 * Asks one of several providers, and spares callers the wait for one that has just let the deadline pass: they would
 * get the models of the others too late. It is asked again behind the scenes, with growing pauses in between.
 */
export class ImpatientSource implements ListSource {
  private silence: Silence | undefined;
  private isAsking = false;

  constructor(private readonly source: ListSource) {}

  /** @throws UpstreamError `timeout` at once while the provider is silent */
  list(caller: Caller): Promise<SourcedList> {
    const { silence } = this;
    if (silence === undefined) return this.ask(caller);
    if (performance.now() >= silence.until && !this.isAsking) this.askBehind(caller);
    return Promise.reject(silence.error);
  }

  private askBehind({ headers, requestId }: Caller): void {
    this.isAsking = true;
    const nobodyWaits = { onHangUp: () => undefined, onUpstream: () => undefined };
    void this.ask({ headers, requestId, trace: undefined, ...nobodyWaits })
      // What came of it has been noted.
      .catch(() => undefined)
      .finally(() => {
        this.isAsking = false;
      });
  }

  private async ask(caller: Caller): Promise<SourcedList> {
    try {
      const answer = await this.source.list(caller);
      this.silence = undefined;
      return answer;
    } catch (error) {
      if (error instanceof UpstreamError && error.failure !== 'cancelled') this.note(error);
      throw error;
    }
  }

  /** Any other failure comes without a wait. */
  private note({ failure, message, retried }: UpstreamError): void {
    const now = performance.now();
    if (failure !== 'timeout') this.silence = undefined;
    else if (this.silence === undefined || now >= this.silence.until) {
      const pauseMs = Math.min(MAX_PAUSE_MS, (this.silence?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2);
      // Without the rest of what is known: that is the caller's who waited.
      const error = new UpstreamError(failure, message);
      error.retried = retried;
      this.silence = { error, pauseMs, until: now + pauseMs };
    }
  }
}
