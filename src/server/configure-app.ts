import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { NestLogger } from '../observability/logger.js';
import { ServerSetup } from './server.setup.js';

/**
 * What `main` and the end-to-end tests both apply to a new application.
 * @param logger the log to write to
 */
export function configureApp(app: NestFastifyApplication, logger: Logger): void {
  app.useLogger(new NestLogger(logger));
  app.get(ServerSetup).apply(app.getHttpAdapter().getInstance(), logger);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
}
