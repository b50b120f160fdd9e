import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Router from 'find-my-way';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { openAiError } from '../errors/openai-error.js';
import { OpenAiException } from '../errors/openai.exception.js';
import { sendError } from '../errors/send-error.js';
import './cors.js';
import './request-observer.js';

const ROUTER_OPTIONS = {
  ignoreTrailingSlash: true,
  ignoreDuplicateSlashes: true,
} as const;
/** What a caller's request id may look like to be taken over into logs and headers. */
const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Fastify, set up so that every answer has a request id and every error is an OpenAI error. */
export function createHttpAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    // Nest's middleware layer costs every request something, and there is no middleware.
    skipMiddie: true,
    // A request without a body has arrived by then, or is meant to hold a connection.
    requestTimeout: 30_000,
    // Node.js itself would answer a request without Host, and without a body.
    http: { requireHostHeader: false },
    routerOptions: ROUTER_OPTIONS,
    genReqId: requestId,
    // Requests under way, and those that a kept-alive connection still brings, are answered to the end.
    return503OnClosing: false,
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerClientError,
  });
  const server: FastifyInstance = adapter.getInstance();
  server.decorate('requestObservers', []);
  server.decorate('cors', undefined);
  server.decorateRequest('otherRoute', undefined);
  const findRoute = collectRoutes(server);
  server.addHook('onRequest', (request, reply, done) => {
    const other = request.is404 ? findRoute(request.url.split('?')[0] ?? '') : undefined;
    request.otherRoute = other?.template;
    begin(server, request, reply);
    if (server.cors?.answerPreflight(request, reply)) return;
    // Before a body is read that nobody wants.
    done(refusal(request, reply, other));
  });
  // The same of an expectation that it does not know. RFC 9110, section 10.1.1, lets a server overlook it.
  server.server.on('checkExpectation', (...exchange) => server.server.emit('request', ...exchange));
  return adapter;
}

/** Fastify's own hook for this, onResponse, does not run for callers that are gone. */
function begin(server: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('x-request-id', request.id);
  const { requestObservers: observers } = server;
  for (const observer of observers) observer.opened?.(request, reply);
  const { socket } = request.raw;
  socket.requestsUnderWay = (socket.requestsUnderWay ?? 0) + 1;
  reply.raw.once('close', () => {
    socket.requestsUnderWay = (socket.requestsUnderWay ?? 1) - 1;
    for (const observer of observers) observer.closed?.(request, reply);
  });
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

/** Why a request is not served at all: 404, 405 on a known path, or 400 without a host. */
function refusal(
  request: FastifyRequest,
  reply: FastifyReply,
  other: KnownRoute | undefined,
): OpenAiException | undefined {
  if (request.is404) {
    if (other === undefined) {
      return new OpenAiException(404, 'There is no such route.', { code: 'unknown_url' });
    }
    reply.header('allow', [...other.methods].join(', '));
    return new OpenAiException(405, `The method ${request.method} is not allowed here.`, {
      code: 'method_not_allowed',
    });
  }
  if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
    return new OpenAiException(400, 'The request has no Host header.');
  }
  return undefined;
}

/** A URL that cannot be decoded: Fastify's router finds out before any hook runs. */
function answerFrameworkError(
  error: { statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = error.statusCode ?? 400;
  begin(request.server, request, reply);
  // Nor does any hook run for the answer.
  request.server.cors?.share(request, reply);
  const body = openAiError(status, 'The URL cannot be understood.', { code: 'invalid_url' });
  sendError(reply, status, body);
}

/** What Node.js' parser refuses never becomes a request, so the answer is written to the socket. */
function answerClientError(this: FastifyInstance, error: Error & { code?: string }, socket: Socket): void {
  const isUnderWay = (socket.requestsUnderWay ?? 0) > 0;
  // Who has sent nothing expects nothing, and what comes behind a request under way has no answer of its own.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesRead === 0 || isUnderWay) {
    socket.destroy();
    return;
  }
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
  const id = randomUUID();
  for (const observer of this.requestObservers) observer.refused?.(status, id);
  const body = JSON.stringify(openAiError(status, `${STATUS_CODES[status] ?? 'Bad Request'}.`));
  socket.end(
    [
      `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${String(Buffer.byteLength(body))}`,
      `x-request-id: ${id}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
