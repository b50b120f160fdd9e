import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';

/** Follows every request from its arrival to the end of its answer: logs, metrics, traces, the graceful close. */
export interface RequestObserver {
  /** Called before anything else is done for a request. */
  opened?(request: FastifyRequest, reply: FastifyReply): void;
  /** Called when the answer has been sent or the caller has gone. */
  closed?(request: FastifyRequest, reply: FastifyReply): void;
  /** Called for input that never became a request, as Node.js's parser refused it. */
  refused?(status: number, requestId: string, socket: Socket): void;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly requestObservers: RequestObserver[];
  }
  interface FastifyRequest {
    /**
     * The template of its route, or of a known path that does not have its method; never its raw path. Undefined for an
     * unknown path. Fastify makes its own `routeOptions` anew at each access.
     */
    route: string | undefined;
  }
}
