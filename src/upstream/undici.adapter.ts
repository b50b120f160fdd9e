import { AxiosHeaders } from 'axios';
import type { AxiosAdapter, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { errors } from 'undici';
import type { Dispatcher } from 'undici';
import { BodyBuffer } from './body-buffer.js';
import { errorCode } from './error-code.js';
import type { UpstreamHeaders } from './upstream-headers.js';
import type { LargeBodies } from './large-bodies/large-bodies.js';
import { LARGE_BYTES } from './large-bodies/scan-body.js';
import type { UpstreamRequest } from './upstream-request.js';
import type { UpstreamConnection } from './upstream.route.js';

declare module 'axios' {
  interface AxiosRequestConfig {
    /**
     * The request for the adapter. axios copies, normalises and merges its own options, which takes a third of
     * the time of a request; it passes unknown options on as they are.
     */
    upstream?: UpstreamRequest;
  }
}

/** How a connection ends that the other side closes. */
const CLOSED_CODES: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** The other side took a connection, and closed it without a byte of an answer. */
export class ClosedUnansweredError extends Error {
  constructor(readonly code: string) {
    super('The connection was closed without an answer.');
    this.name = 'ClosedUnansweredError';
  }
}

/** What a provider has answered. */
export interface UpstreamAnswer {
  readonly headers: UpstreamHeaders;
  readonly body: Buffer;
}

/**
 * An axios adapter on undici's connections. It sends `config.upstream` as a GET by the route of its call, and returns
 * an `UpstreamAnswer` for any status.
 *
 * axios' own adapters are several times as slow, follow redirects, and do not limit the size after decompression.
 * @returns an adapter that rejects with the abort reason of the request's signal, or with undici's error
 */
export function undiciAdapter(largeBodies: LargeBodies): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      const { upstream } = config;
      if (upstream === undefined) throw new TypeError('config.upstream is missing');
      const { signal, route } = upstream.call;
      if (signal.aborted) throw signal.reason;
      new Exchange({ config, upstream, largeBodies, resolve, reject }, route.take()).send();
    });
}

/**
 * Removes all defaults of an axios instance but its adapter: axios processes every default at every request,
 * which takes two thirds of its time. It ignores a new `defaults` object, so the existing one is emptied.
 */
export function keepOnlyAdapter({ defaults }: AxiosInstance): void {
  for (const name of Object.keys(defaults)) {
    if (name !== 'adapter') Reflect.deleteProperty(defaults, name);
  }
}

/** What the exchanges for one request share. */
interface ExchangeContext {
  readonly config: InternalAxiosRequestConfig;
  readonly upstream: UpstreamRequest;
  readonly largeBodies: LargeBodies;
  readonly resolve: (response: AxiosResponse<UpstreamAnswer>) => void;
  readonly reject: (error: unknown) => void;
}

/** undici's handler of one request and its response, on one connection. */
class Exchange implements Dispatcher.DispatchHandler {
  private settled = false;
  /** The same request on another connection: the first one with an answer counts. */
  private rival: Exchange | undefined;
  private patience: NodeJS.Timeout | undefined;
  private readonly body = new BodyBuffer();
  private announcedBytes = 0;
  private isLarge = false;
  private status = 0;
  private headers: UpstreamHeaders = {};

  constructor(
    private readonly context: ExchangeContext,
    private readonly connection: UpstreamConnection,
  ) {}

  send(): void {
    const { call, address, headers } = this.context.upstream;
    const { client, isReused } = this.connection;
    call.signal.addEventListener('abort', this.abort);
    if (isReused) this.patience = setTimeout(this.askAnew, call.route.patienceMs(call.startedAt));
    client.dispatch(call.route.dispatchOptions(address.path, headers), this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The request was aborted before the connection was there, and must not be sent.
    if (this.settled) controller.abort(new Error('aborted'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: UpstreamHeaders,
  ): void {
    if (this.settled) return;
    this.status = statusCode;
    this.headers = headers;
    this.win();
    const length = headers['content-length'];
    if (typeof length === 'string') this.announcedBytes = Number(length) || 0;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.body.append(chunk, this.announcedBytes);
    if (this.body.length > LARGE_BYTES && !this.isLarge) this.waitForTurn(controller);
  }

  onResponseEnd(): void {
    if (this.settled) return;
    this.settle();
    this.context.upstream.call.route.keep(this.connection);
    this.context.resolve({
      data: { headers: this.headers, body: this.body.bytes },
      status: this.status,
      statusText: '',
      // AxiosHeaders has properties for headers: one called `normalize` would replace the method that axios calls.
      headers: new AxiosHeaders(),
      config: this.context.config,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.settled) return;
    // The status of a failed answer matters even when its body is too large.
    if (this.status !== 200 && error instanceof errors.ResponseExceededMaxSizeError) {
      this.onResponseEnd();
      return;
    }
    this.lose();
    if (this.rival !== undefined) {
      // It may still have an answer.
      this.rival.rival = undefined;
      this.rival = undefined;
      return;
    }
    // What one connection has met, the others that were idle will meet too.
    if (this.connection.isReused && this.status === 0) this.context.upstream.call.route.retireIdle();
    this.context.reject(this.reasonFor(error));
  }

  /**
   * The peer may be gone without a word, or slow: another connection finds out. This one stays, for a provider that
   * always takes so long.
   */
  private readonly askAnew = (): void => {
    if (this.settled || this.status !== 0) return;
    const { call } = this.context.upstream;
    this.rival = new Exchange(this.context, call.route.openConnection());
    this.rival.rival = this;
    call.retried = true;
    this.rival.send();
  };

  /** The first part of an answer is there. */
  private win(): void {
    clearTimeout(this.patience);
    const { rival } = this;
    if (rival === undefined) return;
    this.rival = undefined;
    rival.rival = undefined;
    rival.lose();
    // The other connections are as old as the silent one.
    if (rival.connection.isReused) this.context.upstream.call.route.retireIdle();
  }

  /** Ends without an answer. */
  private lose(): void {
    this.settle();
    this.context.upstream.call.route.drop(this.connection);
  }

  private reasonFor(error: Error): Error {
    // undici fails by an assertion after a 101, and the error of that differs between versions of Node.js.
    if (this.status !== 0 && this.status < 200) return new errors.SocketError('bad response');
    return this.isClosedUnanswered(error) ? new ClosedUnansweredError(errorCode(error)) : error;
  }

  /** Whether a new connection was closed by the other side as soon as it had the request. */
  private isClosedUnanswered(error: Error): boolean {
    // undici uses the same code for answers that are not allowed.
    const isClosed = CLOSED_CODES.has(errorCode(error)) && !error.message.startsWith('bad ');
    return isClosed && !this.connection.isReused && this.status === 0;
  }

  /** The provider has to wait with the rest of a large body while too many come in. */
  private waitForTurn(controller: Dispatcher.DispatchController): void {
    this.isLarge = true;
    const { largeBodies, upstream } = this.context;
    const turn = largeBodies.comesIn(upstream.call);
    if (turn === undefined) return;
    controller.pause();
    turn.then(
      () => {
        if (this.settled) upstream.call.endTurn?.();
        else controller.resume();
      },
      // The abort has rejected the request.
      () => undefined,
    );
  }

  private readonly abort = (): void => {
    if (this.settled) return;
    this.lose();
    this.context.reject(this.context.upstream.call.signal.reason);
  };

  private settle(): void {
    this.settled = true;
    clearTimeout(this.patience);
    this.context.upstream.call.signal.removeEventListener('abort', this.abort);
  }
}
