import type { FastifyInstance } from 'fastify';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Metrics } from '../metrics/metrics.js';
import type { RequestObserver } from './request-observer.js';
import { statusOf } from './request-log.js';

const ROUTE = '/metrics';

/** Counts and times requests, except those for metrics. */
export function requestMetrics(metrics: Metrics): RequestObserver {
  return {
    opened(request) {
      if (request.route !== ROUTE) metrics.requestOpened();
    },
    closed(request, reply) {
      const { route } = request;
      if (route !== ROUTE) metrics.requestClosed(request.method, route, statusOf(reply), reply.elapsedTime);
    },
    refused(status) {
      metrics.requestRefused(status);
    },
  };
}

/** Serves metrics on the port of the service. */
export function serveMetrics(server: FastifyInstance, { registry }: Metrics): void {
  server.get(ROUTE, async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  );
}

/** Creates a server for metrics alone. */
export function createMetricsServer({ registry }: Metrics): Server {
  return createServer((request, response) => {
    if (request.url?.split('?')[0] !== ROUTE) {
      response.writeHead(404).end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    void registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}
