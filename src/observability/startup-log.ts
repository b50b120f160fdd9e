import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { OperatorCredentials } from '../credentials/operator-credentials.js';
import type { ModelProvider } from '../providers/model-provider.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { VERSION } from '../version.js';

/** Says at start which providers will be asked, and which variable's key each will get: never the key. */
@Injectable()
export class StartupLog implements OnApplicationBootstrap {
  private readonly logger = new Logger('StartupLog');

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly credentials: OperatorCredentials,
  ) {}

  onApplicationBootstrap(): void {
    for (const provider of this.registry.configured) this.introduce(provider);
  }

  private introduce(provider: ModelProvider): void {
    const { engine, missingVariable } = provider;
    const variable = isAsked(provider)
      ? (this.credentials.keyFor(provider)?.current.variable ?? provider.keySource)
      : undefined;
    this.logger.log(
      [
        `models-gateway ${VERSION}`,
        `engine ${engine}`,
        sourceOf(provider),
        variable === undefined ? 'no key of its own' : `key from ${variable}`,
      ].join(', '),
    );
    if (missingVariable !== undefined) {
      this.logger.warn(
        `The engine ${engine} needs ${missingVariable} to be set: until then every list is a 502.`,
      );
    }
  }
}

/** Whether anybody is ever asked: for a static list there is nothing that a key could be sent to. */
function isAsked({ keyVariable }: ModelProvider): boolean {
  return keyVariable !== undefined;
}

function sourceOf(provider: ModelProvider): string {
  if (!isAsked(provider)) return 'a static list';
  return provider.url === undefined ? 'no upstream' : `upstream ${provider.url.host}`;
}
