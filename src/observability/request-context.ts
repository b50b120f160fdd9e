import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { UpstreamOutcome } from '../upstream/upstream-outcome.js';
import { TRACEPARENT } from '../upstream/upstream-trace.js';
import type { UpstreamTrace } from '../upstream/upstream-trace.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The outcomes of requests to providers; undefined when none was sent. */
    upstreams: UpstreamOutcome[] | undefined;
    /** Undefined when the request is not traced. */
    trace: UpstreamTrace | undefined;
    /** The id of this service's trace, else of the caller's; undefined without either. */
    readonly traceId: string | undefined;
  }
}

/** Adds to every request the properties that logs and traces read. */
export function decorateRequests(server: FastifyInstance): void {
  server.decorateRequest('upstreams', undefined);
  server.decorateRequest('trace', undefined);
  server.decorateRequest('traceId', {
    getter(this: FastifyRequest) {
      if (this.trace !== undefined) return this.trace.traceId;
      const { traceparent } = this.headers;
      return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
    },
  });
}
