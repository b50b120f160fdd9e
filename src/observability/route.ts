import type { FastifyRequest } from 'fastify';

/** Probes come every few seconds and say nothing. */
const QUIET_ROUTES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics']);

/** The route's template, never the path as it was sent; undefined for none. */
export function routeOf(request: FastifyRequest): string | undefined {
  return request.routeOptions.url;
}

/** Whether a route is for machines that ask all the time. */
export function isQuiet(route: string | undefined): boolean {
  return QUIET_ROUTES.has(route);
}
