import { AxiosHeaders } from 'axios';
import type { AxiosAdapter, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { errors } from 'undici';
import type { Dispatcher } from 'undici';
import { BodyBuffer } from './body-buffer.js';
import type { UpstreamHeaders } from './upstream-headers.js';
import type { LargeBodies } from './large-bodies/large-bodies.js';
import { LARGE_BYTES } from './large-bodies/scan-body.js';
import type { UpstreamCall, UpstreamRequest } from './upstream-request.js';

declare module 'axios' {
  interface AxiosRequestConfig {
    /**
     * The request for the adapter. axios copies, normalises and merges its own options, which takes a third of
     * the time of a request; it passes unknown options on as they are.
     */
    upstream?: UpstreamRequest;
  }
}

/** What a provider has answered. */
export interface UpstreamAnswer {
  readonly headers: UpstreamHeaders;
  readonly body: Buffer;
}

/**
 * An axios adapter on an undici dispatcher. It sends `config.upstream` as a GET, and returns an
 * `UpstreamAnswer` for any status.
 *
 * axios' own adapters are several times as slow, follow redirects, and do not limit the size after decompression.
 * @returns an adapter that rejects with the abort reason of the request's signal, or with undici's error
 */
export function undiciAdapter(dispatcher: Dispatcher, largeBodies: LargeBodies): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      const { upstream } = config;
      if (upstream === undefined) throw new TypeError('config.upstream is missing');
      const { address, headers, call } = upstream;
      const exchange = new Exchange(config, call, largeBodies, resolve, reject);
      if (exchange.settled) return;
      dispatcher.dispatch({ origin: address.origin, path: address.path, method: 'GET', headers }, exchange);
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

/** undici's handler of one request and its response. */
class Exchange implements Dispatcher.DispatchHandler {
  settled = false;
  private controller: Dispatcher.DispatchController | undefined;
  private readonly body = new BodyBuffer();
  private announcedBytes = 0;
  private isLarge = false;
  private status = 0;
  private headers: UpstreamHeaders = {};

  constructor(
    private readonly config: InternalAxiosRequestConfig,
    private readonly call: UpstreamCall,
    private readonly largeBodies: LargeBodies,
    private readonly resolve: (response: AxiosResponse<UpstreamAnswer>) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    const { signal } = call;
    if (signal.aborted) this.abort();
    else signal.addEventListener('abort', this.abort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // The request was aborted while it waited for a connection, and must not be sent.
    if (this.settled) controller.abort(new Error('aborted'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: UpstreamHeaders,
  ): void {
    this.status = statusCode;
    this.headers = headers;
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
    this.resolve({
      data: { headers: this.headers, body: this.body.bytes },
      status: this.status,
      statusText: '',
      // AxiosHeaders has properties for headers: one called `normalize` would replace the method that axios calls.
      headers: new AxiosHeaders(),
      config: this.config,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.settled) return;
    // The status of a failed answer matters even when its body is too large.
    if (this.status !== 200 && error instanceof errors.ResponseExceededMaxSizeError) {
      this.onResponseEnd();
      return;
    }
    this.settle();
    this.reject(error);
  }

  /** The provider has to wait with the rest of a large body while too many come in. */
  private waitForTurn(controller: Dispatcher.DispatchController): void {
    this.isLarge = true;
    const turn = this.largeBodies.comesIn(this.call);
    if (turn === undefined) return;
    controller.pause();
    turn.then(
      () => {
        if (this.settled) this.call.endTurn?.();
        else controller.resume();
      },
      // The abort has rejected the request.
      () => undefined,
    );
  }

  private readonly abort = (): void => {
    if (this.settled) return;
    this.settle();
    this.reject(this.call.signal.reason);
    this.controller?.abort(new Error('aborted'));
  };

  private settle(): void {
    this.settled = true;
    this.call.signal.removeEventListener('abort', this.abort);
  }
}
