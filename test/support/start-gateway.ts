import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { AppModule } from '../../src/app.module.js';
import { variableNames } from '../../src/config/variables.js';
import { configureApp } from '../../src/server/configure-app.js';
import { createHttpAdapter } from '../../src/server/http-adapter.js';

/** Part of every credential in the tests, so that a leak is found everywhere. */
export const SECRET_MARK = 'SECRET0';

/** A credential for a test. */
export function secret(name: string): string {
  return `sk-${SECRET_MARK}-${name}`;
}

/** The real application on its own port. */
export interface Gateway {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  readonly app: NestFastifyApplication;
  /** The log so far, in JSON lines. */
  readonly logs: string[];
  /**
   * Stops the application.
   * @throws when a credential was logged
   */
  close(): Promise<void>;
}

/** On a busy machine an answer may take long. */
const PATIENT = { UPSTREAM_TIMEOUT_MS: '30000' };

/** The variables of the last gateway: some of those of engines are not declared. */
let given: readonly string[] = [];

/**
 * Starts the application as `main` does, in this process and with a log that the test can read.
 * @param env the environment's variables; all others that the service knows are unset, but for a long time-out
 */
export async function startGateway(env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  for (const name of [...variableNames(), ...given]) Reflect.deleteProperty(process.env, name);
  given = Object.keys(env);
  Object.assign(process.env, PATIENT, env);
  const logs: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (line: Buffer) => logs.push(line.toString('utf8')));
  const logger = pino({ level: env['LOG_LEVEL'] ?? 'trace' }, stream);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createHttpAdapter(), {
    abortOnError: false,
    bufferLogs: true,
    forceCloseConnections: true,
  });
  configureApp(app, { logger, lostLines: () => 0 });
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    url,
    app,
    logs,
    async close() {
      await app.close();
      const leaks = logs.filter((line) => line.includes(SECRET_MARK));
      if (leaks.length > 0) throw new Error(`a credential was logged:\n${leaks.join('')}`);
    },
  };
}
