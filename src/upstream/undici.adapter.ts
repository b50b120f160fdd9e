import { AxiosHeaders } from 'axios';
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/**
 * An axios adapter on an undici dispatcher: one GET, the body as bytes, whatever the status.
 * `config.baseURL` is the origin, `config.url` the path with its query string.
 *
 * axios' own adapters cost several times as much, follow redirects and read no body limit after decompression.
 * @returns an adapter that rejects with the abort reason of `config.signal`, or with undici's error
 */
export function undiciAdapter(dispatcher: Dispatcher): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      const exchange = new Exchange(config, resolve, reject);
      if (exchange.settled) return;
      dispatcher.dispatch(
        {
          origin: config.baseURL ?? '',
          path: config.url ?? '/',
          method: 'GET',
          // AxiosHeaders keeps the headers as its own enumerable properties.
          headers: config.headers,
        },
        exchange,
      );
    });
}

/** One request and its response, as undici's handler. */
class Exchange implements Dispatcher.DispatchHandler {
  settled = false;
  private controller: Dispatcher.DispatchController | undefined;
  private readonly signal: AbortSignal | undefined;
  private readonly chunks: Buffer[] = [];
  private status = 0;
  private statusText = '';
  private headers: IncomingHttpHeaders = {};

  constructor(
    private readonly config: InternalAxiosRequestConfig,
    private readonly resolve: (response: AxiosResponse<Buffer>) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    // axios wants to support older signals; ours is always the platform's.
    this.signal = config.signal as AbortSignal | undefined;
    if (this.signal?.aborted) this.abort();
    else this.signal?.addEventListener('abort', this.abort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // Aborted while it waited for a connection: it must not be sent any more.
    if (this.settled) controller.abort(new Error('aborted'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    statusMessage = '',
  ): void {
    this.status = statusCode;
    this.statusText = statusMessage;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.chunks;
    this.settle();
    this.resolve({
      data: first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks),
      status: this.status,
      statusText: this.statusText,
      // undici's names are lower-case already, so nothing has to be normalised.
      headers: Object.assign(new AxiosHeaders(), this.headers as Record<string, string>),
      config: this.config,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.settled) return;
    this.settle();
    this.reject(error);
  }

  private readonly abort = (): void => {
    if (this.settled) return;
    this.settle();
    this.reject(this.signal?.reason);
    this.controller?.abort(new Error('aborted'));
  };

  private settle(): void {
    this.settled = true;
    this.signal?.removeEventListener('abort', this.abort);
  }
}
