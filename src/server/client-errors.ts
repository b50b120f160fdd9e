import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { openAiError } from '../errors/openai-error.js';
import '../observability/request-observer.js';

/** The statuses of what Node.js's parser refuses; of anything else it is 400. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** How long a refused client has for reading the answer, ms. Its connection ends then, also where it stays half open. */
const LINGER_MS = 1000;

/** Connections whose input is refused. */
const refused = new WeakSet<Socket>();

/** Answers input that Node.js's parser refuses. */
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
  refuse(this, socket, STATUSES[error.code ?? ''] ?? 400);
}

/** Answers CONNECT: this service is no proxy. Node.js would close the connection without a byte. */
export function answerConnect(server: FastifyInstance, socket: Socket): void {
  // Node.js has removed its own listener, and reads nothing more, so that it would not notice a reset.
  socket.on('error', () => undefined).resume();
  refuse(server, socket, 405, ['allow: GET, HEAD']);
}

/**
 * Refuses all further input of a connection. It never becomes a request, so the answer is written to the socket, behind
 * the answers of requests before it.
 */
function refuse(
  server: FastifyInstance,
  socket: Socket,
  status: number,
  headers: readonly string[] = [],
): void {
  // The parser reports every further chunk of the same input.
  if (refused.has(socket)) return;
  refused.add(socket);
  const { openAnswers } = socket;
  if (openAnswers === undefined || openAnswers.size === 0) {
    writeRefusal(server, socket, status, headers);
    return;
  }
  for (const answer of openAnswers) {
    answer.once('close', () => {
      if (openAnswers.size === 0) writeRefusal(server, socket, status, headers);
    });
  }
}

function writeRefusal(
  server: FastifyInstance,
  socket: Socket,
  status: number,
  headers: readonly string[],
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const id = randomUUID();
  for (const observer of server.requestObservers) observer.refused?.(status, id, socket);
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
  setTimeout(() => {
    socket.destroy();
  }, LINGER_MS).unref();
}
