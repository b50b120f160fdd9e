#!/usr/bin/env node
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { AppModule } from './app.module.js';
import { parseCommandLine } from './commands/command-line.js';
import { EXIT_CODES } from './commands/help.js';
import { runCommand } from './commands/run-command.js';
import { checkVariables, ConfigurationError } from './config/variables.js';
import { serverConfig } from './config/server.config.js';
import type { ServerConfig } from './config/server.config.js';
import { configureApp, STOP_SIGNALS } from './server/configure-app.js';
import { createHttpAdapter } from './server/http-adapter.js';
import { createLog } from './observability/logger.js';
import { ListenError } from './server/listen-error.js';
import { listen } from './server/listen.js';

async function start(): Promise<void> {
  // Process 1 of a container ignores a signal without a handler, also while it starts.
  for (const signal of STOP_SIGNALS) process.on(signal, exit);
  checkVariables();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createHttpAdapter(), {
    abortOnError: false,
    bufferLogs: true,
    // `run().catch` writes the reason of a failed start, without the stack that Nest would write.
    autoFlushLogs: false,
  });
  const config = app.get<ServerConfig>(serverConfig.KEY);
  configureApp(app, await createLog(config.logLevel, config.readableLog));
  app.flushLogs();
  for (const signal of STOP_SIGNALS) process.off(signal, exit);
  await listen(app, config);
}

/** Starts the service, or does what the command line asks for instead. */
async function run(): Promise<void> {
  const command = parseCommandLine(process.argv.slice(2));
  if (command.name === 'serve') {
    await start();
    return;
  }
  for (const signal of STOP_SIGNALS) process.on(signal, interrupt);
  const { stdout, stderr, code } = await runCommand(command);
  process.stderr.write(stderr);
  // What still runs, such as a connection that is kept alive, must not hold up the end.
  process.stdout.write(stdout, (error) => process.exit(isLost(error) ? EXIT_CODES.failed : code));
}

/** Whether a report could not be written. A reader that has seen enough closes its pipe. */
function isLost(error: Error | null | undefined): boolean {
  return error != null && !('code' in error && error.code === 'EPIPE');
}

function exit(): void {
  process.exit(EXIT_CODES.ok);
}

/** A command that is interrupted has checked nothing. */
function interrupt(): void {
  process.exit(EXIT_CODES.failed);
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
run().catch((error: unknown) => {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exit(EXIT_CODES.failed);
});
