import { Injectable, Logger } from '@nestjs/common';
import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import type { Credential } from '../credentials/credential.js';
import type { UpstreamError } from '../upstream/upstream.error.js';
import type { ModelProvider } from './model-provider.js';

/** How long nothing may have failed until it is over, ms: who works now and then has not recovered each time. */
const CALM_MS = 10_000;
/** These may be the fault of the credential, the others hardly. */
const CREDENTIAL_STATUSES: ReadonlySet<number | undefined> = new Set([400, 401, 402, 403, 429]);

/** A failure that was reported, times in monotonic ms. */
interface Report {
  readonly failure: string;
  readonly saidAt: number;
  failedAt: number;
}

/** Tells the operator once when the provider begins to fail, in which way and what to check, and when it is over. */
@Injectable()
export class ProviderFailureLog {
  private readonly logger = new Logger('ProviderStatus');
  /** By what they concern. */
  private readonly reports = new Map<string, Report>();
  /** The engines of which a caller's key was refused although the operator has one. */
  private readonly hidden = new Set<string>();

  /** The provider has answered with its list. */
  succeeded(provider: ModelProvider, credential: Credential | undefined): void {
    if (this.reports.size === 0) return;
    this.recovered(provider.identity.engine);
    this.recovered(subjectOf(provider, credential));
  }

  /**
   * The provider has not answered with its list.
   * @param operatorKey the key for callers without one
   */
  failed(provider: ModelProvider, error: UpstreamError, operatorKey: Credential | undefined): void {
    const { status, credential } = error.details;
    if (error.failure === 'rejected') {
      if (status === 401 && credential !== undefined && credential.variable === undefined)
        this.callerRefused(provider, operatorKey);
      this.rejected(provider, status, credential);
    } else if (error.failure === 'not_configured') {
      // What is missing for everybody was said at the start.
      if (provider.settings?.missingVariable === undefined)
        this.report(provider.identity.engine, error.message, error.message);
    } else if (error.failure !== 'cancelled') {
      const failure = `${error.failure}${String(status)}`;
      this.report(
        provider.identity.engine,
        failure,
        `${error.message} ${adviceAfterFailure(provider, error)}`,
      );
    }
  }

  /** A 4xx. Whether a caller's own credential is right is the caller's business: the request's line shows the status. */
  private rejected(
    provider: ModelProvider,
    status: number | undefined,
    credential: Credential | undefined,
  ): void {
    const subject = subjectOf(provider, credential);
    if (subject !== provider.identity.engine || CREDENTIAL_STATUSES.has(status))
      this.recovered(provider.identity.engine);
    if (subject === provider.identity.engine && CREDENTIAL_STATUSES.has(status)) return;
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

  /** Once for each engine: a client that sends a key of no use hides the operator's. */
  private callerRefused(provider: ModelProvider, operatorKey: Credential | undefined): void {
    const { engine } = provider.identity;
    if (operatorKey?.variable === undefined || this.hidden.has(engine)) return;
    this.hidden.add(engine);
    this.logger.warn(
      `${hostOf(provider)} answered 401 to the key of a caller, which takes precedence over ${operatorKey.variable}. ` +
        'If the caller has no key and its client sends a placeholder, add that to PLACEHOLDER_API_KEYS.',
    );
  }

  private report(subject: string, failure: string, message: string): void {
    const now = SYSTEM_CLOCK.monotonic();
    const last = this.reports.get(subject);
    if (last !== undefined) {
      last.failedAt = now;
      if (last.failure === failure || now - last.saidAt < CALM_MS) return;
    }
    this.reports.set(subject, { failure, saidAt: now, failedAt: now });
    this.logger.warn(message);
  }

  private recovered(subject: string): void {
    const last = this.reports.get(subject);
    if (last === undefined || SYSTEM_CLOCK.monotonic() - last.failedAt < CALM_MS) return;
    this.reports.delete(subject);
    this.logger.log(`${subject} works again`);
  }
}

/** What a 4xx concerns: the key of the operator, the lack of one, or the provider itself. */
function subjectOf(provider: ModelProvider, credential: Credential | undefined): string {
  const { engine } = provider.identity;
  return credential === undefined ? `${engine} without a key` : (credential.variable ?? engine);
}

/** What an operator should look at when the provider gives no list to anybody. */
function adviceAfterFailure(provider: ModelProvider, { failure, details }: UpstreamError): string {
  if (details.advice !== undefined) return details.advice;
  const timeLimit = failure === 'timeout' ? ', or raise UPSTREAM_TIMEOUT_MS' : '';
  return `Check that ${provider.identity.engine} at ${hostOf(provider)} is up and that ${whereabouts(provider)} is right${timeLimit}.`;
}

/** What an operator should look at after a 4xx. */
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
  // Gemini and xAI answer 400 to a key that is wrong.
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
