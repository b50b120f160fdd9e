import { Injectable, Logger } from '@nestjs/common';
import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import type { Credential } from '../credentials/credential.js';
import { RelayRules } from '../upstream/relay-rules.js';
import { readUpstreamErrorBody } from '../upstream/upstream-error-body.js';
import type { UpstreamError, UpstreamErrorDetails } from '../upstream/upstream.error.js';
import { adviceAfterFailure, adviceAfterRejection, CREDENTIAL_STATUSES, hostOf } from './failure-advice.js';
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
  private readonly hidden = new Set<string>();

  /** The provider answered with neither a list nor a 4xx, or could not be asked. */
  failed(provider: ModelProvider, error: UpstreamError): void {
    const { engine } = provider.identity;
    const { failure, code, message, details } = error;
    if (failure !== 'not_configured') {
      this.report(engine, `${code}${String(details.status)}`, () => {
        const sentence = (details.status ?? 0) >= 500 ? withReason(message, details) : message;
        return `${sentence} ${adviceAfterFailure(provider, error)}`;
      });
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
    const { details } = error;
    const status = String(details.status);
    this.report(subject, status, () => {
      const sentence = `${hostOf(provider)} answered ${status} to ${sentText(details, provider)}.`;
      return `${withReason(sentence, details)} ${adviceAfterRejection(provider, error)}`;
    });
  }

  /**
   * The provider answered 401 to the key of a caller. Once for each engine: a client that sends a key of no use hides
   * the operator's.
   * @param operatorKey the key for callers without one
   */
  callerRefused(provider: ModelProvider, operatorKey: Credential | undefined): void {
    const { engine } = provider.identity;
    if (operatorKey?.variable === undefined || this.hidden.has(engine)) return;
    this.hidden.add(engine);
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

/** What a provider was asked for: its query string may hold a secret. */
function askedUrl({ settings }: ModelProvider): string {
  const { origin = 'no host', pathname = '' } = settings?.url ?? {};
  return origin + pathname;
}

/** What was sent, as far as it can be at fault. */
function sentText({ status, credential }: UpstreamErrorDetails, provider: ModelProvider): string {
  if (!CREDENTIAL_STATUSES.has(status)) return askedUrl(provider);
  if (credential === undefined) return 'a request without a key';
  return `the key from ${credential.variable ?? 'a caller'}`;
}

/** A sentence of this service, and what the provider says behind it. */
function withReason(sentence: string, details: UpstreamErrorDetails): string {
  const { body } = details;
  const reason = body && new RelayRules(details).reasonForLog(readUpstreamErrorBody(body).message);
  if (reason === undefined) return sentence;
  return `${sentence.replace(/\.$/, '')}: ${reason}${/[.!?…]$/.test(reason) ? '' : '.'}`;
}
