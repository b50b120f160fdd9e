import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Follows every request from its arrival to the end of its answer: logs, metrics, traces, the graceful close. */
export interface RequestObserver {
  /** Called before anything else is done for a request. */
  opened?(request: FastifyRequest, reply: FastifyReply): void;
  /** Called when the answer has been sent or the caller has gone. */
  closed?(request: FastifyRequest, reply: FastifyReply): void;
  /** Called for input that never became a request, as Node.js's parser refused it. */
  refused?(status: number, requestId: string): void;
}

declare module 'node:net' {
  interface Socket {
    /** Answers that are not complete, oldest first. On the socket, as a map would keep requests from dying young. */
    openAnswers?: Set<ServerResponse>;
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly requestObservers: RequestObserver[];
  }
  interface FastifyRequest {
    /** The template of a known path that was requested with a method it does not have. */
    otherRoute: string | undefined;
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
