import { Logger } from '@nestjs/common';

/** Collects what Nest's loggers say from now on, each line with its level: `warn: …`. */
export function logged(): string[] {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (message: unknown): void => {
      lines.push(`${level}: ${String(message)}`);
    };
  Logger.overrideLogger({ log: at('log'), warn: at('warn'), error: at('error') });
  return lines;
}
