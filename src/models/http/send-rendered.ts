import type { FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
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
  { body, etag, coding }: RenderedBody,
  origin: ListOrigin,
): void {
  const headers = listHeaders(origin);
  if (headers !== undefined) void reply.headers(headers);
  if (speaksAnthropic(request.headers)) void reply.header('request-id', request.id);
  void reply.header('etag', etag).header('vary', VARY);
  const known = request.headers['if-none-match'];
  if (known !== undefined && fresh({ 'if-none-match': known }, { etag })) {
    // Fastify sends no body to HEAD, only its length: without one it would write 0 (RFC 9110, section 8.6).
    void reply.status(304).send(request.method === 'HEAD' ? body : undefined);
    return;
  }
  if (coding !== undefined) void reply.header('content-encoding', coding);
  void reply.header('content-type', 'application/json; charset=utf-8').send(body);
}
