import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { openAiError } from '../errors/openai-error.js';
import '../observability/request-observer.js';

/** The statuses of what Node.js's parser refuses; of anything else it is 400. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Connections whose input the parser has refused. */
const refused = new WeakSet<Socket>();

/**
 * Answers input that Node.js's parser refuses. It never becomes a request, so the answer is written to the socket, behind
 * the answers of requests before it.
 */
export function answerClientError(
  this: FastifyInstance,
  error: Error & { code?: string },
  socket: Socket,
): void {
  // A connection without a byte expects no answer.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesRead === 0) {
    socket.destroy();
    return;
  }
  // The parser reports every further chunk of the same input.
  if (refused.has(socket)) return;
  refused.add(socket);
  const status = STATUSES[error.code ?? ''] ?? 400;
  const { openAnswers } = socket;
  if (openAnswers === undefined || openAnswers.size === 0) {
    refuse(this, socket, status);
    return;
  }
  for (const answer of openAnswers) {
    answer.once('close', () => {
      if (openAnswers.size === 0) refuse(this, socket, status);
    });
  }
}

/** Answers CONNECT: this service is no proxy. Node.js would close the connection without a byte. */
export function answerConnect(server: FastifyInstance, socket: Duplex): void {
  refuse(server, socket, 405, ['allow: GET, HEAD']);
}

function refuse(
  server: FastifyInstance,
  socket: Duplex,
  status: number,
  headers: readonly string[] = [],
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const id = randomUUID();
  for (const observer of server.requestObservers) observer.refused?.(status, id);
  const body = JSON.stringify(openAiError(status, `${STATUS_CODES[status] ?? 'Bad Request'}.`));
  socket.end(
    [
      `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${String(Buffer.byteLength(body))}`,
      `x-request-id: ${id}`,
      ...headers,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
