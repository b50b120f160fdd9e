import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { UpstreamOutcome } from '../../upstream/upstream-outcome.js';
import type { UpstreamTrace } from '../../upstream/upstream-trace.js';
import type { Caller } from '../sources/list-source.js';

/** The caller of an HTTP request. */
export class HttpCaller implements Caller {
  private hangUpListeners: (() => void)[] | undefined;

  /** @param seeksModel whether it misses a model in the list that is kept */
  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    readonly seeksModel = false,
  ) {}

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  get requestId(): string {
    return this.request.id;
  }

  get trace(): UpstreamTrace | undefined {
    return this.request.trace;
  }

  onHangUp(callback: () => void): void {
    if (this.hangUpListeners !== undefined) {
      this.hangUpListeners.push(callback);
      return;
    }
    // One for all engines: Node.js takes more than ten on one emitter for a leak.
    const listeners = (this.hangUpListeners = [callback]);
    const { raw } = this.reply;
    raw.once('close', () => {
      if (raw.writableFinished) return;
      for (const listener of listeners) listener();
    });
  }

  onUpstream(outcome: UpstreamOutcome): void {
    (this.request.upstreams ??= []).push(outcome);
  }
}
