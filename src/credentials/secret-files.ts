import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { providerConfig } from '../config/provider.config.js';
import type { ProviderConfig } from '../config/provider.config.js';
import type { SecretForm } from '../config/rules/secrets.js';
import { SecretFile } from './secret-file.js';

/** Reads the files with secrets again from time to time. */
@Injectable()
export class SecretFiles implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly files: Pick<SecretFile<unknown>, 'refresh'>[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(providerConfig.KEY) private readonly config: Pick<ProviderConfig, 'keyFileIntervalMs'>,
  ) {}

  /**
   * The secret in a file.
   * @param variable names the file
   * @throws ConfigurationError when there is no such secret in it
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
    }, this.config.keyFileIntervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
