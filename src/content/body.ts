import type { FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Coding } from './content-coding.js';

/** A body as it goes out, and its validator. */
export interface Body {
  readonly body: Buffer;
  /** A strong entity tag (RFC 9110, section 8.8.3): equal only for equal bytes. */
  readonly etag: string;
  /** Undefined for a body that is not compressed. */
  readonly coding?: Coding | undefined;
}

/** The entity tag of bytes. */
export function entityTag(bytes: Buffer): string {
  return `"${createHash('sha256').update(bytes).digest('base64url')}"`;
}

/** Sends a body, or 304 to a client that has it already. */
export function sendBody(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, etag, coding }: Body,
  contentType: string,
): void {
  void reply.header('etag', etag);
  const known = request.headers['if-none-match'];
  if (known !== undefined && fresh({ 'if-none-match': known }, { etag })) {
    // Fastify writes the length 0 of a HEAD without a body, which is not that of the body (RFC 9110, section 8.6).
    const isHead = request.method === 'HEAD';
    if (isHead) void reply.header('content-length', String(body.length));
    void reply.status(304).send(isHead ? Readable.from([]) : undefined);
    return;
  }
  if (coding !== undefined) void reply.header('content-encoding', coding);
  void reply.header('content-type', contentType).send(body);
}
