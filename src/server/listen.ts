import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServerConfig } from '../config/server.config.js';
import { anyAddress } from './any-address.js';
import { explainListenError } from './listen-error.js';

/**
 * Initialises the application and makes it listen. Nest's own method would write a line of its own about a port that is
 * in use.
 * @throws ListenError
 */
export async function listen(
  app: NestFastifyApplication,
  { port, host, metricsPort }: Pick<ServerConfig, 'port' | 'host' | 'metricsPort'>,
): Promise<void> {
  try {
    await app.init();
    await app
      .getHttpAdapter()
      .getInstance()
      .listen({ port, host: host ?? (await anyAddress()) });
  } catch (error) {
    throw explainListenError(error, metricsPort);
  }
}
