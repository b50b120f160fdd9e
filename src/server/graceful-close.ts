import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';
import type { Lifecycle } from '../health/lifecycle.js';
import './request-observer.js';

/** How long a request may still take to arrive, ms. */
const ARRIVAL_MS = 2000;
/** What an answer takes beyond the deadline of the provider, ms. */
const ANSWER_MARGIN_MS = 500;

/**
 * Ends connections in good order when the service stops: answers are sent to their last byte, clients learn that a
 * connection goes away before they send their next request down it, and nobody is waited for who sends nothing.
 * @param timeoutMs what the provider may take
 */
export function closeGracefully(server: FastifyInstance, lifecycle: Lifecycle, timeoutMs: number): void {
  const http = server.server;
  const sockets = new Set<Socket>();
  let underWay = 0;
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
      if (lifecycle.isStopping && underWay === 0) closeIdleConnections();
    },
  });
  // Node.js takes a connection for idle as soon as its answer has ended, with bytes of it still to be sent.
  http.closeIdleConnections = () => {
    if (underWay === 0) closeIdleConnections();
  };
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (lifecycle.isStopping) reply.header('connection', 'close');
    done(null, payload);
  });
  // Node.js would wait for ever for who has brought nothing, or half a request.
  const destroy = (isUseless: (socket: Socket) => boolean): void => {
    for (const socket of sockets) {
      if ((socket.requestsUnderWay ?? 0) === 0 && isUseless(socket)) socket.destroy();
    }
  };
  server.addHook('preClose', (done) => {
    destroy(({ bytesRead }) => bytesRead === 0);
    setTimeout(destroy, ARRIVAL_MS, () => true).unref();
    setTimeout(() => {
      http.closeAllConnections();
    }, timeoutMs + ANSWER_MARGIN_MS).unref();
    done();
  });
}
