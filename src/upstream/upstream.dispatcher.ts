import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';

/** How long an idle connection is kept, unless the provider names a shorter time. */
const KEEP_ALIVE_MS = 30_000;

/** The connections to the provider: kept alive, limited in number and in the size of a response. */
@Injectable()
export class UpstreamDispatcher implements OnApplicationShutdown {
  readonly dispatcher: Dispatcher;

  constructor(@Inject(upstreamConfig.KEY) config: UpstreamConfig) {
    this.dispatcher = new Agent({
      connections: config.maxConnections,
      connect: { timeout: config.timeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The request's abort signal is the one deadline for connecting, retries and all pages.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: config.maxResponseBytes,
    });
  }

  /** Runs after the HTTP server has answered its last request, so nothing is cut off. */
  async onApplicationShutdown(): Promise<void> {
    await this.dispatcher.destroy();
  }
}
