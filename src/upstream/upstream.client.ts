import { HttpService } from '@nestjs/axios';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics, UpstreamOutcomeLabel } from '../metrics/metrics.js';
import { pause } from '../concurrency/cancellation.js';
import type { CancellationSignal } from '../concurrency/cancellation.js';
import { LargeBodies } from './large-bodies/large-bodies.js';
import { connectionFailure, proxyFailure } from './connection-failure.js';
import { decompress } from './decompress.js';
import { ProxyError } from './proxy-error.js';
import { isFromProxy } from './proxy-answer.js';
import { keepOnlyAdapter } from './undici.adapter.js';
import type { UpstreamAnswer } from './undici.adapter.js';
import { headerList } from './upstream-headers.js';
import type { UpstreamHeaders } from './upstream-headers.js';
import { LARGE_BYTES } from './large-bodies/scan-body.js';
import type { UpstreamCall, UpstreamRequest } from './upstream-request.js';
import type { UpstreamTrace } from './upstream-trace.js';
import { UpstreamConnections } from './upstream.connections.js';
import type { TlsFiles } from '../config/tls-files.js';
import { statusError, UpstreamError } from './upstream.error.js';
import type { UpstreamFailure } from './upstream.error.js';
import type { UpstreamRoute } from './upstream.route.js';

/** Besides failed connections, these statuses are retried. */
const RETRIED_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);
const FIRST_BACKOFF_MS = 50;
/** The outcome of a request that was sent. */
const OUTCOMES: Readonly<Record<Exclude<UpstreamFailure, 'overloaded'>, UpstreamOutcomeLabel>> = {
  rejected: '4xx',
  failed: '5xx',
  timeout: 'timeout',
  unreachable: 'unreachable',
  invalid: 'invalid',
  cancelled: 'cancelled',
  not_configured: 'unreachable',
};

/** Converts the body and the headers of a 200. */
type ReadAnswer<T> = (body: Buffer, headers: UpstreamHeaders) => T | Promise<T>;

/** Sends requests to providers: the only user of `HttpService`. It knows no provider's URL or body. */
@Injectable()
export class UpstreamClient {
  constructor(
    private readonly http: HttpService,
    private readonly connections: UpstreamConnections,
    /** For bodies that are too large to be parsed at once. */
    readonly largeBodies: LargeBodies,
    @Inject(upstreamConfig.KEY) private readonly config: UpstreamConfig,
    @Optional() @Inject(METRICS) private readonly metrics?: Metrics,
  ) {
    keepOnlyAdapter(http.axiosRef);
    metrics?.watchPendingRequests(() => connections.pending);
  }

  /**
   * The way to a provider, for its calls.
   * @throws ConfigurationError when a file holds no certificate or key
   */
  routeTo(url: URL, tls: TlsFiles): UpstreamRoute {
    return this.connections.to(url, tls);
  }

  /**
   * Sends the request, and again after a temporary failure while retries are left.
   * @param read converts the body and the headers of a 200 into the result; throws an `UpstreamError` when the body is invalid
   * @throws UpstreamError for anything but a complete 200
   */
  async get<T>(request: UpstreamRequest, read: ReadAnswer<T>): Promise<T> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await this.measuredAttempt(request, attempts, read);
      } catch (error) {
        if (!(error instanceof UpstreamError) || !isTemporary(error) || attempts > this.config.maxRetries) {
          throw error;
        }
        await this.backOff(attempts, request.call.signal);
        request.call.retried = true;
        this.metrics?.upstreamRetried(request.label);
      }
    }
  }

  /** Reads the body outside the span: an HTTP request with a 200 succeeded even when its body is invalid. */
  private async measuredAttempt<T>(
    request: UpstreamRequest,
    attempts: number,
    read: ReadAnswer<T>,
  ): Promise<T> {
    const { label, call } = request;
    this.admit(request);
    const { slots } = call.route;
    const end = this.metrics?.upstreamRequest(label);
    try {
      const turn = slots.take(call.signal);
      if (turn !== undefined) await turn;
      try {
        const { body, headers } = await (call.trace === undefined
          ? this.attempt(request)
          : this.tracedAttempt(request, attempts, call.trace));
        // With the connection kept: so the number of bodies that wait to be read is bounded too.
        const result = await read(body, headers);
        end?.('ok');
        return result;
      } finally {
        call.endTurn?.();
        slots.free();
      }
    } catch (error) {
      end?.(outcomeOf(error));
      throw error;
    }
  }

  /** @throws UpstreamError `overloaded` */
  private admit({ label, call }: UpstreamRequest): void {
    try {
      this.connections.admit(call.route);
    } catch (error) {
      this.metrics?.requestOverloaded(label);
      throw error;
    }
  }

  private async tracedAttempt(
    request: UpstreamRequest,
    attempts: number,
    trace: UpstreamTrace,
  ): Promise<UpstreamAnswer> {
    const span = trace.attempt(request.address, attempts);
    try {
      const answer = await this.attempt(request.with(span.headers));
      span.succeed();
      return answer;
    } catch (error) {
      span.fail(error);
      throw error;
    }
  }

  private async attempt(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const { credential, signal, route, retried } = request.call;
    const response = await this.http.axiosRef
      .request<UpstreamAnswer>({ upstream: request })
      .catch((error: unknown) => {
        // axios' errors contain the request's headers, so none of them may leave this function.
        throw signal.aborted ? signal.reason : connectionFailure(error, route, { credential });
      });
    if (!retried && request.call.retried) this.metrics?.upstreamRetried(request.label);
    const { data: answer, status } = response;
    if (route.isRelayed && route.proxy !== undefined && isFromProxy(status, answer.headers)) {
      throw proxyFailure(new ProxyError(route.proxy, status), { credential });
    }
    const encoding = headerList(answer.headers, 'content-encoding');
    const body =
      encoding === '' ? answer.body : await this.decompressed(answer.body, encoding, status, request.call);
    // The deadline may pass while another thread decompresses.
    if (signal.aborted) throw signal.reason;
    if (status === 200) return { headers: answer.headers, body };
    const otherSecrets = [...request.call.otherSecrets, ...route.secrets];
    throw statusError(status, { headers: answer.headers, body, credential, otherSecrets });
  }

  /** The status of a failed answer matters even when its body cannot be decompressed. */
  private async decompressed(
    data: Buffer,
    encoding: string,
    status: number,
    call: UpstreamCall,
  ): Promise<Buffer> {
    const { maxResponseBytes } = this.config;
    try {
      // Most bodies are small, and what has grown large is decompressed again when it is its turn.
      const small = await decompress(data, encoding, Math.min(LARGE_BYTES, maxResponseBytes));
      if (small !== undefined) return small;
      if (status === 200 && maxResponseBytes > LARGE_BYTES) {
        if (call.endTurn === undefined) await this.largeBodies.comesIn(call);
        const large = await decompress(data, encoding, maxResponseBytes);
        if (large !== undefined) return large;
      }
      throw new UpstreamError('invalid', 'The response of the provider is larger than the limit.');
    } catch (error) {
      if (status !== 200) return Buffer.alloc(0);
      throw error;
    }
  }

  /** Waits. The pause doubles with each attempt; its jitter keeps replicas from retrying together. */
  private async backOff(attempts: number, signal: CancellationSignal): Promise<void> {
    const pauseMs = FIRST_BACKOFF_MS * 2 ** (attempts - 1) * (0.5 + Math.random());
    if (!(await pause(pauseMs, signal))) throw signal.reason;
  }
}

function outcomeOf(error: unknown): UpstreamOutcomeLabel {
  return error instanceof UpstreamError && error.failure !== 'overloaded'
    ? OUTCOMES[error.failure]
    : 'unreachable';
}

/** A provider that is an instance of this service has done what can be done: retries of both would multiply. */
function isTemporary({ failure, isRetryFutile, details: { status, innerCode } }: UpstreamError): boolean {
  if (isRetryFutile || innerCode !== undefined) return false;
  // A proxy that refuses has a status, and refuses again.
  return status === undefined ? failure === 'unreachable' : RETRIED_STATUSES.has(status);
}
