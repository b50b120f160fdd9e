import { BoundedMap } from '../../cache/bounded-map.js';
import { ListCache } from '../../cache/list-cache.js';
import type { CacheResult, FailureEffect, Obtained, CacheSlot } from '../../cache/list-cache.js';
import { memoize } from '../../cache/memoize.js';
import { memoizeForAMoment } from '../../cache/momentary-memo.js';
import { Coalescer } from '../../concurrency/coalescer.js';
import type { Work } from '../../concurrency/coalescer.js';
import type { Credential } from '../../credentials/credential.js';
import type { OperatorHeaders } from '../../credentials/operator-headers.js';
import type { Secret } from '../../credentials/secret.js';
import type { CacheOutcome } from '../../metrics/metrics.js';
import type { ModelProvider, ModelsRequest, ProviderList } from '../../providers/model-provider.js';
import type { ProviderHealth } from '../../providers/provider-health.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import { UPSTREAM_WAIT_ERRORS } from '../../upstream/wait-errors.js';
import { ModelList } from '../model-list.js';
import { cacheKey, credentialFor, forwardedHeaders, scopeKey, wantsRevalidation } from './caller-scope.js';
import type { ScopeRules } from './caller-scope.js';
import { gapsOf } from './gaps.js';
import type { ListSourceContext } from './list-source-context.js';
import type { Caller, ListResult, ListSource } from './list-source.js';
import { rateLimitOf, RepeatedRejection } from './rate-limit.js';

/** The lists of one provider, as its callers may see them: shared by simultaneous callers, and cached. */
export class ProviderListSource implements ListSource {
  private readonly coalescer: Coalescer<ModelList>;
  private readonly cache: ListCache<ModelList> | undefined;
  private readonly toModelList = memoize(
    ({ models, lacks }: ProviderList) => new ModelList(models, undefined, lacks),
  );
  /** For callers without a credential. */
  private readonly operatorKey: Secret<Credential> | undefined;
  private readonly operatorHeaders: Secret<OperatorHeaders>;
  private readonly scopeRules: ScopeRules;
  /** Names lists in the cache by the scope of their caller; what else changes a list may change with a file. */
  private readonly cacheKeys = memoize(({ headers }: OperatorHeaders) => {
    const { identity, settings } = this.provider;
    const target = [identity.engine, settings?.url?.href, ...Object.entries(headers).flat()].join('\n');
    return memoizeForAMoment((scope) => cacheKey(target, scope));
  });

  /** @param acceptsCallers whether the credentials of callers, and their headers, go to this provider */
  constructor(
    private readonly provider: ModelProvider,
    private readonly health: ProviderHealth,
    acceptsCallers: boolean,
    private readonly context: ListSourceContext,
  ) {
    const { operatorCredentials, config, limits, cacheConfig, memory, sharedStore } = context;
    const { settings } = provider;
    this.operatorKey = settings && operatorCredentials.key(settings.keyVariables);
    this.operatorHeaders = operatorCredentials.headersOf(settings?.headerVariables ?? []);
    this.scopeRules = { acceptsCallers, placeholders: config.placeholderApiKeys };
    this.coalescer = new Coalescer(limits.timeoutMs, UPSTREAM_WAIT_ERRORS);
    if (cacheConfig.enabled && settings?.url !== undefined) {
      this.cache = new ListCache(
        cacheConfig,
        new Coalescer<Obtained<ModelList>>(limits.timeoutMs, UPSTREAM_WAIT_ERRORS),
        effectOf,
        new BoundedMap<CacheSlot<ModelList>>(
          memory,
          cacheConfig.maxEntries,
          ({ entry }) => entry.value.footprint,
        ),
        {
          // The identity of a signature or a client certificate is not known here: replicas may have different ones.
          shared:
            (this.operatorKey === undefined && settings.keySource !== undefined) ||
            settings.certificateVariable !== undefined
              ? undefined
              : sharedStore,
          isWhole: ({ lacks }) =>
            lacks === undefined || gapsOf(provider.identity.engine, lacks).missing === undefined,
        },
      );
    }
  }

  /**
   * The provider's list, as seen with the caller's credential, or with the operator's.
   * @throws UpstreamError
   */
  async list(caller: Caller): Promise<ListResult> {
    const started = performance.now();
    const observe = (status: number | undefined): void => {
      const { identity, settings } = this.provider;
      if (settings?.url === undefined) return;
      caller.onUpstream({ engine: identity.engine, status, durationMs: performance.now() - started });
    };
    const { headers } = caller;
    const credential = credentialFor(headers, this.scopeRules, this.operatorKey?.current);
    try {
      const result = await (this.cache === undefined
        ? this.coalesced(caller, credential)
        : this.cached(this.cache, caller, credential));
      const { cacheResult } = result;
      if (cacheResult === undefined || cacheResult.forward !== undefined) observe(200);
      return result;
    } catch (error) {
      if (error instanceof UpstreamError && !(error instanceof RepeatedRejection))
        observe(error.details.status);
      throw error;
    }
  }

  private async coalesced(caller: Caller, credential: Credential | undefined): Promise<ListResult> {
    const { limits, metrics } = this.context;
    const key = limits.coalesce ? scopeKey(credential, caller.headers, this.scopeRules) : undefined;
    if (key !== undefined && this.coalescer.isUnderWay(key))
      metrics?.requestCoalesced(this.provider.identity.label);
    const list = await this.coalescer.join(key, this.request(caller, credential), caller);
    return this.resultOf(list, undefined);
  }

  private async cached(
    cache: ListCache<ModelList>,
    caller: Caller,
    credential: Credential | undefined,
  ): Promise<ListResult> {
    const keyOf = this.cacheKeys(this.operatorHeaders.current);
    const key = keyOf(scopeKey(credential, caller.headers, this.scopeRules));
    const request = this.request(caller, credential);
    const cacheResult = await (caller.seeksModel
      ? cache.getNewer(key, request, caller)
      : cache.get(key, request, caller, wantsRevalidation(caller.headers)));
    this.context.metrics?.cacheAsked(this.provider.identity.label, cacheOutcomeOf(cacheResult));
    this.health.cacheServed(cacheResult.ageMs, credential);
    return this.resultOf(cacheResult.value, cacheResult);
  }

  private resultOf(list: ModelList, cacheResult: ListResult['cacheResult']): ListResult {
    const { lacks } = list;
    const { engine } = this.provider.identity;
    return lacks === undefined ? { list, cacheResult } : { list, cacheResult, ...gapsOf(engine, lacks) };
  }

  /** The request for a caller, not sent yet. */
  private request(caller: Caller, credential: Credential | undefined): Work<ModelList> {
    const operatorHeaders = this.operatorHeaders.current;
    return (signal) =>
      this.send({
        credential,
        operatorHeaders,
        forwardedHeaders: forwardedHeaders(caller, this.scopeRules),
        signal,
        trace: caller.trace,
      });
  }

  private async send(request: ModelsRequest): Promise<ModelList> {
    try {
      const list = await this.provider.listModels(request);
      this.health.succeeded(list.models.length, request.credential);
      return this.toModelList(list);
    } catch (error) {
      if (error instanceof UpstreamError) this.health.failed(error, this.operatorKey?.current);
      throw error;
    }
  }
}

/**
 * A caller that gets a 4xx must not be shown what was listed before, unless it is a rate limit; a caller that hangs up
 * says nothing of the provider.
 */
function effectOf(error: unknown): FailureEffect {
  if (!(error instanceof UpstreamError)) return 'back_off';
  if (error.failure === 'rejected') return rateLimitOf(error) ?? 'drop';
  return error.failure === 'cancelled' ? 'none' : 'back_off';
}

function cacheOutcomeOf({ forward, collapsed, ttlMs }: CacheResult<unknown>): CacheOutcome {
  if (collapsed) return 'collapsed';
  if (forward === 'request') return 'revalidated';
  if (forward !== undefined) return 'miss';
  return ttlMs > 0 ? 'hit' : 'stale';
}
