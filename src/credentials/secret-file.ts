import { Logger } from '@nestjs/common';
import { readSecretFile, readSecretFileSync } from '../config/read-secret-file.js';
import { fileRule } from '../config/rules/secrets.js';
import type { SecretForm } from '../config/rules/secrets.js';
import { ConfigurationError } from '../config/variables.js';
import type { Secret } from './secret.js';

/** What was read, and what it means. */
interface Content<T> {
  readonly text: string;
  readonly meaning: T;
}

/** A secret in a file that may be replaced while the service runs, as a mounted Secret of Kubernetes is. */
export class SecretFile<T> implements Secret<T> {
  private readonly logger = new Logger('SecretFile');
  private content: Content<T>;
  private readable = true;
  private isReading = false;
  private readonly listeners: ((secret: T) => void)[] = [];

  /**
   * @param variable names the file
   * @throws ConfigurationError when there is no such secret in it
   */
  constructor(
    private readonly variable: string,
    private readonly path: string,
    private readonly form: SecretForm<T>,
  ) {
    const content = this.understand(readSecretFileSync(path));
    if (content === undefined) throw new ConfigurationError([{ variable, rule: fileRule(form) }]);
    this.content = content;
  }

  /** What was last read. */
  get current(): T {
    return this.content.meaning;
  }

  /** Has somebody told of every further secret. */
  onChange(listener: (secret: T) => void): void {
    this.listeners.push(listener);
  }

  /** Reads the file again. Where there is no such secret in it any more the last one stays, and that is said once. */
  async refresh(): Promise<void> {
    // A file system that hangs must not pile up reads.
    if (this.isReading) return;
    this.isReading = true;
    const text = await readSecretFile(this.path);
    this.isReading = false;
    const isSame = text === this.content.text;
    const content = isSame ? this.content : this.understand(text);
    if (content === undefined) {
      if (this.readable) {
        this.logger.warn(`${this.variable} ${fileRule(this.form)}: what was last read stays in use`);
      }
      this.readable = false;
      return;
    }
    if (!isSame) {
      this.content = content;
      this.logger.log(`A new value was read from ${this.variable}`);
      for (const listener of this.listeners) listener(content.meaning);
    } else if (!this.readable) {
      this.logger.log(`${this.variable} can be read again, and the value is the same`);
    }
    this.readable = true;
  }

  private understand(text: string | undefined): Content<T> | undefined {
    const meaning = text === undefined ? undefined : this.form.parse(text);
    return text === undefined || meaning === undefined ? undefined : { text, meaning };
  }
}
