import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Log } from '../observability/logger.js';
import { NestLogger } from '../observability/logger.js';
import { ServerSetup } from './server.setup.js';

/** Each ends the service gracefully; SIGHUP comes from a terminal that is closed. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * What `main` and the end-to-end tests both apply to a new application.
 */
export function configureApp(app: NestFastifyApplication, log: Log): void {
  app.useLogger(new NestLogger(log.logger));
  app.get(ServerSetup).apply(app.getHttpAdapter().getInstance(), log);
  app.enableShutdownHooks([...STOP_SIGNALS], { useProcessExit: true });
}
