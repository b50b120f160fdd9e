/** The path and query of a request's target, which may be a whole URL (RFC 9112, section 3.2.2). */
export function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  const path = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*(.*)$/i.exec(target)?.[1];
  return path === undefined ? target : withSlash(path);
}

/** A path that begins with a slash. */
export function withSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
