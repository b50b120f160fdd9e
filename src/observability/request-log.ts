import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

declare module 'fastify' {
  interface FastifyRequest {
    /** What came of asking the provider; undefined when it was not asked. */
    upstream: { readonly status: number | undefined; readonly durationMs: number } | undefined;
  }
}

/** Probes come every few seconds and say nothing; the documentation is a page of many files. */
const QUIET_ROUTES = /^\/(healthz|readyz|openapi\.json|docs(\/.*)?)$/;

/** nginx's number for a caller that hung up before its answer was sent. */
const CLIENT_CLOSED_REQUEST = 499;

/** Writes one line a request when its answer is sent, or its caller gone. Never a header, never a query string. */
export function logRequests(server: FastifyInstance, logger: Logger, engine: string): void {
  server.decorateRequest('upstream', undefined);
  server.requestClosed = (request, reply) => {
    const route = routeOf(request);
    const level = QUIET_ROUTES.test(route) ? 'debug' : 'info';
    logger[level](
      {
        method: request.method,
        route,
        status: reply.raw.writableFinished ? reply.statusCode : CLIENT_CLOSED_REQUEST,
        durationMs: rounded(reply.elapsedTime),
        engine,
        upstreamStatus: request.upstream?.status,
        upstreamDurationMs: request.upstream && rounded(request.upstream.durationMs),
        requestId: request.id,
      },
      'request',
    );
  };
}

/** The route's template, never the path as it was sent. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown';
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
