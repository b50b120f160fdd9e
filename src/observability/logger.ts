import type { LoggerService } from '@nestjs/common';
import { destination, pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

/** How many bytes are gathered before they are written, and how long at most they wait. */
const BUFFER_BYTES = 4096;
const FLUSH_INTERVAL_MS = 250;

/**
 * The log of the process: JSON lines, or readable ones in a terminal.
 * @param level pino's name of the lowest level that is written
 */
export async function createLogger(level: string): Promise<Logger> {
  const stream = process.stdout.isTTY ? (await import('pino-pretty')).build() : bufferedStdout();
  return pino({ level, base: null, formatters: { level: (label) => ({ level: label }) } }, stream);
}

/** Writing a line must not hold up a request, and none may be lost at the end of the process. */
function bufferedStdout(): DestinationStream {
  const stream = destination({ dest: 1, sync: false, minLength: BUFFER_BYTES });
  setInterval(() => {
    stream.flush();
  }, FLUSH_INTERVAL_MS).unref();
  process.on('exit', () => {
    stream.flushSync();
  });
  return stream;
}

/** What Nest says of its own start interests only who debugs it. */
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Nest's logger, writing to pino. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context = ''): void {
    // The bundler writes `_InstanceLoader` or `InstanceLoader2` where two classes have the same name.
    const name = context.replace(/^_|\d+$/g, '');
    this.write(FRAMEWORK_CONTEXTS.has(name) ? 'debug' : 'info', message, name);
  }

  fatal(message: unknown, context?: string): void {
    this.write('fatal', message, context);
  }

  error(message: unknown, ...rest: string[]): void {
    this.write('error', message, rest.at(-1));
  }

  warn(message: unknown, context?: string): void {
    this.write('warn', message, context);
  }

  debug(message: unknown, context?: string): void {
    this.write('debug', message, context);
  }

  verbose(message: unknown, context?: string): void {
    this.write('trace', message, context);
  }

  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    context?: string,
  ): void {
    this.logger[level]({ context }, typeof message === 'string' ? message : String(message));
  }
}
