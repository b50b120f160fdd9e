import { Controller, Get } from '@nestjs/common';
import { OpenAiException } from '../errors/openai.exception.js';
import { missingSetting } from '../providers/model-provider.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { Lifecycle } from './lifecycle.js';

interface Health {
  readonly status: 'ok';
}

/** Probes for an orchestrator. Neither asks the provider: when it is down, callers need a clear 502. */
@Controller()
export class HealthController {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** Liveness: the process runs. */
  @Get('healthz')
  live(): Health {
    return { status: 'ok' };
  }

  /** Readiness: the configuration is complete, and the service is not shutting down. */
  @Get('readyz')
  ready(): Health {
    if (this.lifecycle.isStopping)
      throw new OpenAiException(503, 'The service is shutting down.', { code: 'shutting_down' });
    const missing = this.registry.configured.map(missingSetting).filter((each) => each !== undefined);
    if (missing.length > 0) {
      throw new OpenAiException(503, missing.join(' '), { code: 'provider_not_configured' });
    }
    return { status: 'ok' };
  }
}
