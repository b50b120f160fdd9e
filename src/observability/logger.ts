import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { Level, Logger } from 'pino';
import { LogDestination } from './log-destination.js';
import { readableLines } from './readable-lines.js';

/** The log of the process. */
export interface Log {
  readonly logger: Logger;
  /** How many lines could not be written. */
  readonly lostLines: () => number;
}

/**
 * The log of the process: JSON lines, or readable ones in a terminal.
 * @param level pino's name of the lowest level to write
 * @param readable whether a terminal gets readable lines
 */
export async function createLog(level: string, readable: boolean): Promise<Log> {
  const stdout = new LogDestination(process.stdout);
  const stream = readable && process.stdout.isTTY ? await readableLines(stdout) : stdout;
  const formatters = { level: (label: string) => ({ level: label }) };
  return {
    logger: pino({ level, base: null, formatters }, stream),
    lostLines: () => stdout.lostLines,
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
