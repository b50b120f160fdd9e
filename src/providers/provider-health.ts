import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import type { Credential } from '../credentials/credential.js';
import type { Metrics } from '../metrics/metrics.js';
import type { UpstreamError } from '../upstream/upstream.error.js';
import type { ModelProvider } from './model-provider.js';
import { CREDENTIAL_STATUSES } from './failure-advice.js';
import type { ProviderFailureLog } from './provider-failure-log.js';

/** A failure is over when things work and none has come for this long, ms: an unsteady provider has not recovered. */
const CALM_MS = 10_000;
/** A provider that keeps a caller waiting for so long in vain is slow, ms. */
const SLOW_MS = 1000;

/** Knows whether one provider works; the log and the metrics learn it from here. */
export class ProviderHealth {
  private slow = false;
  /**
   * What fails, and the monotonic time of its last failure in ms. The provider itself has the name of its engine, a key
   * of the operator that of its variable.
   */
  private readonly failures = new Map<string, number>();
  private readonly engine: string;

  constructor(
    private readonly provider: ModelProvider,
    private readonly log: ProviderFailureLog,
    private readonly metrics: Metrics | undefined,
  ) {
    this.engine = provider.identity.engine;
  }

  /** Whether the provider has kept a caller waiting in vain, and served no caller since. */
  get isSlow(): boolean {
    return this.slow;
  }

  /** The provider gave a list. */
  succeeded(models: number, credential: Credential | undefined): void {
    this.works(credential);
    this.metrics?.modelsListed(this.provider.identity.label, models);
  }

  /**
   * The provider gave no list.
   * @param operatorKey the key for callers without one
   */
  failed(error: UpstreamError, operatorKey: Credential | undefined): void {
    const { failure } = error;
    // An overloaded provider was not asked, and a caller that hangs up says nothing of the provider.
    if (failure === 'overloaded' || failure === 'cancelled') return;
    if (failure === 'rejected') {
      this.rejected(error, operatorKey);
    } else {
      this.isUp(false);
      this.failures.set(this.engine, SYSTEM_CLOCK.monotonic());
      this.log.failed(this.provider, error);
    }
  }

  /** A list of this age came out of the cache: if another replica fetched it after the last failure, the provider works. */
  cacheServed(ageMs: number, credential: Credential | undefined): void {
    const failedAt = this.failures.get(this.engine);
    if (failedAt !== undefined && SYSTEM_CLOCK.monotonic() - ageMs > failedAt) this.works(credential);
  }

  /** A caller got a list, from the provider or from the cache. */
  callerServed(): void {
    this.slow = false;
  }

  /** A caller got no list, or hung up before. */
  callerLost(waitedMs: number): void {
    if (waitedMs >= SLOW_MS) this.slow = true;
  }

  private works(credential: Credential | undefined): void {
    this.isUp(true);
    this.recovered(this.engine);
    this.recovered(this.subjectOf(credential));
  }

  /** A 4xx. Whether a caller's own credential is right is the caller's business: the request's line shows the status. */
  private rejected(error: UpstreamError, operatorKey: Credential | undefined): void {
    const { status, credential } = error.details;
    const concernsCredential = CREDENTIAL_STATUSES.has(status);
    // No key helps against a 404.
    const subject = concernsCredential ? this.subjectOf(credential) : this.engine;
    if (this.failures.has(this.engine)) this.isUp(true);
    if (subject !== this.engine || concernsCredential) this.recovered(this.engine);
    if (subject !== this.engine || !concernsCredential) {
      this.failures.set(subject, SYSTEM_CLOCK.monotonic());
      this.log.rejected(this.provider, subject, error);
    } else if (status === 401) {
      this.log.callerRefused(this.provider, operatorKey);
    }
  }

  private recovered(subject: string): void {
    const failedAt = this.failures.get(subject);
    if (failedAt === undefined || SYSTEM_CLOCK.monotonic() - failedAt < CALM_MS) return;
    this.failures.delete(subject);
    this.log.recovered(subject);
  }

  /** What a 4xx concerns: the key of the operator, the lack of one, or the provider itself. */
  private subjectOf(credential: Credential | undefined): string {
    if (credential === undefined) return `${this.engine} without a key`;
    const { variable } = credential;
    if (variable === undefined) return this.engine;
    // Several engines may sign with the same source of credentials.
    return variable === this.provider.settings?.keySource ? `${this.engine} with ${variable}` : variable;
  }

  private isUp(isUp: boolean): void {
    this.metrics?.providerUp(this.provider.identity.label, isUp);
  }
}
