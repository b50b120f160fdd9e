import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Router from 'find-my-way';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { NO_SUCH_ROUTE } from '../errors/openai-error.js';
import { OpenAiException } from '../errors/openai.exception.js';
import { sendError } from '../errors/send-error.js';
import { answerClientError, answerConnect } from './client-errors.js';
import './cors.js';
import { observeRequest } from './observe-request.js';
import { routedPath } from './request-path.js';

const ROUTER_OPTIONS = {
  ignoreTrailingSlash: true,
  ignoreDuplicateSlashes: true,
} as const;
/** What a caller's request id may look like to be taken over into logs and headers. */
const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Fastify, set up so that every answer has a request id and every error is in the caller's dialect. */
export function createHttpAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    // Nest's middleware layer costs every request something, and there is no middleware.
    skipMiddie: true,
    // A request that takes longer to arrive is meant to hold a connection.
    requestTimeout: 30_000,
    // Node.js itself would answer a request without Host with an empty 400.
    http: { requireHostHeader: false },
    routerOptions: ROUTER_OPTIONS,
    rewriteUrl(this: FastifyInstance, { url = '/' }) {
      return routedPath(url, this.basePath);
    },
    genReqId: requestId,
    // Requests under way, and those that a kept-alive connection still brings, are answered to the end.
    return503OnClosing: false,
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerClientError,
  });
  const server: FastifyInstance = adapter.getInstance();
  server.decorate('requestObservers', []);
  server.decorate('cors', undefined);
  server.decorate('basePath', undefined);
  server.decorateRequest('route', undefined);
  const findRoute = collectRoutes(server);
  server.addHook('onRequest', (request, reply, done) => {
    const other = request.is404 ? findRoute(request.url.split('?')[0] ?? '') : undefined;
    request.route = request.routeOptions.url ?? other?.template;
    begin(server, request, reply);
    const fault = faultOf(request, reply);
    if (fault === undefined && server.cors?.answerPreflight(request, reply)) return;
    // Before a body is read in vain.
    done(fault ?? refusal(request, reply, other));
  });
  // Node.js answers an unknown `Expect` by itself; RFC 9110, section 10.1.1, allows ignoring it.
  server.server.on('checkExpectation', (...exchange) => server.server.emit('request', ...exchange));
  server.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    answerConnect(server, socket);
  });
  return adapter;
}

/** Every answer, an error's too, has the id of its request. */
function begin(server: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('x-request-id', request.id);
  observeRequest(server, request, reply);
}

function requestId({ headers }: { headers: IncomingMessage['headers'] }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
}

/** A path that is known, and the methods that it has. */
interface KnownRoute {
  readonly template: string;
  readonly methods: Set<string>;
}

/** Learns the routes as they are registered; what it returns finds the one of a path. */
function collectRoutes(server: FastifyInstance): (path: string) => KnownRoute | undefined {
  const paths = Router({ ...ROUTER_OPTIONS, defaultRoute: () => undefined });
  const routes = new Map<string, KnownRoute>();
  server.addHook('onRoute', ({ method, url }) => {
    let route = routes.get(url);
    if (route === undefined) {
      route = { template: url, methods: new Set() };
      routes.set(url, route);
      paths.on('GET', url, () => undefined, route);
    }
    for (const each of [method].flat()) route.methods.add(each);
  });
  return (path) => paths.find('GET', path)?.store as KnownRoute | undefined;
}

/** What is wrong with a request whatever its target: 501 for its coding, 400 for its hosts. */
function faultOf({ headers, raw }: FastifyRequest, reply: FastifyReply): OpenAiException | undefined {
  const { host, 'transfer-encoding': coding } = headers;
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    // The rest of this body cannot be distinguished from a next request (RFC 9112, section 6.1).
    reply.header('connection', 'close');
    return new OpenAiException(501, 'The Transfer-Encoding of the request is not supported.');
  }
  if (host === undefined && raw.httpVersion === '1.1') {
    return new OpenAiException(400, 'The request has no Host header.');
  }
  if (hasTwoHosts(raw.rawHeaders)) {
    return new OpenAiException(400, 'The request has more than one Host header.');
  }
  return undefined;
}

/** Why no route serves a request: 404, or 405 on a known path. */
function refusal(
  { is404, method }: FastifyRequest,
  reply: FastifyReply,
  other: KnownRoute | undefined,
): OpenAiException | undefined {
  if (!is404) return undefined;
  if (other === undefined) {
    return new OpenAiException(404, NO_SUCH_ROUTE, { code: 'unknown_url' });
  }
  reply.header('allow', [...other.methods].join(', '));
  return new OpenAiException(405, `The method ${method} is not allowed here.`, {
    code: 'method_not_allowed',
  });
}

/** Node.js keeps the first one without a word, but the proxy in front may have read the other (RFC 9112, section 3.2). */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** A URL that cannot be decoded: Fastify's router finds out before any hook runs. */
function answerFrameworkError(
  error: { statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  begin(request.server, request, reply);
  // Fastify runs no hook for this answer, so CORS headers are set here.
  request.server.cors?.share(request, reply);
  const refused =
    faultOf(request, reply) ??
    new OpenAiException(error.statusCode ?? 400, 'The URL cannot be understood.', { code: 'invalid_url' });
  sendError(reply, refused.getStatus(), refused.body);
}
