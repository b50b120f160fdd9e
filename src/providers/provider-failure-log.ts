import { Injectable, Logger } from '@nestjs/common';
import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import type { Credential } from '../credentials/credential.js';
import type { UpstreamError } from '../upstream/upstream.error.js';
import type { ModelProvider } from './model-provider.js';

/** A failure that changes is reported this often at most, ms. */
const REPORT_INTERVAL_MS = 10_000;
/** These may be the fault of the credential, the others hardly. */
export const CREDENTIAL_STATUSES: ReadonlySet<number | undefined> = new Set([400, 401, 402, 403, 429]);

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
    if (error.failure !== 'not_configured') {
      const failure = `${error.failure}${String(error.details.status)}`;
      this.report(engine, failure, `${error.message} ${adviceAfterFailure(provider, error)}`);
    } else if (provider.settings?.missingVariable === undefined) {
      // The log of the start has named a missing variable.
      this.report(engine, error.message, error.message);
    }
  }

  /**
   * The provider answered with a 4xx.
   * @param subject what fails: the provider, a key, or requests without one
   */
  rejected(
    provider: ModelProvider,
    subject: string,
    status: number | undefined,
    credential: Credential | undefined,
  ): void {
    const sent =
      credential === undefined
        ? 'a request without a key'
        : `the key from ${credential.variable ?? 'a caller'}`;
    this.report(
      subject,
      String(status),
      `${hostOf(provider)} answered ${String(status)} to ${sent}. ${adviceAfterRejection(provider, status, credential)}`,
    );
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

  private report(subject: string, failure: string, message: string): void {
    const now = SYSTEM_CLOCK.monotonic();
    const last = this.reports.get(subject);
    if (last !== undefined && (last.failure === failure || now - last.reportedAt < REPORT_INTERVAL_MS))
      return;
    this.reports.set(subject, { failure, reportedAt: now });
    this.logger.warn(message);
  }
}

/** What an operator should check when the provider gives no list to any caller. */
function adviceAfterFailure(provider: ModelProvider, { failure, details }: UpstreamError): string {
  if (details.advice !== undefined) return details.advice;
  const timeLimit = failure === 'timeout' ? ', or raise UPSTREAM_TIMEOUT_MS' : '';
  return `Check that ${provider.identity.engine} at ${hostOf(provider)} is up and that ${whereabouts(provider)} is right${timeLimit}.`;
}

/** What an operator should check after a 4xx. */
function adviceAfterRejection(
  provider: ModelProvider,
  status: number | undefined,
  credential: Credential | undefined,
): string {
  const address = `${whereabouts(provider)} and the other settings of ${provider.identity.engine}`;
  if (status === 429) return 'Check the limits and the quota of that key.';
  if (!CREDENTIAL_STATUSES.has(status)) return `Check ${address}.`;
  if (credential === undefined)
    return `Set ${provider.settings?.keyVariables[0] ?? 'a key'}, or have callers send theirs.`;
  // Some vendors answer 400 to a wrong key, as to a wrong request.
  const isCertain = status === 401 || status === 403;
  return `Check that it is valid, and that it belongs to ${hostOf(provider)}${isCertain ? '' : `; else ${address}`}.`;
}

function hostOf({ settings }: ModelProvider): string {
  return settings?.url?.host ?? 'no host';
}

/** The variable that leads to the provider. */
function whereabouts({ settings }: ModelProvider): string {
  return settings?.urlVariable ?? 'its address';
}
