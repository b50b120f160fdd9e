import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { AppModule } from './app.module.js';
import { checkVariables, ConfigurationError } from './config/variables.js';
import { serverConfig } from './config/server.config.js';
import type { ServerConfig } from './config/server.config.js';
import { configureApp, STOP_SIGNALS } from './server/configure-app.js';
import { anyAddress } from './server/any-address.js';
import { createHttpAdapter } from './server/http-adapter.js';
import { createLog } from './observability/logger.js';
import { explainListenError, ListenError } from './server/listen-error.js';

async function start(): Promise<void> {
  // Process 1 of a container ignores a signal without a handler, also while it starts.
  for (const signal of STOP_SIGNALS) process.on(signal, exit);
  checkVariables();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createHttpAdapter(), {
    abortOnError: false,
    bufferLogs: true,
    // `start().catch` writes the reason of a failed start, without the stack that Nest would write.
    autoFlushLogs: false,
  });
  const { port, host, metricsPort, logLevel, readableLog } = app.get<ServerConfig>(serverConfig.KEY);
  configureApp(app, await createLog(logLevel, readableLog));
  app.flushLogs();
  for (const signal of STOP_SIGNALS) process.off(signal, exit);
  await app.listen(port, host ?? (await anyAddress())).catch((error: unknown) => {
    throw explainListenError(error, metricsPort);
  });
}

function exit(): void {
  process.exit(0);
}

/** One line for a mistake that the operator can mend; a bug of this service has its stack. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof ListenError) return error.message;
  if (!(error instanceof Error)) return String(error);
  return error.stack ?? error.message;
}

/** Node.js would abort at its end, as it cannot restore the settings of a terminal that is gone. */
function leaveLostTerminals(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
}

leaveLostTerminals();
start().catch((error: unknown) => {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exit(1);
});
