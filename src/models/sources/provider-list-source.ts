import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Coalescer } from '../../concurrency/coalescer.js';
import { ListCache } from '../../cache/list-cache.js';
import type { CacheResult, Obtained } from '../../cache/list-cache.js';
import type { SharedStore } from '../../cache/shared-store.js';
import type { CacheConfig } from '../../config/cache.config.js';
import type { ProviderConfig } from '../../config/provider.config.js';
import type { UpstreamConfig } from '../../config/upstream.config.js';
import { callerCredential } from '../../credentials/caller-credential.js';
import type { Credential } from '../../credentials/credential.js';
import type { OperatorCredentials } from '../../credentials/operator-credentials.js';
import type { OperatorHeaders } from '../../credentials/operator-headers.js';
import type { Secret } from '../../credentials/secret.js';
import type { CacheOutcome, Metrics } from '../../metrics/metrics.js';
import type { Model } from '../../catalogue/model.js';
import type { ModelProvider, ModelsRequest } from '../../providers/model-provider.js';
import type { ProviderFailureLog } from '../../providers/provider-failure-log.js';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import { TRACEPARENT } from '../../upstream/upstream-trace.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { Caller, ListSource, ListResult } from './list-source.js';
import { memoize } from '../../cache/memoize.js';
import { ModelList } from '../model-list.js';

/** Headers of the caller that can change what the provider answers. */
const SCOPE_HEADERS = ['openai-organization', 'openai-project'] as const;
type ForwardedHeader = readonly [name: string, form: RegExp];
/** Those who share an answer have different traces: one of them must not be able to make the provider refuse all. */
const TRACE_HEADERS: readonly ForwardedHeader[] = [
  ['traceparent', TRACEPARENT],
  ['tracestate', /^[\x20-\x7e]{1,512}$/],
];

/** What the lists of all engines have in common. */
export interface ListSourceContext {
  readonly config: ProviderConfig;
  readonly limits: UpstreamConfig;
  readonly cache: CacheConfig;
  readonly shared: SharedStore<ModelList> | undefined;
  readonly status: ProviderFailureLog;
  readonly metrics: Metrics | undefined;
}

/** The lists of one engine, as its callers may see them: shared by callers of the same moment, and kept. */
export class ProviderListSource implements ListSource {
  private readonly coalescer: Coalescer<ModelList>;
  private readonly cache: ListCache<ModelList> | undefined;
  private readonly listOf = memoize((catalogue: readonly Model[]) => new ModelList(catalogue));
  /** Of the operator, for callers without a credential. */
  private readonly key: Secret<Credential> | undefined;
  private readonly operatorHeaders: Secret<OperatorHeaders>;
  /** What else than the caller changes the list, so that gateways can share a store. */
  private readonly cacheScope = memoize(({ headers }: OperatorHeaders) => {
    const { identity, settings } = this.provider;
    return [identity.engine, settings?.url?.href, ...Object.entries(headers).flat()].join('\n');
  });
  private readonly scopeHeaders: readonly string[];
  private readonly forwardedHeaders: readonly ForwardedHeader[];
  private readonly forwardedHeadersOfTraced: readonly ForwardedHeader[];
  /** When the provider last failed, Unix time in ms; undefined when it has answered since. */
  private failedAt: number | undefined;

  /** @param servesCallers whether the credentials of callers, and their headers, go to this engine */
  constructor(
    readonly provider: ModelProvider,
    operatorCredentials: OperatorCredentials,
    private readonly servesCallers: boolean,
    private readonly context: ListSourceContext,
  ) {
    const { limits, cache, shared } = context;
    const { settings } = provider;
    this.key = settings && operatorCredentials.key(settings.keyVariables);
    this.operatorHeaders = operatorCredentials.headersOf(settings?.headerVariables ?? []);
    this.scopeHeaders = servesCallers ? SCOPE_HEADERS : [];
    this.forwardedHeadersOfTraced = this.scopeHeaders.map((name) => [name, /^/]);
    this.forwardedHeaders = [...this.forwardedHeadersOfTraced, ...TRACE_HEADERS];
    this.coalescer = new Coalescer(limits.timeoutMs);
    if (cache.enabled && settings?.url !== undefined) {
      this.cache = new ListCache(
        cache,
        new Coalescer<Obtained<ModelList>>(limits.timeoutMs),
        isRejection,
        // Who is signed for is not known here: replicas may sign for different accounts.
        this.key === undefined && settings.keySource !== undefined ? undefined : shared,
      );
    }
  }

  /**
   * The engine's list, as seen with the caller's credential, or with the operator's.
   * @throws UpstreamError
   */
  async list(caller: Caller): Promise<ListResult> {
    const { config, limits, metrics } = this.context;
    const { label } = this.provider.identity;
    const credential =
      (this.servesCallers ? callerCredential(caller.headers, config.placeholderApiKeys) : undefined) ??
      this.key?.current;
    const operatorHeaders = this.operatorHeaders.current;
    const started = performance.now();
    const observe = (status: number | undefined): void => {
      const { identity, settings } = this.provider;
      if (settings?.url === undefined) return;
      caller.onUpstream({ engine: identity.engine, status, durationMs: performance.now() - started });
    };
    const ask = (signal: CancellationSignal): Promise<ModelList> =>
      this.ask({
        credential,
        operatorHeaders,
        forwardedHeaders: this.forwarded(caller),
        signal,
        trace: caller.trace,
      });
    try {
      if (this.cache === undefined) {
        const key = limits.coalesce ? this.scopeOf(credential, caller.headers) : undefined;
        if (key !== undefined && this.coalescer.isUnderWay(key)) metrics?.requestCoalesced(label);
        const list = await this.coalescer.join(key, ask, caller);
        observe(200);
        return { list, found: undefined };
      }
      const key = this.cacheKey(operatorHeaders, credential, caller.headers);
      const found = await this.cache.get(key, ask, caller, wantsRevalidation(caller.headers));
      metrics?.cacheAsked(label, cacheOutcomeOf(found));
      this.noteAnswer(found, credential);
      if (found.forward !== undefined) observe(200);
      return { list: found.value, found };
    } catch (error) {
      if (error instanceof UpstreamError) observe(error.details.status);
      throw error;
    }
  }

  private async ask(request: ModelsRequest): Promise<ModelList> {
    const { provider } = this;
    const { status, metrics } = this.context;
    try {
      const catalogue = await provider.listModels(request);
      this.failedAt = undefined;
      status.succeeded(provider, request.credential);
      metrics?.upstreamAsked(provider.identity.label, catalogue.length);
      return this.listOf(catalogue);
    } catch (error) {
      if (error instanceof UpstreamError) {
        error.retried = request.signal.retried === true;
        if (!SAYS_NOTHING_OF_THE_PROVIDER.has(error.failure)) this.failedAt = Date.now();
        status.failed(provider, error);
        if (error.failure === 'rejected') metrics?.upstreamAnswered(provider.identity.label);
        if (!SAYS_NOTHING_OF_THE_PROVIDER.has(error.failure))
          metrics?.upstreamAsked(provider.identity.label, undefined);
      }
      throw error;
    }
  }

  /** A list that a replica has fetched after the last failure here: the provider works again. */
  private noteAnswer({ ageMs }: CacheResult<ModelList>, credential: Credential | undefined): void {
    if (this.failedAt === undefined || Date.now() - ageMs <= this.failedAt) return;
    this.failedAt = undefined;
    this.context.status.succeeded(this.provider, credential);
    this.context.metrics?.upstreamAnswered(this.provider.identity.label);
  }

  private forwarded({ headers, requestId, trace }: Caller): Record<string, string> {
    const forwarded: Record<string, string> = { 'x-request-id': requestId };
    // The span of a traced request comes between the caller's and the provider's.
    const allowed = trace === undefined ? this.forwardedHeaders : this.forwardedHeadersOfTraced;
    for (const [name, form] of allowed) {
      const value = headers[name];
      if (typeof value === 'string' && form.test(value)) forwarded[name] = value;
    }
    return forwarded;
  }

  /** A hash, so that neither this process nor a shared store keeps a credential. */
  private cacheKey(
    operatorHeaders: OperatorHeaders,
    credential: Credential | undefined,
    headers: IncomingHttpHeaders,
  ): string {
    return createHash('sha256')
      .update(`${this.cacheScope(operatorHeaders)}\n${this.scopeOf(credential, headers)}`)
      .digest('base64url');
  }

  /** The same for two callers only if the provider cannot tell them apart; no header value holds a line break. */
  private scopeOf(credential: Credential | undefined, headers: IncomingHttpHeaders): string {
    let scope = `${credential?.variable ?? ''}\n${credential?.authorization ?? ''}`;
    for (const name of this.scopeHeaders) scope += `\n${String(headers[name] ?? '')}`;
    return scope;
  }
}

/** Failures that are the caller's own. */
const SAYS_NOTHING_OF_THE_PROVIDER: ReadonlySet<string> = new Set(['rejected', 'cancelled']);

function cacheOutcomeOf({ forward, collapsed, ttlMs }: CacheResult<ModelList>): CacheOutcome {
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
