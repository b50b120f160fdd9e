import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { keyCredential } from './credential.js';
import type { Credential } from './credential.js';
import { KeyFile } from './key-file.js';

/** What the configuration says of keys. */
type KeyConfig = Pick<ProviderConfig, 'keys' | 'keyFiles' | 'keyFileIntervalMs' | 'keyVariables'>;

/** Where a key comes from: a file may hold another one the next time. */
export interface KeySource {
  readonly credential: Credential;
}

/** Who may be lent a key. */
interface KeyHolder {
  readonly engine: string;
  readonly aliases: readonly string[];
  /** The variables that may hold the key when the engine is the only one, the first set one wins. */
  readonly keyVariables: readonly string[];
}

/** The keys that the operator put into the environment, or into files that it names. */
@Injectable()
export class OperatorCredentials implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly sources = new Map<string, KeySource>();
  private readonly files: KeyFile[] = [];
  private timer: NodeJS.Timeout | undefined;
  private refreshing = false;

  /** @throws ConfigurationError when a file holds no key */
  constructor(@Inject(providerConfig.KEY) private readonly config: KeyConfig) {
    for (const [variable, key] of config.keys) {
      this.sources.set(variable, { credential: keyCredential(key, variable) });
    }
    for (const [variable, path] of config.keyFiles) {
      const file = new KeyFile(`${variable}_FILE`, path);
      this.sources.set(variable, file);
      this.files.push(file);
    }
  }

  /** The source of the key for an engine: the first of its variables that is set, itself or by a file. */
  sourceFor({ engine, aliases, keyVariables }: KeyHolder): KeySource | undefined {
    return this.config
      .keyVariables([engine, ...aliases], keyVariables)
      .map((variable) => this.sources.get(variable))
      .find((source) => source !== undefined);
  }

  onApplicationBootstrap(): void {
    if (this.files.length === 0) return;
    this.timer = setInterval(() => {
      void this.refresh();
    }, this.config.keyFileIntervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** A file system that hangs must not pile up reads. */
  private async refresh(): Promise<void> {
    if (this.refreshing) return;
    this.refreshing = true;
    await Promise.all(this.files.map((file) => file.refresh()));
    this.refreshing = false;
  }
}
