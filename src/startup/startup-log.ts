import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { METRICS } from '../metrics/metrics.js';
import type { Metrics } from '../metrics/metrics.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { VERSION } from '../version.js';
import { StartupReport } from './startup-report.js';
import type { EngineReport } from './startup-report.js';

/**
 * Logs once the service listens: where, which providers are asked, and which variable each key comes from; never a key.
 * Metrics get the engines.
 */
@Injectable()
export class StartupLog implements OnApplicationBootstrap {
  private readonly logger = new Logger('StartupLog');

  constructor(
    private readonly report: StartupReport,
    private readonly registry: ProviderRegistry,
    @Inject(METRICS) private readonly metrics: Metrics | undefined,
  ) {}

  onApplicationBootstrap(): void {
    const labels = this.registry.configured.map(({ identity }) => identity.label);
    this.metrics?.describe(labels.join(','), VERSION);
  }

  /**
   * @param address what the service listens on, as a URL
   * @param metricsAddress what serves metrics alone; undefined where nothing does
   */
  write(address: string, metricsAddress?: string): void {
    const { engines, gatewayKeyVariable, missing, warnings } = this.report;
    for (const engine of engines) this.logger.log(startLine(engine, address));
    if (metricsAddress !== undefined) this.logger.log(`Metrics are at ${metricsAddress}/metrics.`);
    if (gatewayKeyVariable !== undefined) {
      this.logger.log(`Callers need a key of ${gatewayKeyVariable}; their credentials go to no provider.`);
    }
    for (const each of [...missing, ...warnings]) this.logger.warn(each);
  }
}

function startLine(engine: EngineReport, address: string): string {
  const { name, kind, keySource } = engine;
  return [
    `models-gateway ${VERSION}`,
    `listens on ${address}`,
    `engine ${name}${kind === undefined || kind === name ? '' : ` (${kind})`}`,
    sourceOf(engine),
    keySource === undefined ? 'no key of its own' : `key from ${keySource}`,
  ].join(', ');
}

/** Where the list comes from. */
function sourceOf({ isRemote, url, proxy }: EngineReport): string {
  if (!isRemote) return 'a static list';
  if (url === undefined) return 'no upstream';
  return `upstream ${url}${proxy === undefined ? '' : ` by proxy ${proxy}`}`;
}
