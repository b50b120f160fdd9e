import { Inject, Injectable, Optional } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Coalescer } from '../cache/coalescer.js';
import type { Waiting } from '../cache/coalescer.js';
import { ListCache } from '../cache/list-cache.js';
import type { Found, Obtained } from '../cache/list-cache.js';
import { SHARED_STORE } from '../cache/shared-store.js';
import type { SharedStore } from '../cache/shared-store.js';
import { cacheConfig } from '../config/cache.config.js';
import type { CacheConfig } from '../config/cache.config.js';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { upstreamConfig } from '../config/upstream.config.js';
import type { UpstreamConfig } from '../config/upstream.config.js';
import { callerCredential } from '../credentials/caller-credential.js';
import type { Credential } from '../credentials/credential.js';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import { METRICS } from '../metrics/metrics.js';
import type { CacheOutcome, Metrics } from '../metrics/metrics.js';
import type { ModelCatalogue } from '../providers/model.js';
import type { ModelProvider, ModelsRequest } from '../providers/model-provider.js';
import { ProviderStatus } from '../providers/provider-status.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import type { CancellationSignal } from '../upstream/cancellation.js';
import type { UpstreamTrace } from '../upstream/upstream-trace.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import { cacheHeaders } from './cache-headers.js';
import { ModelList } from './model-list.js';

/** Who asks for the list. */
export interface Caller extends Waiting {
  readonly headers: IncomingHttpHeaders;
  /** Goes to the provider, so that its logs and ours can be matched. */
  readonly requestId: string;
  /** Undefined when the request is not traced. */
  readonly trace: UpstreamTrace | undefined;
  /** Learns what came of asking the provider; not called when a kept list was served. */
  onUpstream(outcome: UpstreamOutcome): void;
}

/** What came of asking the provider. */
export interface UpstreamOutcome {
  /** The provider's status; undefined when it gave none. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** A list, and what its answer says of the cache it came through. */
export interface ListAnswer {
  readonly list: ModelList;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** Headers of the caller that can change what the provider answers. */
const SCOPE_HEADERS = ['openai-organization', 'openai-project'] as const;
type ForwardedHeader = readonly [name: string, form: RegExp];
/** Those of a traced request: its own span comes between the caller's and the provider's. */
const FORWARDED_SCOPE_HEADERS = SCOPE_HEADERS.map((name): ForwardedHeader => [name, /^/]);
/**
 * Those who share an answer have different traces: one of them must not be able to make the provider refuse all.
 * @see https://www.w3.org/TR/trace-context/#header-name
 */
const FORWARDED_HEADERS: readonly ForwardedHeader[] = [
  ...FORWARDED_SCOPE_HEADERS,
  ['traceparent', /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/],
  ['tracestate', /^[\x20-\x7e]{1,512}$/],
];

/** Answers callers with the models of the configured provider. */
@Injectable()
export class ModelsService {
  private readonly provider: ModelProvider;
  private readonly flights: Coalescer<ModelList>;
  private readonly cache: ListCache<ModelList> | undefined;
  private readonly lists = new WeakMap<ModelCatalogue, ModelList>();
  /** What else than the caller changes the list, so that gateways can share a store. */
  private readonly cacheScope: string;

  constructor(
    registry: ProviderRegistry,
    private readonly operatorCredentials: OperatorCredentials,
    private readonly status: ProviderStatus,
    @Inject(SHARED_STORE) shared: SharedStore<ModelList> | undefined,
    @Inject(providerConfig.KEY) private readonly config: ProviderConfig,
    @Inject(upstreamConfig.KEY) private readonly limits: UpstreamConfig,
    @Inject(cacheConfig.KEY) cache: CacheConfig,
    @Optional() @Inject(METRICS) private readonly metrics?: Metrics,
  ) {
    this.provider = registry.configured;
    const { engine, url } = this.provider;
    this.cacheScope = [engine, url?.href, ...Object.entries(limits.headers).flat()].join('\n');
    this.flights = new Coalescer(limits.timeoutMs);
    if (cache.enabled && this.provider.url !== undefined) {
      this.cache = new ListCache(
        cache,
        new Coalescer<Obtained<ModelList>>(limits.timeoutMs),
        isRejection,
        shared,
      );
    }
  }

  /**
   * The provider's list, as seen with the caller's credential, or with the operator's for a caller without one.
   * @throws UpstreamError
   */
  async list(caller: Caller): Promise<ListAnswer> {
    const credential =
      callerCredential(caller.headers, this.config.placeholderApiKeys) ??
      this.operatorCredentials.firstOf(this.provider.keyVariables);
    const started = performance.now();
    const observe = (status: number | undefined): void => {
      if (this.provider.url === undefined) return;
      caller.onUpstream({ status, durationMs: performance.now() - started });
    };
    const ask = (signal: CancellationSignal): Promise<ModelList> =>
      this.ask({ credential, forwardedHeaders: forwardedHeaders(caller), signal, trace: caller.trace });
    try {
      if (this.cache === undefined) {
        const key = this.limits.coalesce ? scopeOf(credential, caller.headers) : undefined;
        if (key !== undefined && this.flights.isUnderWay(key)) this.metrics?.requestCoalesced();
        const list = await this.flights.join(key, ask, caller);
        observe(200);
        return { list, headers: undefined };
      }
      const key = this.cacheKey(credential, caller.headers);
      const found = await this.cache.get(key, ask, caller, wantsRevalidation(caller.headers));
      this.metrics?.cacheAsked(cacheOutcomeOf(found));
      if (found.forward !== undefined) observe(200);
      return { list: found.value, headers: cacheHeaders(found) };
    } catch (error) {
      if (error instanceof UpstreamError) observe(error.details.status);
      throw error;
    }
  }

  private async ask(request: ModelsRequest): Promise<ModelList> {
    try {
      const catalogue = await this.provider.listModels(request);
      this.status.succeeded(this.provider, request.credential);
      this.metrics?.upstreamAsked(catalogue.models.length);
      return this.render(catalogue);
    } catch (error) {
      if (error instanceof UpstreamError) {
        this.status.failed(this.provider, error);
        if (!SAYS_NOTHING_OF_THE_PROVIDER.has(error.failure)) this.metrics?.upstreamAsked(undefined);
      }
      throw error;
    }
  }

  private render(catalogue: ModelCatalogue): ModelList {
    let list = this.lists.get(catalogue);
    if (list === undefined) {
      list = ModelList.of(catalogue);
      this.lists.set(catalogue, list);
    }
    return list;
  }

  /** A hash, so that neither this process nor a shared store keeps a credential. */
  private cacheKey(credential: Credential | undefined, headers: IncomingHttpHeaders): string {
    return createHash('sha256')
      .update(`${this.cacheScope}\n${scopeOf(credential, headers)}`)
      .digest('base64url');
  }
}

/** Failures that are the caller's own. */
const SAYS_NOTHING_OF_THE_PROVIDER: ReadonlySet<string> = new Set(['rejected', 'cancelled']);

function cacheOutcomeOf({ forward, collapsed, ttlMs }: Found<ModelList>): CacheOutcome {
  if (collapsed) return 'collapsed';
  if (forward === 'request') return 'revalidated';
  if (forward !== undefined) return 'miss';
  return ttlMs > 0 ? 'hit' : 'stale';
}

/** A 4xx: whoever gets one must not be shown what was listed before. */
function isRejection(error: unknown): boolean {
  return error instanceof UpstreamError && error.failure === 'rejected';
}

/** @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1.4 */
function wantsRevalidation({ 'cache-control': directives }: IncomingHttpHeaders): boolean {
  return directives !== undefined && /(^|[\s,])no-cache([\s,]|$)/i.test(directives);
}

function forwardedHeaders({ headers, requestId, trace }: Caller): Record<string, string> {
  const forwarded: Record<string, string> = { 'x-request-id': requestId };
  for (const [name, form] of trace === undefined ? FORWARDED_HEADERS : FORWARDED_SCOPE_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && form.test(value)) forwarded[name] = value;
  }
  return forwarded;
}

/** The same for two callers only if the provider cannot tell them apart; no header value holds a line break. */
function scopeOf(credential: Credential | undefined, headers: IncomingHttpHeaders): string {
  let scope = `${credential?.variable ?? ''}\n${credential?.authorization ?? ''}`;
  for (const name of SCOPE_HEADERS) scope += `\n${String(headers[name] ?? '')}`;
  return scope;
}
