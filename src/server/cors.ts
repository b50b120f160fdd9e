import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The header names of a request that scripts of other origins may set. */
const ALLOWED_HEADERS = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'anthropic-version',
  // Anthropic's SDK does not do without it in a browser.
  'anthropic-dangerous-direct-browser-access',
  'openai-organization',
  'openai-project',
  'content-type',
  'x-request-id',
  'if-none-match',
  'cache-control',
  'traceparent',
  'tracestate',
  // The SDKs set it, and only some browsers leave it out.
  'user-agent',
]);
/** What OpenAI's and Anthropic's SDKs say of themselves. */
const ALLOWED_PREFIX = /^x-stainless-[\w-]{1,64}$/;
/** How long a browser may remember a preflight. */
const MAX_AGE_SECONDS = '600';

declare module 'fastify' {
  interface FastifyInstance {
    /** What scripts of other origins may do; undefined where they may nothing. */
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
   * @returns false where that is not the question, or the origin may not
   */
  answerPreflight({ method, headers }: FastifyRequest, reply: FastifyReply): boolean {
    const { origin, 'access-control-request-headers': wanted = '' } = headers;
    if (method !== 'OPTIONS' || origin === undefined) return false;
    if (headers['access-control-request-method'] === undefined) return false;
    if (!this.origins.has('*') && !this.origins.has(origin)) return false;
    const allowed = wanted
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => ALLOWED_HEADERS.has(name) || ALLOWED_PREFIX.test(name));
    if (allowed.length > 0) void reply.header('access-control-allow-headers', allowed.join(', '));
    void reply
      .headers({
        'access-control-allow-methods': 'GET, HEAD',
        'access-control-max-age': MAX_AGE_SECONDS,
        vary: 'access-control-request-headers',
      })
      .status(204)
      .send();
    return true;
  }
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
