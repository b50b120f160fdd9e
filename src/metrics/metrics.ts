import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The injected `Metrics`; undefined when metrics are disabled. */
export const METRICS = Symbol('METRICS');

/** The service's own metrics and their labels. */
export const METRIC_LABELS = {
  http_server_request_duration_seconds: ['method', 'route', 'status'],
  http_server_active_requests: [],
  models_gateway_refused_requests_total: ['status'],
  models_gateway_refused_keys_total: ['reason'],
  http_client_request_duration_seconds: ['engine', 'outcome'],
  http_client_active_requests: [],
  models_gateway_upstream_retries_total: ['engine'],
  models_gateway_upstream_pages_total: ['engine'],
  models_gateway_models: ['engine'],
  models_gateway_upstream_up: ['engine'],
  models_gateway_coalesced_requests_total: ['engine'],
  models_gateway_overloaded_requests_total: ['engine'],
  models_gateway_upstream_pending_requests: [],
  models_gateway_cache_requests_total: ['engine', 'outcome'],
  models_gateway_cache_bytes: [],
  models_gateway_compressed_bodies_total: ['coding'],
  models_gateway_shared_cache_up: [],
  models_gateway_log_lines_lost_total: [],
  models_gateway_build_info: ['version', 'node_version', 'engine'],
} as const;
type MetricName = keyof typeof METRIC_LABELS;
type LabelOf<N extends MetricName> = (typeof METRIC_LABELS)[N][number];

/** Seconds: from an answer out of memory to the longest time that clients wait. */
export const BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
/** Other methods count as `OTHER`, so that callers cannot create label values. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** How a request to the provider ended; `5xx` is any status that is neither a 200 nor a 4xx. */
export type UpstreamOutcomeLabel = 'ok' | '4xx' | '5xx' | 'timeout' | 'unreachable' | 'invalid' | 'cancelled';
/** How the cache answered. */
export type CacheOutcome = 'hit' | 'stale' | 'miss' | 'revalidated' | 'collapsed';

/**
 * The metrics of this process, with Prometheus' names and units. Labels have few values: never a raw path,
 * a model's id or part of a credential.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */
export class Metrics {
  readonly registry = new Registry();
  private activeRequests = 0;
  private activeUpstreamRequests = 0;
  private readonly requestDuration = this.histogram(
    'http_server_request_duration_seconds',
    'Time from a request to the end of its answer.',
  );
  private readonly refused = this.counter(
    'models_gateway_refused_requests_total',
    'Requests refused before routing: malformed, too large or too slow.',
  );
  private readonly refusedKeys = this.counter(
    'models_gateway_refused_keys_total',
    'Requests for models that had no key of GATEWAY_API_KEYS.',
  );
  private readonly upstreamDuration = this.histogram(
    'http_client_request_duration_seconds',
    'Duration of a request to the provider; each page and each attempt is one request.',
  );
  private readonly retries = this.counter(
    'models_gateway_upstream_retries_total',
    'Requests to the provider sent again.',
  );
  private readonly pages = this.counter(
    'models_gateway_upstream_pages_total',
    'Pages read from the provider.',
  );
  private readonly models = this.gauge('models_gateway_models', 'Models in the last list of the provider.');
  private readonly upstreamUp = this.gauge(
    'models_gateway_upstream_up',
    'Whether the provider last answered with a list or a 4xx.',
  );
  private readonly coalesced = this.counter(
    'models_gateway_coalesced_requests_total',
    'Requests that shared the fetch of another request.',
  );
  private readonly overloaded = this.counter(
    'models_gateway_overloaded_requests_total',
    'Requests to the provider refused because too many waited for a connection.',
  );
  private readonly cacheRequests = this.counter(
    'models_gateway_cache_requests_total',
    'Requests for lists, by how the cache answered.',
  );
  private readonly compressed = this.counter(
    'models_gateway_compressed_bodies_total',
    'Bodies compressed; clients that get the same bytes share one.',
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.measured(
      'http_server_active_requests',
      'Requests that are being answered.',
      () => this.activeRequests,
    );
    this.measured(
      'http_client_active_requests',
      'Requests to the provider under way.',
      () => this.activeUpstreamRequests,
    );
  }

  /**
   * Sets the build information.
   * @param engine the labels of the engines, joined by commas
   * @param version of this service
   */
  describe(engine: string, version: string): void {
    this.gauge('models_gateway_build_info', 'The versions and engines of this process.').set(
      { version, node_version: process.version, engine },
      1,
    );
  }

  requestOpened(): void {
    this.activeRequests += 1;
  }

  /**
   * @param route the template; undefined for a path that is not known
   * @param milliseconds since the request came
   */
  requestClosed(method: string, route: string | undefined, status: number, milliseconds: number): void {
    this.activeRequests -= 1;
    this.requestDuration.observe(
      { method: KNOWN_METHODS.has(method) ? method : 'OTHER', route: route ?? 'unmatched', status },
      milliseconds / 1000,
    );
  }

  /** Counts a request that was refused before routing. */
  requestRefused(status: number): void {
    this.refused.inc({ status });
  }

  /** Counts a request for models that was refused for its key. */
  keyRefused(reason: 'missing' | 'unknown'): void {
    this.refusedKeys.inc({ reason });
  }

  /** Starts to measure a request to a provider; the returned function ends the measurement. */
  upstreamRequest(engine: string): (outcome: UpstreamOutcomeLabel) => void {
    const started = performance.now();
    this.activeUpstreamRequests += 1;
    return (outcome) => {
      this.activeUpstreamRequests -= 1;
      this.upstreamDuration.observe({ engine, outcome }, (performance.now() - started) / 1000);
      if (outcome === 'ok') this.pages.inc({ engine });
    };
  }

  upstreamRetried(engine: string): void {
    this.retries.inc({ engine });
  }

  /** Sets whether the provider works. */
  providerUp(engine: string, isUp: boolean): void {
    this.upstreamUp.set({ engine }, isUp ? 1 : 0);
  }

  /** @param models number of models in the provider's last list */
  modelsListed(engine: string, models: number): void {
    this.models.set({ engine }, models);
  }

  requestCoalesced(engine: string): void {
    this.coalesced.inc({ engine });
  }

  /** Counts a request to the provider that was not sent, as too many waited already. */
  requestOverloaded(engine: string): void {
    this.overloaded.inc({ engine });
  }

  /** @param count returns how many requests wait for a connection */
  watchPendingRequests(count: () => number): void {
    this.measured(
      'models_gateway_upstream_pending_requests',
      'Requests that wait for a connection to the provider.',
      count,
    );
  }

  cacheAsked(engine: string, outcome: CacheOutcome): void {
    this.cacheRequests.inc({ engine, outcome });
  }

  bodyCompressed(coding: string): void {
    this.compressed.inc({ coding });
  }

  /** @param bytes returns the memory of all lists that are kept */
  watchCacheMemory(bytes: () => number): void {
    this.measured('models_gateway_cache_bytes', 'Estimated memory of the lists that are kept.', bytes);
  }

  /** @param isUp returns whether the shared cache works */
  watchSharedCache(isUp: () => boolean): void {
    this.measured('models_gateway_shared_cache_up', 'Whether Redis works.', () => Number(isUp()));
  }

  /** @param lost returns how many log lines could not be written since the start */
  watchLostLogLines(lost: () => number): void {
    new Counter({
      ...this.described('models_gateway_log_lines_lost_total', 'Log lines that could not be written.'),
      collect() {
        this.reset();
        this.inc(lost());
      },
    });
  }

  private histogram<N extends MetricName>(name: N, help: string): Histogram<LabelOf<N>> {
    return new Histogram({ ...this.described(name, help), buckets: [...BUCKETS] });
  }

  private counter<N extends MetricName>(name: N, help: string): Counter<LabelOf<N>> {
    return new Counter(this.described(name, help));
  }

  private gauge<N extends MetricName>(name: N, help: string): Gauge<LabelOf<N>> {
    return new Gauge(this.described(name, help));
  }

  private described<N extends MetricName>(name: N, help: string) {
    const labelNames: readonly LabelOf<N>[] = METRIC_LABELS[name];
    return { name, help, labelNames, registers: [this.registry] };
  }

  /** A gauge whose value is read at each scrape. */
  private measured(name: MetricName, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
