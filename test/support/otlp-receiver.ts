import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from './until.js';

/** A span as a collector receives it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'other';
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** The attributes of the process that sent it. */
  readonly resource: Readonly<Record<string, string | number>>;
}

/** A collector of traces on its own port, for OTLP over HTTP as JSON. */
export interface OtlpReceiver {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  readonly paths: readonly string[];
  /** All received bodies. */
  readonly bodies: readonly string[];
  readonly spans: readonly ReceivedSpan[];
  /** Waits for this many spans, and returns them by their start, parents first. */
  received(count: number): Promise<readonly ReceivedSpan[]>;
  /** Forgets all that was sent. */
  clear(): void;
  close(): Promise<void>;
}

interface WireAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly attributes: readonly WireAttribute[];
  readonly status: { readonly code: number };
}

interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

/** @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
const KINDS: Readonly<Record<number, 'server' | 'client'>> = { 2: 'server', 3: 'client' };
const STATUS_ERROR = 2;

/** Starts a collector that accepts every request. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const paths: string[] = [];
  const bodies: string[] = [];
  const spans: (ReceivedSpan & { readonly began: bigint })[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      paths.push(request.url ?? '');
      bodies.push(body);
      spans.push(...parse(body));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    paths,
    bodies,
    spans,
    async received(count) {
      await until(`there are ${String(count)} spans`, () => spans.length >= count);
      // The clock of a span ticks in milliseconds.
      return spans.toSorted((one, other) => Number(one.began - other.began) || rank(one) - rank(other));
    },
    clear() {
      for (const each of [paths, bodies, spans]) each.length = 0;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function parse(body: string): (ReceivedSpan & { readonly began: bigint })[] {
  return (JSON.parse(body) as WireRequest).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        // An absent field may be an empty text.
        parentSpanId: span.parentSpanId === '' ? undefined : span.parentSpanId,
        traceState: span.traceState === '' ? undefined : span.traceState,
        name: span.name,
        kind: KINDS[span.kind] ?? 'other',
        failed: span.status.code === STATUS_ERROR,
        attributes: valuesOf(span.attributes),
        resource: valuesOf(resource.attributes),
        began: BigInt(span.startTimeUnixNano),
      })),
  );
}

function rank({ kind }: ReceivedSpan): number {
  return kind === 'server' ? 0 : 1;
}

function valuesOf(attributes: readonly WireAttribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  );
}
