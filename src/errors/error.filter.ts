import { Catch, HttpException, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { openAiError } from './openai-error.js';
import { OpenAiException } from './openai.exception.js';
import { sendError } from './send-error.js';

/** Answers every error that no other filter handles, Nest's and Fastify's included. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('ErrorFilter');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof OpenAiException) {
      sendError(reply, error.getStatus(), error.body);
      return;
    }
    const status = clientErrorStatus(error);
    if (status !== undefined) {
      sendError(reply, status, openAiError(status, 'The request is not valid.'));
      return;
    }
    // A bug of this service: its details go to the log, never to the caller.
    this.logger.error({
      msg: error instanceof Error ? (error.stack ?? error.message) : String(error),
      trace_id: request.traceId,
    });
    sendError(reply, 500, openAiError(500, 'Internal server error.', { code: 'internal_error' }));
  }
}

/** The 4xx that Nest's or Fastify's errors carry. */
function clientErrorStatus(error: unknown): number | undefined {
  const status: unknown =
    error instanceof HttpException
      ? error.getStatus()
      : error instanceof Error && 'statusCode' in error
        ? error.statusCode
        : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
