import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CLIENT_CLOSED_REQUEST } from '../errors/client-closed-request.js';
import { openAiError, OVERLOADED } from '../errors/openai-error.js';
import type { OpenAiErrorBody } from '../errors/openai-error.js';
import { sendError } from '../errors/send-error.js';
import { RelayRules } from './relay-rules.js';
import { readUpstreamErrorBody } from './upstream-error-body.js';
import { UpstreamError } from './upstream.error.js';
import type { UpstreamErrorDetails } from './upstream.error.js';

const MAX_MESSAGE_LENGTH = 2000;

/** The only place that decides between 502, 503 and a proxied 4xx, and what a caller sees of the provider's words. */
@Catch(UpstreamError)
export class UpstreamExceptionFilter implements ExceptionFilter<UpstreamError> {
  catch(error: UpstreamError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { failure, details } = error;
    if (failure === 'cancelled') {
      void reply.status(CLIENT_CLOSED_REQUEST).send();
    } else if (failure === 'rejected') {
      const { status = 400 } = details;
      const rules = new RelayRules(details);
      sendError(reply.headers(rules.headers(details.headers)), status, relayedBody(status, details, rules));
    } else if (failure === 'overloaded') {
      sendError(reply.header('retry-after', '1'), 503, openAiError(503, error.message, { code: OVERLOADED }));
    } else {
      const { status = 0 } = details;
      const rules = new RelayRules(details);
      if (status >= 500) void reply.headers(rules.headers(details.headers));
      // SDKs retry a 502 by themselves.
      if (error.isRetryFutile) void reply.header('x-should-retry', 'false');
      const message = status >= 500 ? failureMessage(error, rules) : error.message;
      sendError(reply, 502, openAiError(502, message, { type: 'upstream_error', code: error.code }));
    }
  }
}

/** The message of this service, and what the provider says. */
function failureMessage({ message, details: { body } }: UpstreamError, rules: RelayRules): string {
  const reason = body && rules.reason(readUpstreamErrorBody(body).message);
  return reason === undefined ? message : `${message.replace(/\.$/, '')}: ${reason}`;
}

function relayedBody(status: number, { body }: UpstreamErrorDetails, rules: RelayRules): OpenAiErrorBody {
  const upstream = body === undefined ? {} : readUpstreamErrorBody(body);
  const message = rules.prose(upstream.message) ?? `The provider answered ${String(status)}.`;
  return openAiError(status, cut(message), {
    type: cut(rules.identifier(upstream.type)),
    param: cut(rules.identifier(upstream.param)) ?? null,
    code: cut(rules.identifier(upstream.code)) ?? null,
  });
}

function cut<T extends string | undefined>(text: T): T extends string ? string : string | undefined;
function cut(text: string | undefined): string | undefined {
  return text?.slice(0, MAX_MESSAGE_LENGTH);
}
