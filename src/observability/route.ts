import type { FastifyRequest } from 'fastify';
import './request-observer.js';

/** Probes come every few seconds, to `/` too, and the documentation is a page of many files. */
const QUIET_ROUTES = /^\/(healthz|readyz|metrics|openapi\.json|docs(\/.*)?)?$/;

/** The template of the request's route, never its raw path; undefined when no route matches. */
export function routeOf(request: FastifyRequest): string | undefined {
  return request.routeOptions.url ?? request.otherRoute;
}

/** Whether requests for a route are not traced, and logged at level `debug`. */
export function isQuiet(route: string | undefined): boolean {
  return route !== undefined && QUIET_ROUTES.test(route);
}
