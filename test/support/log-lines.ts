import type { Gateway } from './start-gateway.js';
import { until } from './until.js';

/** One line of the log. */
type LogLine = Readonly<Record<string, unknown>>;

/** What was parsed of a log, so that waiting for a line of a long log does not parse all of it again and again. */
const parsedLogs = new WeakMap<readonly string[], LogLine[][]>();

/** The lines that a gateway has logged so far. */
export function logLines({ logs }: Gateway): LogLine[] {
  const parsed = parsedLogs.get(logs) ?? [];
  parsedLogs.set(logs, parsed);
  // Each element holds whole lines.
  for (const text of logs.slice(parsed.length)) parsed.push(parseLog(text));
  return parsed.flat();
}

/** The lines of a log. */
export function parseLog(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}

/** Waits for this many lines of requests, because a line is written after its answer has been sent. */
export function requestLines(gateway: Gateway, count: number): Promise<LogLine[]> {
  return until(`${String(count)} requests are logged`, () => {
    const lines = logLines(gateway).filter(({ msg }) => msg === 'request');
    return lines.length >= count && lines;
  });
}
