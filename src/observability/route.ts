/** Probes come every few seconds, to `/` too, and the documentation is a page of many files. */
const QUIET_ROUTES = /^\/(healthz|readyz|metrics|openapi\.json|docs(\/.*)?)?$/;

/** Whether requests for a route are not traced, and logged at level `debug`. */
export function isQuiet(route: string | undefined): boolean {
  return route !== undefined && QUIET_ROUTES.test(route);
}
