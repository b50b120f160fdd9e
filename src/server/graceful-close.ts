import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Socket } from 'node:net';
import type { Lifecycle } from '../health/lifecycle.js';
import './observe-request.js';

/** How long a request may still take to arrive, ms. */
const ARRIVAL_MS = 2000;
/** What an answer takes beyond the deadline of the provider, ms. */
const ANSWER_MARGIN_MS = 500;

/**
 * Ends connections in good order when the service stops.
 *
 * Until the shutdown delay is over a load balancer still sends requests down kept-alive connections, so no idle one is
 * closed from this side; every answer says `Connection: close`. After the delay idle connections are closed, answers are
 * sent to their last byte, and connections that bring no request are cut off.
 * @param timeoutMs the deadline of the provider
 */
export function closeGracefully(server: FastifyInstance, lifecycle: Lifecycle, timeoutMs: number): void {
  const http = server.server;
  const sockets = new Set<Socket>();
  let underWay = 0;
  let isClosing = false;
  const closeIdleConnections = http.closeIdleConnections.bind(http);
  http.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.requestObservers.push({
    opened() {
      underWay += 1;
    },
    closed() {
      underWay -= 1;
      if (isClosing && underWay === 0) closeIdleConnections();
    },
  });
  // Node.js takes a connection for idle as soon as its answer has ended, with bytes of it still to be sent.
  http.closeIdleConnections = () => {
    if (underWay === 0) closeIdleConnections();
  };
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (lifecycle.isStopping && isLastOfConnection(reply)) reply.header('connection', 'close');
    done(null, payload);
  });
  // Node.js would wait for ever for connections that bring nothing, or half a request.
  const destroy = (isUseless: (socket: Socket) => boolean): void => {
    for (const socket of sockets) {
      if ((socket.openAnswers?.size ?? 0) === 0 && isUseless(socket)) socket.destroy();
    }
  };
  server.addHook('preClose', (done) => {
    isClosing = true;
    destroy(({ bytesRead }) => bytesRead === 0);
    setTimeout(destroy, ARRIVAL_MS, () => true).unref();
    setTimeout(() => {
      http.closeAllConnections();
    }, timeoutMs + ANSWER_MARGIN_MS).unref();
    done();
  });
}

/** Node.js drops pipelined requests behind an answer that closes the connection. */
function isLastOfConnection({ raw, request }: FastifyReply): boolean {
  const { openAnswers } = request.raw.socket;
  return openAnswers === undefined || openAnswers.size < 2 || [...openAnswers].at(-1) === raw;
}
