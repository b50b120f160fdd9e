import type { FastifyReply } from 'fastify';
import { anthropicError, speaksAnthropic } from './anthropic-error.js';
import type { OpenAiErrorBody } from './openai-error.js';

/** Answers with an error in the caller's dialect. */
export function sendError(reply: FastifyReply, status: number, body: OpenAiErrorBody): void {
  const { request } = reply;
  // The answer depends on the caller and its headers, and some caches store a 404.
  void reply.status(status).header('cache-control', 'no-store');
  if (speaksAnthropic(request.headers)) {
    void reply.header('request-id', request.id).send(anthropicError(status, body, request.id));
  } else {
    void reply.send(body);
  }
}
