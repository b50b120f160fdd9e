import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TRACEPARENT } from '../upstream/upstream-trace.js';
import type { UpstreamTrace } from '../upstream/upstream-trace.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined when the request is not traced. */
    trace: UpstreamTrace | undefined;
    /** The id of this service's trace, else of the caller's; undefined without either. */
    readonly traceId: string | undefined;
  }
}

/** Adds `trace` and `traceId` to requests. */
export function decorateWithTrace(server: FastifyInstance): void {
  server.decorateRequest('trace', undefined);
  server.decorateRequest('traceId', {
    getter(this: FastifyRequest) {
      if (this.trace !== undefined) return this.trace.traceId;
      const { traceparent } = this.headers;
      return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
    },
  });
}
