import { Injectable, Logger } from '@nestjs/common';
import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import type { Credential } from '../credentials/credential.js';
import type { UpstreamError } from '../upstream/upstream.error.js';
import { hostOf } from './failure-advice.js';
import { explainFailure } from './failure-sentences.js';
import type { ModelProvider } from './model-provider.js';

/** A failure that changes is reported this often at most, ms. */
const REPORT_INTERVAL_MS = 10_000;

/** The last failure that was reported. */
interface Report {
  readonly failure: string;
  /** Monotonic time, ms. */
  readonly reportedAt: number;
}

/**
 * Writes a line when a provider begins to fail, in which way and what to check, and when the failure is over.
 * `ProviderHealth` decides that; this class knows only what it has reported.
 */
@Injectable()
export class ProviderFailureLog {
  private readonly logger = new Logger('ProviderFailureLog');
  /** By what fails. */
  private readonly reports = new Map<string, Report>();
  /** The engines of which a caller's key was refused although the operator has one. */
  private readonly reportedRefusals = new Set<string>();

  /** The provider answered with neither a list nor a 4xx, or could not be asked. */
  failed(provider: ModelProvider, error: UpstreamError): void {
    const { engine } = provider.identity;
    const { failure, code, message, details } = error;
    if (failure !== 'not_configured') {
      this.report(engine, `${code}${String(details.status)}`, () => explainFailure(provider, error));
    } else if (provider.settings?.missingVariable === undefined) {
      // The log of the start has named a missing variable.
      this.report(engine, message, () => message);
    }
  }

  /**
   * The provider answered with a 4xx.
   * @param subject what fails: the provider, a key, or requests without one
   */
  rejected(provider: ModelProvider, subject: string, error: UpstreamError): void {
    this.report(subject, String(error.details.status), () => explainFailure(provider, error));
  }

  /**
   * The provider answered 401 to the key of a caller. Once for each engine: a client that sends a key of no use hides
   * the operator's.
   * @param operatorKey the key for callers without one
   */
  callerRefused(provider: ModelProvider, operatorKey: Credential | undefined): void {
    const { engine } = provider.identity;
    if (operatorKey?.variable === undefined || this.reportedRefusals.has(engine)) return;
    this.reportedRefusals.add(engine);
    this.logger.warn(
      `${hostOf(provider)} answered 401 to the key of a caller, which takes precedence over ${operatorKey.variable}. ` +
        'If the caller has no key and its client sends a placeholder, add that to PLACEHOLDER_API_KEYS.',
    );
  }

  /** A failure is over. */
  recovered(subject: string): void {
    if (this.reports.delete(subject)) this.logger.log(`${subject} works again`);
  }

  private report(subject: string, failure: string, messageOf: () => string): void {
    const now = SYSTEM_CLOCK.monotonic();
    const last = this.reports.get(subject);
    if (last !== undefined && (last.failure === failure || now - last.reportedAt < REPORT_INTERVAL_MS))
      return;
    this.reports.set(subject, { failure, reportedAt: now });
    this.logger.warn(messageOf());
  }
}
