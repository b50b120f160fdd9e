import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { CLIENT_CLOSED_REQUEST } from '../errors/client-closed-request.js';
import type { ClientAddressReader } from './client-address.js';
import type { PathReader } from './logged-path.js';
import type { RequestObserver } from './request-observer.js';
import type { UpstreamOutcome } from '../upstream/upstream-outcome.js';
import { isQuiet } from './route.js';

/**
 * Logs each request when its answer is sent or its caller has hung up; never a header or a query string.
 * @param pathOf reads what a log may show of a path
 * @param clientAddress finds the address of a client; undefined where addresses are not logged
 */
export function requestLog(
  logger: Logger,
  engines: readonly string[],
  pathOf: PathReader,
  clientAddress?: ClientAddressReader,
): RequestObserver {
  const log = logger.child({ engine: engines.join(',') });
  const upstreamFields = engines.length === 1 ? fieldsOfOne : fieldsOfSeveral;
  return {
    ...(clientAddress !== undefined && {
      // A socket that is closed has no address, unless it was read before.
      opened({ raw: { socket } }) {
        clientAddress(socket);
      },
    }),
    closed(request, reply) {
      const { route } = request;
      const level = isQuiet(route) || isPreflight(request, reply) ? 'debug' : 'info';
      log[level](
        {
          method: request.method,
          path: pathOf(request),
          route: route ?? 'unknown',
          status: statusOf(reply),
          durationMs: rounded(reply.elapsedTime),
          ...upstreamFields(request.upstreams),
          incomplete: reply.getHeader('x-models-incomplete'),
          requestId: request.id,
          clientAddress: clientAddress?.(request.raw.socket, request.headers),
          trace_id: request.traceId,
        },
        'request',
      );
    },
    refused(status, requestId, socket) {
      const fields = { route: 'unknown', status, requestId, clientAddress: clientAddress?.(socket) };
      log.info(fields, 'request');
    },
  };
}

/** A browser sends a preflight before each cross-origin request: as `info` they would double the log. */
function isPreflight({ method }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  return method === 'OPTIONS' && statusCode === 204;
}

function fieldsOfOne(upstreams: readonly UpstreamOutcome[] | undefined): object {
  const upstream = upstreams?.[0];
  return {
    upstreamStatus: upstream?.status,
    upstreamDurationMs: upstream && rounded(upstream.durationMs),
  };
}

function fieldsOfSeveral(upstreams: readonly UpstreamOutcome[] | undefined): object {
  return {
    upstreams: upstreams?.map(({ durationMs, ...fields }) => ({
      ...fields,
      durationMs: rounded(durationMs),
    })),
  };
}

/** The status of the answer; 499 when the caller hung up before its end. */
export function statusOf({ raw, statusCode }: FastifyReply): number {
  return raw.writableFinished ? statusCode : CLIENT_CLOSED_REQUEST;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
