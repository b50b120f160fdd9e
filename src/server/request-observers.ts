import type { Provider } from '@nestjs/common';
import type { Logger } from 'pino';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { clientAddressReader } from '../observability/client-address.js';
import { pathReader } from '../observability/logged-path.js';
import { TRACING } from '../observability/observability.module.js';
import { requestLog } from '../observability/request-log.js';
import { requestMetrics } from '../observability/serve-metrics.js';
import type { Tracing } from '../observability/tracing.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import type { RequestObserver } from '../observability/request-observer.js';

/** Makes the observers of all requests, in the order in which they are called. */
export type RequestObserverFactory = (logger: Logger) => RequestObserver[];
export const REQUEST_OBSERVERS = Symbol('REQUEST_OBSERVERS');

/** Traces go first: the request log names the trace. */
export const requestObservers: Provider<RequestObserverFactory> = {
  provide: REQUEST_OBSERVERS,
  inject: [ProviderRegistry, TRACING, METRICS, serverConfig.KEY, providerConfig.KEY],
  useFactory:
    (
      { configured }: ProviderRegistry,
      tracing: Tracing | undefined,
      metrics: Metrics | undefined,
      { logsClientAddress, trustedProxies }: ServerConfig,
      { placeholderApiKeys }: ProviderConfig,
    ): RequestObserverFactory =>
    (logger) => [
      ...(tracing === undefined ? [] : [{ opened: tracing.open.bind(tracing) }]),
      requestLog(
        logger,
        configured.map(({ identity }) => identity.engine),
        pathReader(placeholderApiKeys),
        logsClientAddress ? clientAddressReader(trustedProxies) : undefined,
      ),
      ...(metrics === undefined ? [] : [requestMetrics(metrics)]),
    ],
};
