import type { FastifyReply } from 'fastify';
import { anthropicError, speaksAnthropic } from './anthropic-error.js';
import type { OpenAiErrorBody } from './openai-error.js';

/** Answers with an error, in the form that the caller expects. */
export function sendError(reply: FastifyReply, status: number, body: OpenAiErrorBody): void {
  const { request } = reply;
  // Another caller, or the same one with another header, may get something else, and some caches keep a 404.
  void reply.status(status).header('cache-control', 'no-store');
  if (speaksAnthropic(request.headers)) {
    void reply.header('request-id', request.id).send(anthropicError(status, body, request.id));
  } else {
    void reply.send(body);
  }
}
