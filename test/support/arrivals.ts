import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Gateway } from './start-gateway.js';

/**
 * Counts the requests that arrive at a gateway from now on.
 * @returns a function whose promise resolves when this many have arrived
 */
export function arrivals({ app }: Gateway): (count: number) => Promise<void> {
  const server: Server = app.getHttpServer();
  let arrived = 0;
  server.on('request', () => {
    arrived += 1;
    server.emit('counted');
  });
  return async (count) => {
    while (arrived < count) await once(server, 'counted');
  };
}
