import { Inject, Injectable } from '@nestjs/common';
import { Slots } from '../concurrency/slots.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { UpstreamError } from './upstream.error.js';

/** Limits the connections to each provider, and the requests that wait for one: undici's own queue has no bound. */
@Injectable()
export class UpstreamConnections {
  private readonly byOrigin = new Map<string, Slots>();

  constructor(
    @Inject(upstreamConfig.KEY)
    private readonly config: Pick<UpstreamConfig, 'maxConnections' | 'maxPending'>,
  ) {}

  /** How many requests wait for a connection, to all providers together. */
  get pending(): number {
    let pending = 0;
    for (const { waiting } of this.byOrigin.values()) pending += waiting;
    return pending;
  }

  /**
   * The connections to an origin, one of which the caller has to take at once.
   * @throws UpstreamError `overloaded` when it would have to wait, and too many wait already
   */
  to(origin: string): Slots {
    let slots = this.byOrigin.get(origin);
    if (slots === undefined) {
      slots = new Slots(this.config.maxConnections);
      this.byOrigin.set(origin, slots);
    }
    if (slots.isFull && this.pending >= this.config.maxPending) {
      throw new UpstreamError('overloaded', 'Too many requests wait for the provider.');
    }
    return slots;
  }
}
