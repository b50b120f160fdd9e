import type { FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
import { Readable } from 'node:stream';
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
    // Fastify writes the length 0 of a HEAD without a body, which is not that of the list (RFC 9110, section 8.6).
    const isHead = request.method === 'HEAD';
    if (isHead) void reply.header('content-length', String(body.length));
    void reply.status(304).send(isHead ? Readable.from([]) : undefined);
    return;
  }
  if (coding !== undefined) void reply.header('content-encoding', coding);
  void reply.header('content-type', 'application/json; charset=utf-8').send(body);
}
