import type { DestinationStream } from 'pino';
import type { prettyFactory } from 'pino-pretty';

/** What the line of a request holds; those of input that never became a request have less. */
interface RequestFields {
  readonly msg: 'request';
  readonly method?: string;
  readonly path?: string;
  readonly status: number;
  readonly durationMs?: number;
  readonly engine: string;
  readonly upstreamStatus?: number;
  readonly upstreamDurationMs?: number;
  readonly upstreams?: readonly {
    readonly engine: string;
    readonly status?: number;
    readonly durationMs: number;
  }[];
  readonly incomplete?: string;
  readonly clientAddress?: string;
  readonly requestId: string;
}

/** Formats JSON lines for people on their way to a destination: one line each, and a request as a sentence. */
export async function readableLines(destination: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory: format } = await import('pino-pretty');
  const write = readableFormat(format);
  return {
    write(line) {
      destination.write(write(line));
    },
  };
}

/** @param make makes a formatter of pino-pretty */
export function readableFormat(make: typeof prettyFactory): (line: string) => string {
  const formatAny = make({ singleLine: true, ignore: 'context' });
  const formatRequest = make({
    hideObject: true,
    messageFormat: (log) => requestText(log as unknown as RequestFields),
  });
  return (line) => {
    const log = JSON.parse(line) as { readonly msg?: unknown };
    return log.msg === 'request' ? formatRequest(log) : formatAny(log);
  };
}

/** `GET /v1/models 200 in 12.3 ms, vllm 200 in 11.9 ms, id 7f…`. */
function requestText(fields: RequestFields): string {
  const { method = '-', path = '-', status, durationMs, incomplete, clientAddress, requestId } = fields;
  return [
    `${method} ${path} ${String(status)}${durationText(durationMs)}`,
    ...upstreamTexts(fields),
    ...(incomplete === undefined ? [] : [`without ${incomplete}`]),
    ...(clientAddress === undefined ? [] : [`from ${clientAddress}`]),
    `id ${requestId}`,
  ].join(', ');
}

/** The engines that were asked. A provider that was not reached has no status. */
function upstreamTexts({ engine, upstreamStatus, upstreamDurationMs, upstreams }: RequestFields): string[] {
  const asked =
    upstreams ??
    (upstreamDurationMs === undefined
      ? []
      : [{ engine, status: upstreamStatus, durationMs: upstreamDurationMs }]);
  return asked.map(
    ({ engine: name, status, durationMs }) =>
      `${name} ${status === undefined ? 'no answer' : String(status)}${durationText(durationMs)}`,
  );
}

function durationText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : ` in ${String(milliseconds)} ms`;
}
