import { randomUUID } from 'node:crypto';
import type { ProviderHealth } from '../../providers/provider-health.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { Caller, ListResult, ListSource } from './list-source.js';

/** How long callers wait for a slow provider, ms. */
const GRACE_MS = 500;

/**
 * Keeps one slow provider of several from holding up the models of the others. While the provider is slow, callers wait
 * for the grace only, which is enough for a cached list and for a provider that has recovered; one probe at a time
 * outlives its caller and finds out.
 */
export class SlowProviderGuard implements ListSource {
  private isProbing = false;

  constructor(
    private readonly source: ListSource,
    private readonly health: ProviderHealth,
  ) {}

  /** @throws UpstreamError `timeout` after the grace */
  list(caller: Caller): Promise<ListResult> {
    if (!this.health.isSlow) return this.ask(caller);
    // First, so that the caller joins the probe's request.
    if (!this.isProbing) this.probe(caller);
    return this.askBriefly(caller);
  }

  /** The probe outlives its caller, so it belongs to no trace and no request line. */
  private probe({ headers }: Caller): void {
    this.isProbing = true;
    void this.ask({
      headers: { ...headers, traceparent: undefined, tracestate: undefined },
      requestId: randomUUID(),
      seeksModel: false,
      trace: undefined,
      onHangUp: () => undefined,
      onUpstream: () => undefined,
    })
      // The provider's health has recorded the failure.
      .catch(() => undefined)
      .finally(() => {
        this.isProbing = false;
      });
  }

  private async ask(caller: Caller): Promise<ListResult> {
    const started = performance.now();
    try {
      const result = await this.source.list(caller);
      this.health.callerServed();
      return result;
    } catch (error) {
      this.health.callerLost(performance.now() - started);
      throw error;
    }
  }

  private async askBriefly(caller: Caller): Promise<ListResult> {
    const grace: { isOver: boolean; timer?: NodeJS.Timeout } = { isOver: false };
    try {
      return await this.source.list({
        headers: caller.headers,
        requestId: caller.requestId,
        seeksModel: caller.seeksModel,
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
        'The provider kept earlier callers waiting and does not answer at once.',
      );
    } finally {
      clearTimeout(grace.timer);
    }
  }
}
