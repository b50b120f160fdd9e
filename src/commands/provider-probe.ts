import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Model } from '../catalogue/model.js';
import { Coalescer } from '../concurrency/coalescer.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import { explainFailure } from '../providers/failure-sentences.js';
import type { ModelProvider, ProviderList } from '../providers/model-provider.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { UPSTREAM_WAIT_ERRORS } from '../upstream/wait-errors.js';

/** What came of asking a provider. */
export interface ProbeResult {
  readonly engine: string;
  /** The HTTP status, else a word. */
  readonly status: string;
  /** Undefined where nothing was asked. */
  readonly milliseconds: number | undefined;
  /** The provider's list; undefined where there is none. */
  readonly models: readonly Model[] | undefined;
  /** What is wrong, or what the list lacks, in a sentence without any secret. */
  readonly remark: string | undefined;
}

/** Asks the configured providers once each, as a caller without a key would have them asked. */
@Injectable()
export class ProviderProbe {
  private readonly coalescer: Coalescer<ProviderList>;

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly credentials: OperatorCredentials,
    @Inject(upstreamConfig.KEY) { timeoutMs }: UpstreamConfig,
  ) {
    this.coalescer = new Coalescer(timeoutMs, UPSTREAM_WAIT_ERRORS);
  }

  /** Asks all of them at the same time. */
  askAll(): Promise<ProbeResult[]> {
    return Promise.all(this.registry.configured.map((provider) => this.ask(provider)));
  }

  private async ask(provider: ModelProvider): Promise<ProbeResult> {
    const { engine } = provider.identity;
    const { settings } = provider;
    const isRemote = settings?.url !== undefined;
    const started = performance.now();
    const elapsed = (): number | undefined => (isRemote ? performance.now() - started : undefined);
    try {
      const { models, lacks } = await this.listOf(provider);
      return {
        engine,
        status: isRemote ? '200' : 'not asked',
        milliseconds: elapsed(),
        models: isRemote || settings === undefined ? models : undefined,
        remark: lacks === undefined ? undefined : `The list lacks ${lacks}.`,
      };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const { failure, code, details } = error;
      return {
        engine,
        status: failure === 'not_configured' ? 'not asked' : String(details.status ?? code),
        milliseconds: elapsed(),
        models: undefined,
        remark: explainFailure(provider, error),
      };
    }
  }

  private listOf(provider: ModelProvider): Promise<ProviderList> {
    const { settings } = provider;
    return this.coalescer.join(
      undefined,
      (signal) =>
        provider.listModels({
          credential: settings && this.credentials.key(settings.keyVariables)?.current,
          operatorHeaders: this.credentials.headersOf(settings?.headerVariables ?? []).current,
          forwardedHeaders: { 'x-request-id': randomUUID() },
          signal,
          trace: undefined,
        }),
      { onHangUp: () => undefined },
    );
  }
}
