import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { KeyVariable, ProviderConfig } from '../config/provider.config.js';
import { keyCredential } from './credential.js';
import type { Credential } from './credential.js';
import { KeyFile } from './key-file.js';

/** The keys that the operator put into the environment, or into files that it names. */
@Injectable()
export class OperatorCredentials implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly sources = new Map<KeyVariable, { readonly credential: Credential }>();
  private readonly files: KeyFile[] = [];
  private timer: NodeJS.Timeout | undefined;
  private refreshing = false;

  /** @throws ConfigurationError when a file holds no key */
  constructor(@Inject(providerConfig.KEY) private readonly config: ProviderConfig) {
    for (const [variable, key] of config.keys) {
      this.sources.set(variable, { credential: keyCredential(key, variable) });
    }
    for (const [variable, path] of config.keyFiles) {
      const file = new KeyFile(`${variable}_FILE`, path);
      this.sources.set(variable, file);
      this.files.push(file);
    }
  }

  /** The key of the first of these variables that is set, itself or by a file. */
  firstOf(variables: readonly KeyVariable[]): Credential | undefined {
    for (const variable of variables) {
      const source = this.sources.get(variable);
      if (source !== undefined) return source.credential;
    }
    return undefined;
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
