import { Inject, Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import type { Credential } from '../credentials/credential.js';
import { callerCredential } from '../credentials/caller-credential.js';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import type { ModelCatalogue } from '../providers/model.js';
import type { ModelProvider, ModelsRequest } from '../providers/model-provider.js';
import { ProviderStatus } from '../providers/provider-status.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { Coalescer } from './coalescer.js';
import type { Waiting } from './coalescer.js';
import { ModelList } from './model-list.js';

/** Who asks for the list. */
export interface Caller extends Waiting {
  readonly headers: IncomingHttpHeaders;
  /** Goes to the provider, so that its logs and ours can be matched. */
  readonly requestId: string;
  /** Learns what came of asking the provider. */
  onUpstream(outcome: UpstreamOutcome): void;
}

/** What came of asking the provider. */
export interface UpstreamOutcome {
  /** The provider's status; undefined when it gave none. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** Headers of the caller that can change what the provider answers. */
const SCOPE_HEADERS = ['openai-organization', 'openai-project'] as const;
/** What of a caller's headers goes upstream beside the credential. */
const FORWARDED_HEADERS = [...SCOPE_HEADERS, 'traceparent', 'tracestate'] as const;

/** Answers callers with the models of the configured provider. */
@Injectable()
export class ModelsService {
  private readonly provider: ModelProvider;
  private readonly flights: Coalescer<ModelList>;
  private readonly lists = new WeakMap<ModelCatalogue, ModelList>();

  constructor(
    registry: ProviderRegistry,
    private readonly operatorCredentials: OperatorCredentials,
    private readonly status: ProviderStatus,
    @Inject(providerConfig.KEY) private readonly config: ProviderConfig,
    @Inject(upstreamConfig.KEY) private readonly limits: UpstreamConfig,
  ) {
    this.provider = registry.configured;
    this.flights = new Coalescer(limits.timeoutMs);
  }

  /**
   * The provider's list, as seen with the caller's credential, or with the operator's for a caller without one.
   * @throws UpstreamError
   */
  async list(caller: Caller): Promise<ModelList> {
    const credential =
      callerCredential(caller.headers, this.config.placeholderApiKeys) ??
      this.operatorCredentials.firstOf(this.provider.keyVariables);
    const started = performance.now();
    const observe = (status: number | undefined): void => {
      caller.onUpstream({ status, durationMs: performance.now() - started });
    };
    try {
      const list = await this.flights.join(
        this.limits.coalesce ? flightKey(credential, caller.headers) : undefined,
        (signal) => this.ask({ credential, forwardedHeaders: forwardedHeaders(caller), signal }),
        caller,
      );
      observe(200);
      return list;
    } catch (error) {
      if (error instanceof UpstreamError) observe(error.details.status);
      throw error;
    }
  }

  private async ask(request: ModelsRequest): Promise<ModelList> {
    try {
      const catalogue = await this.provider.listModels(request);
      this.status.succeeded(this.provider, request.credential);
      return this.render(catalogue);
    } catch (error) {
      if (error instanceof UpstreamError) this.status.failed(this.provider, error);
      throw error;
    }
  }

  private render(catalogue: ModelCatalogue): ModelList {
    let list = this.lists.get(catalogue);
    if (list === undefined) {
      list = new ModelList(catalogue);
      this.lists.set(catalogue, list);
    }
    return list;
  }
}

function forwardedHeaders({ headers, requestId }: Caller): Record<string, string> {
  const forwarded: Record<string, string> = { 'x-request-id': requestId };
  for (const name of FORWARDED_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') forwarded[name] = value;
  }
  return forwarded;
}

/** The same for two callers only if the provider cannot tell them apart; no header value holds a line break. */
function flightKey(credential: Credential | undefined, headers: IncomingHttpHeaders): string {
  let key = `${credential?.variable ?? ''}\n${credential?.authorization ?? ''}`;
  for (const name of SCOPE_HEADERS) key += `\n${String(headers[name] ?? '')}`;
  return key;
}
