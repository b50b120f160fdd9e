import { RelayRules } from '../upstream/relay-rules.js';
import { readUpstreamErrorBody } from '../upstream/upstream-error-body.js';
import type { UpstreamError, UpstreamErrorDetails } from '../upstream/upstream.error.js';
import { adviceAfterFailure, adviceAfterRejection, CREDENTIAL_STATUSES, hostOf } from './failure-advice.js';
import { askedUrl } from './model-provider.js';
import type { ModelProvider } from './model-provider.js';

/** What happened when the provider gave no list, and what an operator should check. No part of a credential is in it. */
export function explainFailure(provider: ModelProvider, error: UpstreamError): string {
  const { failure, message, details } = error;
  if (failure === 'not_configured') return message;
  if (failure === 'rejected') return explainRejection(provider, error);
  const sentence = (details.status ?? 0) >= 500 ? withReason(message, details) : message;
  return `${sentence} ${adviceAfterFailure(provider, error)}`;
}

function explainRejection(provider: ModelProvider, error: UpstreamError): string {
  const { details } = error;
  const sentence = `${hostOf(provider)} answered ${String(details.status)} to ${sentText(details, provider)}.`;
  return `${withReason(sentence, details)} ${adviceAfterRejection(provider, error)}`;
}

/** What was sent, as far as it can be at fault. */
function sentText({ status, credential }: UpstreamErrorDetails, { settings }: ModelProvider): string {
  if (!CREDENTIAL_STATUSES.has(status)) return askedUrl(settings) ?? 'no URL';
  if (credential === undefined) return 'a request without a key';
  return `the key from ${credential.variable ?? 'a caller'}`;
}

/** A sentence of this service, and what the provider says behind it. */
function withReason(sentence: string, details: UpstreamErrorDetails): string {
  const { body } = details;
  const reason = body && new RelayRules(details).reasonForLog(readUpstreamErrorBody(body).message);
  if (reason === undefined) return sentence;
  return `${sentence.replace(/\.$/, '')}: ${reason}${/[.!?\u2026]$/.test(reason) ? '' : '.'}`;
}
