import { Inject, Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { callerCredential } from '../credentials/caller-credential.js';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import type { ModelCatalogue } from '../providers/model.js';
import type { ModelProvider } from '../providers/model-provider.js';
import { ProviderStatus } from '../providers/provider-status.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { ModelList } from './model-list.js';

/** Who asks for the list. */
export interface Caller {
  readonly headers: IncomingHttpHeaders;
  /** Goes to the provider, so that its logs and ours can be matched. */
  readonly requestId: string;
  /** Calls back when the caller hangs up before its answer is sent. */
  onHangUp(callback: () => void): void;
  /** Learns what came of asking the provider. */
  onUpstream(outcome: UpstreamOutcome): void;
}

/** What came of asking the provider. */
export interface UpstreamOutcome {
  /** The provider's status; undefined when it gave none. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** What of a caller's headers goes upstream beside the credential. */
const FORWARDED_HEADERS = ['openai-organization', 'openai-project', 'traceparent', 'tracestate'] as const;

/** Answers callers with the models of the configured provider. */
@Injectable()
export class ModelsService {
  private readonly provider: ModelProvider;
  private readonly lists = new WeakMap<ModelCatalogue, ModelList>();

  constructor(
    registry: ProviderRegistry,
    private readonly operatorCredentials: OperatorCredentials,
    private readonly status: ProviderStatus,
    @Inject(providerConfig.KEY) private readonly config: ProviderConfig,
    @Inject(upstreamConfig.KEY) private readonly limits: UpstreamConfig,
  ) {
    this.provider = registry.configured;
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
    const { signal, release } = this.limit(caller);
    try {
      const catalogue = await this.provider.listModels({
        credential,
        forwardedHeaders: forwardedHeaders(caller),
        signal,
      });
      observe(200);
      this.status.succeeded(this.provider, credential);
      return this.render(catalogue);
    } catch (error) {
      if (error instanceof UpstreamError) {
        observe(error.details.status);
        this.status.failed(this.provider, error);
      }
      throw error;
    } finally {
      release();
    }
  }

  /** A signal that aborts at the deadline, or when the caller hangs up. */
  private limit(caller: Caller): { readonly signal: AbortSignal; readonly release: () => void } {
    const { timeoutMs } = this.limits;
    const controller = new AbortController();
    const abort = (failure: 'timeout' | 'cancelled', message: string): void => {
      controller.abort(new UpstreamError(failure, message));
    };
    const deadline = setTimeout(() => {
      abort('timeout', `The provider gave no complete answer within ${String(timeoutMs)} ms.`);
    }, timeoutMs);
    caller.onHangUp(() => {
      abort('cancelled', 'The caller has hung up.');
    });
    return {
      signal: controller.signal,
      release: () => {
        clearTimeout(deadline);
      },
    };
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
