import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { checkVariables, ConfigurationError } from './config/variables.js';
import { serverConfig } from './config/server.config.js';
import type { ServerConfig } from './config/server.config.js';
import { configureApp } from './configure-app.js';
import { createHttpAdapter } from './http-adapter.js';
import { createLogger } from './observability/logger.js';

async function start(): Promise<void> {
  checkVariables();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createHttpAdapter(), {
    abortOnError: false,
    bufferLogs: true,
  });
  const { port, host, logLevel } = app.get<ServerConfig>(serverConfig.KEY);
  configureApp(app, await createLogger(logLevel));
  await app.listen(port, host);
}

start().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigurationError ? error.message : reasonOf(error)}\n`);
  process.exit(1);
});

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
