import type { FastifyRequest } from 'fastify';
import '../server/request-observer.js';

/** Probes come every few seconds and say nothing; the documentation is a page of many files. */
const QUIET_ROUTES = /^\/(healthz|readyz|metrics|openapi\.json|docs(\/.*)?)$/;

/** The route's template, never the path as it was sent; undefined for none. */
export function routeOf(request: FastifyRequest): string | undefined {
  return request.routeOptions.url ?? request.otherRoute;
}

/** Whether requests of a route are not worth telling of. */
export function isQuiet(route: string | undefined): boolean {
  return route !== undefined && QUIET_ROUTES.test(route);
}
