import { Logger } from '@nestjs/common';
import { readSecretFile, readSecretFileSync } from '../config/read-secret-file.js';
import { fileRule } from '../config/rules/secrets.js';
import type { SecretForm } from '../config/rules/secrets.js';
import { ConfigurationError } from '../config/variables.js';
import type { Secret } from './secret.js';

/** The text of the file, and the secret parsed from it. */
interface Content<T> {
  readonly text: string;
  readonly secret: T;
}

/** A secret in a file that may change while the service runs, as a mounted Kubernetes Secret does. */
export class SecretFile<T> implements Secret<T> {
  private readonly logger = new Logger('SecretFile');
  private content: Content<T>;
  private readable = true;
  private isReading = false;
  private readonly listeners: ((secret: T) => void)[] = [];

  /**
   * @param variable the variable that names the file
   * @throws ConfigurationError when the file holds no valid secret
   */
  constructor(
    private readonly variable: string,
    private readonly path: string,
    private readonly form: SecretForm<T>,
  ) {
    const text = readSecretFileSync(path, form.maxBytes);
    const content = this.parse(text);
    if (content === undefined) throw new ConfigurationError([{ variable, rule: fileRule(form, text) }]);
    this.content = content;
  }

  /** The last valid secret. */
  get current(): T {
    return this.content.secret;
  }

  /** Calls a listener with each new secret. */
  onChange(listener: (secret: T) => void): void {
    this.listeners.push(listener);
  }

  /** Reads the file again. Without a valid secret in it the last one stays in use, and one warning is logged. */
  async refresh(): Promise<void> {
    // Reads must not pile up when the file system hangs.
    if (this.isReading) return;
    this.isReading = true;
    const text = await readSecretFile(this.path, this.form.maxBytes);
    this.isReading = false;
    const isSame = text === this.content.text;
    const content = isSame ? this.content : this.parse(text);
    if (content === undefined) {
      if (this.readable) {
        this.logger.warn(`${this.variable} ${fileRule(this.form, text)}: the last valid value stays in use`);
      }
      this.readable = false;
      return;
    }
    if (!isSame) {
      this.content = content;
      this.logger.log(`A new value was read from ${this.variable}`);
      for (const listener of this.listeners) listener(content.secret);
    } else if (!this.readable) {
      this.logger.log(`${this.variable} can be read again; its value has not changed`);
    }
    this.readable = true;
  }

  private parse(text: string | undefined): Content<T> | undefined {
    const secret = text === undefined ? undefined : this.form.parse(text);
    return text === undefined || secret === undefined ? undefined : { text, secret };
  }
}
