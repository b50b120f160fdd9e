import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import type { Credential } from '../credentials/credential.js';
import type { Metrics } from '../metrics/metrics.js';
import type { UpstreamError, UpstreamFailure } from '../upstream/upstream.error.js';
import type { ModelProvider } from './model-provider.js';
import type { ProviderFailureLog } from './provider-failure-log.js';

/** Failures that are the caller's own. */
const CALLER_FAILURES: ReadonlySet<UpstreamFailure> = new Set(['rejected', 'cancelled']);
/** A provider that keeps a caller waiting for so long in vain is slow, ms. */
const SLOW_MS = 1000;

/** Knows whether one provider works; the log and the metrics learn it from here. */
export class ProviderHealth {
  private slow = false;
  /** Monotonic time of the last failure, ms; undefined when a list came after it. */
  private failedAt: number | undefined;

  constructor(
    private readonly provider: ModelProvider,
    private readonly log: ProviderFailureLog,
    private readonly metrics: Metrics | undefined,
  ) {}

  /** Whether the provider has kept a caller waiting in vain, and served no caller since. */
  get isSlow(): boolean {
    return this.slow;
  }

  /** The provider gave a list. */
  succeeded(models: number, credential: Credential | undefined): void {
    this.failedAt = undefined;
    this.log.succeeded(this.provider, credential);
    this.metrics?.providerUp(this.provider.identity.label, true);
    this.metrics?.modelsListed(this.provider.identity.label, models);
  }

  /**
   * The provider gave no list.
   * @param operatorKey the key for callers without one
   */
  failed(error: UpstreamError, operatorKey: Credential | undefined): void {
    // The provider was not asked.
    if (error.failure === 'overloaded') return;
    this.log.failed(this.provider, error, operatorKey);
    if (!CALLER_FAILURES.has(error.failure)) {
      this.failedAt = SYSTEM_CLOCK.monotonic();
      this.metrics?.providerUp(this.provider.identity.label, false);
    } else if (error.failure === 'rejected') {
      this.answers();
    }
  }

  /** A list of this age came out of the cache: if another replica fetched it after the last failure, the provider works. */
  cacheServed(ageMs: number, credential: Credential | undefined): void {
    if (this.failedAt === undefined || SYSTEM_CLOCK.monotonic() - ageMs <= this.failedAt) return;
    this.answers();
    this.failedAt = undefined;
    this.log.succeeded(this.provider, credential);
  }

  /** A caller got a list, from the provider or from the cache. */
  callerServed(): void {
    this.slow = false;
  }

  /** A caller got no list, or hung up before. */
  callerLost(waitedMs: number): void {
    if (waitedMs >= SLOW_MS) this.slow = true;
  }

  private answers(): void {
    if (this.failedAt !== undefined) this.metrics?.providerUp(this.provider.identity.label, true);
  }
}
