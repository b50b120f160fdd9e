import { randomUUID } from 'node:crypto';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { Caller, ListSource, ListResult } from './list-source.js';

/** Who has waited for so long in vain makes others wait no longer than the grace, ms. */
const TOO_LONG_MS = 1000;
const GRACE_MS = 500;

/**
 * Spares callers the wait for one of several providers that has kept somebody waiting in vain: they would get the
 * models of the others too late. Until it has given a list again they wait for a moment only, which is time enough for
 * what is in the cache, or for a provider that is back; meanwhile one request goes on behind the scenes.
 */
export class SlowProviderGuard implements ListSource {
  private isImpatient = false;
  private isProbing = false;

  constructor(private readonly source: ListSource) {}

  /** @throws UpstreamError `timeout` after the grace, where that is all the provider gets */
  list(caller: Caller): Promise<ListResult> {
    if (!this.isImpatient) return this.ask(caller);
    // First, so that the one who waits briefly joins its request.
    if (!this.isProbing) this.probe(caller);
    return this.askBriefly(caller);
  }

  /** The caller has an answer by then: the request is nobody's, and in nobody's trace. */
  private probe({ headers }: Caller): void {
    this.isProbing = true;
    void this.ask({
      headers: { ...headers, traceparent: undefined, tracestate: undefined },
      requestId: randomUUID(),
      trace: undefined,
      onHangUp: () => undefined,
      onUpstream: () => undefined,
    })
      // What came of it has been noted.
      .catch(() => undefined)
      .finally(() => {
        this.isProbing = false;
      });
  }

  private async ask(caller: Caller): Promise<ListResult> {
    const started = performance.now();
    try {
      const answer = await this.source.list(caller);
      this.isImpatient = false;
      return answer;
    } catch (error) {
      // Also of a caller who hung up meanwhile.
      if (performance.now() - started >= TOO_LONG_MS) this.isImpatient = true;
      throw error;
    }
  }

  private async askBriefly(caller: Caller): Promise<ListResult> {
    const grace: { isOver: boolean; timer?: NodeJS.Timeout } = { isOver: false };
    try {
      return await this.source.list({
        headers: caller.headers,
        requestId: caller.requestId,
        trace: caller.trace,
        onUpstream: (outcome) => {
          caller.onUpstream(outcome);
        },
        onHangUp: (leave) => {
          caller.onHangUp(leave);
          grace.timer = setTimeout(() => {
            grace.isOver = true;
            leave();
          }, GRACE_MS);
        },
      });
    } catch (error) {
      if (!grace.isOver) throw error;
      throw new UpstreamError(
        'timeout',
        'The provider has kept others waiting, and does not answer at once.',
      );
    } finally {
      clearTimeout(grace.timer);
    }
  }
}
