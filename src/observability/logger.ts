import type { LoggerService } from '@nestjs/common';
import { destination, pino } from 'pino';
import type { DestinationStream, Level, Logger } from 'pino';

/** The buffer is written when it holds this many characters, or after this time. */
const CHUNK_LENGTH = 32_768;
const FLUSH_INTERVAL_MS = 100;

/**
 * The log of the process: JSON lines, or readable ones in a terminal.
 * @param level pino's name of the lowest level to write
 * @param readable whether a terminal gets readable lines
 */
export async function createLogger(level: string, readable: boolean): Promise<Logger> {
  const stream = readable && process.stdout.isTTY ? (await import('pino-pretty')).build() : bufferedStdout();
  return pino({ level, base: null, formatters: { level: (label) => ({ level: label }) } }, stream);
}

/**
 * Another thread writes, so that requests do not wait for the log. Waking it costs more than formatting a
 * line, so it gets many lines at once. pino's own buffer measures its whole content again at every line.
 */
function bufferedStdout(): DestinationStream {
  const stdout = destination({ dest: 1, sync: false });
  let lines: string[] = [];
  let length = 0;
  const flush = (): void => {
    if (length === 0) return;
    stdout.write(lines.join(''));
    lines = [];
    length = 0;
  };
  setInterval(flush, FLUSH_INTERVAL_MS).unref();
  process.on('exit', () => {
    flush();
    stdout.flushSync();
  });
  return {
    write(line) {
      lines.push(line);
      length += line.length;
      if (length >= CHUNK_LENGTH) flush();
    },
  };
}

/** Contexts of Nest's messages at start, which are logged at level `debug`. */
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Nest's logger, on top of pino. A message is a text, or an object with the text as `msg` and further fields. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.write('info', message, context);
  }

  fatal(message: unknown, context?: string): void {
    this.write('fatal', message, context);
  }

  error(message: unknown, ...parameters: string[]): void {
    this.write('error', message, parameters.at(-1));
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

  private write(level: Level, message: unknown, context = ''): void {
    // The bundler writes `_InstanceLoader` or `InstanceLoader2` where two classes have the same name.
    const name = context.replace(/^_|\d+$/g, '');
    const quiet = level === 'info' && FRAMEWORK_CONTEXTS.has(name);
    const fields =
      typeof message === 'object' && message !== null && 'msg' in message
        ? message
        : { msg: String(message) };
    this.logger[quiet ? 'debug' : level]({ context: name, ...fields });
  }
}
