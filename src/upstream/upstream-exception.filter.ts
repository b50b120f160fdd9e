import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Credential } from '../credentials/credential.js';
import { redact } from '../credentials/redact.js';
import { CLIENT_CLOSED_REQUEST } from '../errors/client-closed-request.js';
import { openAiError } from '../errors/openai-error.js';
import type { OpenAiErrorBody } from '../errors/openai-error.js';
import { sendError } from '../errors/send-error.js';
import { readUpstreamErrorBody } from './upstream-error-body.js';
import { UpstreamError } from './upstream.error.js';
import type { UpstreamErrorDetails } from './upstream.error.js';

const MAX_MESSAGE_LENGTH = 2000;
/** Headers of a 4xx that tell clients when and how to retry. */
const RELAYED_HEADERS = /^(retry-after|retry-after-ms|www-authenticate|(anthropic-|x-)ratelimit-.+)$/;
const REQUEST_ID_HEADERS = ['x-request-id', 'request-id', 'apim-request-id', 'x-ms-request-id'];
/** A machine-readable identifier, as opposed to prose and to a masked secret. */
const IDENTIFIER = /^([a-z]+([_.:-][a-z]+)*|[A-Za-z]+(_[A-Za-z]+)*|\d{1,6})$/;
const MAX_IDENTIFIER_LENGTH = 64;
/** Numbers, durations and dates, which cannot contain a secret. */
const MEASURE =
  /^[\d.,;:\s]*$|^(\d+(\.\d+)?(ms|[smhd]))+$|^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$|^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/;

/** The only place that decides between 502 and a proxied 4xx. */
@Catch(UpstreamError)
export class UpstreamExceptionFilter implements ExceptionFilter<UpstreamError> {
  catch(error: UpstreamError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { failure, details } = error;
    if (failure === 'cancelled') {
      void reply.status(CLIENT_CLOSED_REQUEST).send();
    } else if (failure === 'rejected') {
      const { status = 400 } = details;
      sendError(reply.headers(relayedHeaders(details)), status, relayedBody(status, details));
    } else {
      // SDKs retry a 502 by themselves.
      if (error.isRetryFutile) void reply.header('x-should-retry', 'false');
      const body = openAiError(502, error.message, { type: 'upstream_error', code: error.code });
      sendError(reply, 502, body);
    }
  }
}

function relayedBody(status: number, details: UpstreamErrorDetails): OpenAiErrorBody {
  const { body } = details;
  const secrets = secretsOf(details);
  const upstream = body === undefined ? {} : readUpstreamErrorBody(body);
  const operatorSecretSent = carriedOperatorSecret(details);
  const redacted = (text: string | undefined): string | undefined => text && redact(text, secrets);
  const relayable = (text: string | undefined): string | undefined => {
    const relayed = redacted(text);
    // Prose may repeat the operator's secret in part, so only identifiers are relayed.
    return relayed !== undefined && operatorSecretSent && !isIdentifier(relayed)
      ? undefined
      : relayed?.slice(0, MAX_MESSAGE_LENGTH);
  };
  return openAiError(
    status,
    (operatorSecretSent ? undefined : redacted(upstream.message)?.slice(0, MAX_MESSAGE_LENGTH)) ??
      statusMessage(status),
    {
      type: relayable(upstream.type),
      param: relayable(upstream.param) ?? null,
      code: relayable(upstream.code) ?? null,
    },
  );
}

function isIdentifier(text: string): boolean {
  return text.length <= MAX_IDENTIFIER_LENGTH && IDENTIFIER.test(text);
}

function secretsOf({ credential, headerSecrets = [] }: UpstreamErrorDetails): readonly Credential[] {
  return credential === undefined ? headerSecrets : [credential, ...headerSecrets];
}

/** Whether a secret of the operator was sent: the provider may repeat it in part, which cannot be redacted. */
function carriedOperatorSecret({ credential, headerSecrets = [] }: UpstreamErrorDetails): boolean {
  return credential?.variable !== undefined || headerSecrets.length > 0;
}

function statusMessage(status: number): string {
  return `The provider answered ${String(status)}.`;
}

function relayedHeaders(details: UpstreamErrorDetails): Record<string, string | string[]> {
  const { headers = {} } = details;
  const secrets = secretsOf(details);
  const relayed: Record<string, string | string[]> = {};
  const operatorSecretSent = carriedOperatorSecret(details);
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !RELAYED_HEADERS.test(name)) continue;
    if ([value].flat().every((each) => MEASURE.test(each))) relayed[name] = value;
    else if (!operatorSecretSent) relayed[name] = redactEach(value, secrets);
  }
  const { 'www-authenticate': challenge } = headers;
  // The challenge's parameters may repeat the operator's secret.
  if (challenge !== undefined && operatorSecretSent)
    relayed['www-authenticate'] = challenge.split(/[\s,]/, 1);
  const requestId = REQUEST_ID_HEADERS.map((name) => headers[name]).find((value) => value !== undefined);
  if (requestId !== undefined) relayed['x-upstream-request-id'] = redactEach(requestId, secrets);
  return relayed;
}

function redactEach(value: string | string[], secrets: readonly Credential[]): string | string[] {
  return Array.isArray(value) ? value.map((each) => redact(each, secrets)) : redact(value, secrets);
}
