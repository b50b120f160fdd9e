import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import '../observability/request-observer.js';

declare module 'node:net' {
  interface Socket {
    /** Answers that are not complete, oldest first. On the socket, as a map would keep requests from dying young. */
    openAnswers?: Set<ServerResponse>;
  }
}

/** Reports a request to the observers, and its end. Fastify's `onResponse` hook does not run for callers that are gone. */
export function observeRequest(server: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  const { requestObservers: observers } = server;
  for (const observer of observers) observer.opened?.(request, reply);
  const { raw } = reply;
  const { socket } = request.raw;
  const answers = (socket.openAnswers ??= trackAnswers(socket));
  answers.add(raw);
  raw.once('close', () => {
    answers.delete(raw);
    for (const observer of observers) observer.closed?.(request, reply);
  });
}

/** Node.js emits no `close` for answers that wait behind another one when their connection is lost. */
function trackAnswers(socket: Socket): Set<ServerResponse> {
  const answers = new Set<ServerResponse>();
  socket.once('close', () => {
    for (const answer of answers) {
      answer.destroy();
      answer.emit('close');
    }
  });
  return answers;
}
