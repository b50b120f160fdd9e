import type { FastifyInstance } from 'fastify';
import type { ServerConfig } from '../config/server.config.js';
import { prefersHtml } from '../content/accept.js';
import { StaticFile } from '../content/static-file.js';
import type { FileContent } from '../content/static-file.js';
import { VERSION } from '../version.js';
import { readPage } from './page.js';

type RootConfig = Pick<ServerConfig, 'docsEnabled' | 'metricsEnabled' | 'metricsPort' | 'pageEnabled'>;

/** Serves `/`: the catalogue page to browsers, and an index of the routes to all others, such as health checks. */
export function serveRoot(server: FastifyInstance, config: RootConfig): void {
  const { docsEnabled, pageEnabled } = config;
  const vary = pageEnabled ? ['accept'] : [];
  const index = new StaticFile(() => indexOf(config), vary);
  const page = pageEnabled ? new StaticFile(() => readPage(docsEnabled), vary) : undefined;
  server.get('/', (request, reply) =>
    (page !== undefined && prefersHtml(request.headers.accept) ? page : index).send(request, reply),
  );
}

function indexOf({ docsEnabled, metricsEnabled, metricsPort }: RootConfig): FileContent {
  const index = {
    name: 'models-gateway',
    version: VERSION,
    routes: [
      '/v1/models',
      '/v1/models/{id}',
      '/healthz',
      '/readyz',
      ...(metricsEnabled && metricsPort === undefined ? ['/metrics'] : []),
      ...(docsEnabled ? ['/docs', '/openapi.json'] : []),
    ],
  };
  return { contentType: 'application/json; charset=utf-8', body: Buffer.from(JSON.stringify(index)) };
}
