import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** What a header may be called (RFC 9110, section 5.6.2). */
const HEADER_NAME = /^[!#$%&'*+.^\w`|~-]+$/;
/** The longest list of header names that a preflight may ask for. */
const MAX_WANTED_LENGTH = 4096;
/** The origin of sandboxed frames and local files: every site can make such a frame. */
const OPAQUE_ORIGIN = 'null';
/** How long a browser may remember a preflight. */
const MAX_AGE_SECONDS = '600';

declare module 'fastify' {
  interface FastifyInstance {
    /** What scripts of other origins may do; undefined where cross-origin access is off. */
    cors: Cors | undefined;
  }
}

/**
 * Cross-origin resource sharing.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
class Cors {
  /** @param origins those that may read answers; one of them may be `*` */
  constructor(private readonly origins: ReadonlySet<string>) {}

  /** Lets the origin of a request read its answer, whatever that is. */
  share({ headers: { origin } }: FastifyRequest, reply: FastifyReply): void {
    if (this.origins.has('*')) {
      void reply.header('access-control-allow-origin', '*');
    } else {
      const vary = reply.getHeader('vary');
      void reply.header('vary', vary === undefined ? 'origin' : `${String(vary)}, origin`);
      if (origin === undefined || !this.origins.has(origin)) return;
      void reply.header('access-control-allow-origin', origin);
    }
    // Answers to requests with cookies are never shared, so this means all headers.
    void reply.header('access-control-expose-headers', '*');
  }

  /**
   * Answers the question whether a request may be sent, before the service looks for a credential in it.
   * @returns false if the request is no preflight, or its origin is not allowed
   */
  answerPreflight({ method, headers }: FastifyRequest, reply: FastifyReply): boolean {
    const { origin, 'access-control-request-headers': wanted = '' } = headers;
    if (method !== 'OPTIONS' || origin === undefined) return false;
    if (headers['access-control-request-method'] === undefined) return false;
    if (!this.origins.has('*') && !this.origins.has(origin)) return false;
    const allowed = origin === OPAQUE_ORIGIN ? '' : headerNames(wanted);
    if (allowed !== '') void reply.header('access-control-allow-headers', allowed);
    void reply
      .headers({
        'access-control-allow-methods': 'GET, HEAD',
        'access-control-max-age': MAX_AGE_SECONDS,
        // Where single origins are listed, every answer names the origin.
        vary: `access-control-request-headers${this.origins.has('*') ? ', origin' : ''}`,
      })
      .status(204)
      .send();
    return true;
  }
}

/** The valid names of a preflight, as an answer lists them. */
function headerNames(wanted: string): string {
  if (wanted.length > MAX_WANTED_LENGTH) return '';
  return wanted
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => HEADER_NAME.test(name))
    .join(', ');
}

/** Lets scripts of some origins read answers. */
export function enableCors(server: FastifyInstance, origins: ReadonlySet<string>): void {
  const cors = new Cors(origins);
  server.cors = cors;
  server.addHook('onSend', (request, reply, payload, done) => {
    cors.share(request, reply);
    done(null, payload);
  });
}
