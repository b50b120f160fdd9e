import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';

/** Knows whether the service is shutting down, and delays the shutdown so that load balancers notice. */
@Injectable()
export class Lifecycle implements BeforeApplicationShutdown {
  private stopping = false;

  constructor(@Inject(serverConfig.KEY) private readonly config: ServerConfig) {}

  get isStopping(): boolean {
    return this.stopping;
  }

  /** Runs at SIGTERM, before the server stops listening. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await sleep(this.config.shutdownDelayMs);
  }
}
