import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { isQuiet, routeOf } from './route.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What came of asking the provider; undefined when it was not asked. */
    upstream: { readonly status: number | undefined; readonly durationMs: number } | undefined;
  }
}

/** nginx's number for a caller that hung up before its answer was sent. */
const CLIENT_CLOSED_REQUEST = 499;

/** Writes one line a request when its answer is sent, or its caller gone. Never a header, never a query string. */
export function logRequests(server: FastifyInstance, logger: Logger, engine: string): void {
  server.decorateRequest('upstream', undefined);
  server.requestClosed = (request, reply) => {
    const route = routeOf(request);
    const level = isQuiet(route) ? 'debug' : 'info';
    logger[level](
      {
        method: request.method,
        route: route ?? 'unknown',
        status: statusOf(reply),
        durationMs: rounded(reply.elapsedTime),
        engine,
        upstreamStatus: request.upstream?.status,
        upstreamDurationMs: request.upstream && rounded(request.upstream.durationMs),
        requestId: request.id,
        trace_id: request.traceId,
      },
      'request',
    );
  };
}

/** The status of an answer that has been sent, or of a caller that is gone. */
export function statusOf({ raw, statusCode }: FastifyReply): number {
  return raw.writableFinished ? statusCode : CLIENT_CLOSED_REQUEST;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
