import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import type { SecretForm } from '../config/rules/secrets.js';
import { SecretFile } from './secret-file.js';

/** Opens files with secrets, and those with models of the operator, and reads each of them again at a fixed interval. */
@Injectable()
export class SecretFiles implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly files: Pick<SecretFile<unknown>, 'refresh'>[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(providerConfig.KEY) private readonly config: Pick<ProviderConfig, 'keyFileIntervalMs'>,
  ) {}

  /** How long after a reading of the files the next one begins, ms. */
  get intervalMs(): number {
    return this.config.keyFileIntervalMs;
  }

  /**
   * Opens the file of a secret.
   * @param variable the variable that names the file
   * @throws ConfigurationError when the file holds no valid secret
   */
  open<T>(variable: string, path: string, form: SecretForm<T>): SecretFile<T> {
    const file = new SecretFile(variable, path, form);
    this.files.push(file);
    return file;
  }

  onApplicationBootstrap(): void {
    if (this.files.length === 0) return;
    this.timer = setInterval(() => {
      for (const file of this.files) void file.refresh();
    }, this.intervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
