import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendBody } from '../../content/body.js';
import { CALLER_KEY_HEADERS } from '../../credentials/caller-credential.js';
import { speaksAnthropic } from '../../errors/anthropic-error.js';
import { listHeaders } from './list-headers.js';
import type { ListOrigin } from './list-headers.js';
import type { RenderedBody } from './rendered-body.js';

/** Answers differ by these headers of the request. */
const VARY = `authorization, ${CALLER_KEY_HEADERS.join(', ')}, openai-organization, openai-project, anthropic-version, accept-encoding`;

/** Sends a body, or 304 to a client that has it already. */
export function sendRendered(
  request: FastifyRequest,
  reply: FastifyReply,
  rendered: RenderedBody,
  origin: ListOrigin,
): void {
  const headers = listHeaders(origin);
  if (headers !== undefined) void reply.headers(headers);
  if (speaksAnthropic(request.headers)) void reply.header('request-id', request.id);
  void reply.header('vary', VARY);
  sendBody(request, reply, rendered, 'application/json; charset=utf-8');
}
