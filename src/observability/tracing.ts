import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Attributes, Context, Span, TextMapPropagator, Tracer } from '@opentelemetry/api';
import type { NodeSDK } from '@opentelemetry/sdk-node';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf } from './request-target.js';
import type { UpstreamAddress } from '../upstream/upstream-address.js';
import type { UpstreamSpan, UpstreamTrace } from '../upstream/upstream-trace.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { VERSION } from '../version.js';
import { isQuiet } from './route.js';

/** OpenTelemetry's packages. They are large, so they are loaded only when tracing is enabled. */
type Sdk = typeof import('@opentelemetry/sdk-node');

/** How long the export of the last spans may delay the end of the process. */
const FLUSH_MS = 1500;
/** Other methods become `_OTHER`, so that callers cannot create span names. */
const KNOWN_METHODS = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/**
 * Spans of requests and of their requests to the provider, in OpenTelemetry's semantic conventions.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export class Tracing implements OnApplicationShutdown {
  private readonly tracer: Tracer;
  private readonly propagator: TextMapPropagator;

  private constructor(
    private readonly sdk: Sdk,
    private readonly node: NodeSDK,
  ) {
    this.tracer = sdk.api.trace.getTracer('models-gateway', VERSION);
    // No baggage: what callers put into it must not reach the provider.
    this.propagator = new sdk.core.W3CTraceContextPropagator();
  }

  /**
   * Loads and starts OpenTelemetry's SDK, which reads its OTEL_* variables by itself.
   * @param serviceName used when those variables name no service
   * @returns undefined when those variables name no exporter of spans
   */
  static async start(serviceName: string): Promise<Tracing | undefined> {
    const sdk = await import('@opentelemetry/sdk-node');
    const { defaultResource, resourceFromAttributes } = sdk.resources;
    const node = new sdk.NodeSDK({
      resource: defaultResource().merge(
        resourceFromAttributes({ 'service.name': serviceName, 'service.version': VERSION }),
      ),
      textMapPropagator: null,
      metricReaders: [],
      logRecordProcessors: [],
    });
    reportFirstFailure(sdk);
    node.start();
    const tracing = new Tracing(sdk, node);
    if (tracing.makesSpans()) return tracing;
    new Logger('Tracing').warn('The OTEL_… variables name no exporter of spans: nothing is traced.');
    await node.shutdown();
    return undefined;
  }

  /** Starts the span of a request, which ends with the answer or when the caller hangs up. Probes have none. */
  open(request: FastifyRequest, reply: FastifyReply): void {
    const { route } = request;
    if (isQuiet(route)) return;
    const { api } = this.sdk;
    const span = this.tracer.startSpan(
      spanName(request.method, route),
      { kind: api.SpanKind.SERVER, attributes: serverAttributes(request, route) },
      this.propagator.extract(api.ROOT_CONTEXT, request.headers, api.defaultTextMapGetter),
    );
    const context = api.trace.setSpan(api.ROOT_CONTEXT, span);
    request.trace = {
      traceId: span.spanContext().traceId,
      attempt: (address, attempts) => this.attempt(context, address, attempts),
    } satisfies UpstreamTrace;
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) this.fail(span, 'cancelled');
      else {
        span.setAttribute('http.response.status_code', reply.statusCode);
        if (reply.statusCode >= 500) this.fail(span, String(reply.statusCode));
      }
      span.end();
    });
  }

  /** Without an exporter the SDK makes invalid spans, whose trace id is all zeros. */
  private makesSpans(): boolean {
    const { api } = this.sdk;
    // This span is never ended, so it is never exported.
    const span = this.tracer.startSpan('probe', { root: true }, api.ROOT_CONTEXT);
    return api.isSpanContextValid(span.spanContext());
  }

  /** Exports the remaining spans within a time limit: the collector may be down. */
  async onApplicationShutdown(): Promise<void> {
    const flushed = new AbortController();
    await Promise.race([
      // The error handler has logged the failure.
      this.node.shutdown().catch(() => undefined),
      sleep(FLUSH_MS, undefined, { signal: flushed.signal }).catch(() => undefined),
    ]);
    flushed.abort();
  }

  private attempt(parent: Context, address: UpstreamAddress, attempts: number): UpstreamSpan {
    const { api } = this.sdk;
    const span = this.tracer.startSpan(
      'GET',
      { kind: api.SpanKind.CLIENT, attributes: clientAttributes(address, attempts) },
      parent,
    );
    const headers: Record<string, string> = {};
    this.propagator.inject(api.trace.setSpan(parent, span), headers, api.defaultTextMapSetter);
    return {
      headers,
      succeed: () => {
        span.setAttribute('http.response.status_code', 200).end();
      },
      fail: (error) => {
        const status = error instanceof UpstreamError ? error.details.status : undefined;
        if (status !== undefined) span.setAttribute('http.response.status_code', status);
        this.fail(span, status === undefined || status < 400 ? errorType(error) : String(status));
        span.end();
      },
    };
  }

  private fail(span: Span, type: string): void {
    span.setAttribute('error.type', type).setStatus({ code: this.sdk.api.SpanStatusCode.ERROR });
  }
}

/** Logs the first failed export only: exports fail every few seconds while the collector is down. */
function reportFirstFailure({ core }: Sdk): void {
  const logger = new Logger('Tracing');
  let reported = false;
  core.setGlobalErrorHandler((failure) => {
    if (reported) return;
    reported = true;
    // For a host with two addresses, Node.js' error has a code and no message.
    const { message, code } = typeof failure === 'string' ? { message: failure } : failure;
    const reason = [message, code].find(Boolean) ?? 'unknown';
    logger.warn(`Spans cannot be exported: ${String(reason)}. This is not reported again.`);
  });
}

function spanName(method: string, route: string | undefined): string {
  const name = KNOWN_METHODS.has(method) ? method : 'HTTP';
  return route === undefined ? name : `${name} ${route}`;
}

function serverAttributes(request: FastifyRequest, route: string | undefined): Attributes {
  const { method, protocol } = request;
  const known = KNOWN_METHODS.has(method);
  return {
    'http.request.method': known ? method : '_OTHER',
    ...(!known && { 'http.request.method_original': method }),
    ...(route !== undefined && { 'http.route': route }),
    'url.scheme': protocol,
    'url.path': withoutQuery(pathOf(request.originalUrl)),
    ...serverOf(protocol, request.headers.host ?? ''),
  };
}

function clientAttributes({ origin, path }: UpstreamAddress, attempts: number): Attributes {
  const { protocol, host } = new URL(origin);
  const pathOnly = withoutQuery(path);
  return {
    'http.request.method': 'GET',
    ...(attempts > 1 && { 'http.request.resend_count': attempts - 1 }),
    // Without the query string: operators put keys into it.
    'url.full': origin + pathOnly,
    'url.scheme': protocol.slice(0, -1),
    'url.path': pathOnly,
    ...serverOf(protocol.slice(0, -1), host),
  };
}

function serverOf(scheme: string, host: string): Attributes {
  const [, address, port] = /^(.+?)(?::(\d{1,5}))?$/.exec(host) ?? [];
  if (address === undefined) return {};
  return {
    'server.address': address,
    'server.port': port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port),
  };
}

function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

function errorType(error: unknown): string {
  return error instanceof UpstreamError ? error.failure : '_OTHER';
}
