import { Logger } from '@nestjs/common';
import { readKeyFile, readKeyFileSync } from '../config/key-file.js';
import { KEY_FILE_RULE } from '../config/rules.js';
import { ConfigurationError } from '../config/variables.js';
import { keyCredential } from './credential.js';
import type { Credential } from './credential.js';

/** A key in a file that may be replaced while the service runs, as a mounted Secret of Kubernetes is. */
export class KeyFile {
  private readonly logger = new Logger('KeyFile');
  private current: Credential;
  private readable = true;

  /**
   * @param variable names the file
   * @throws ConfigurationError when there is no key in it
   */
  constructor(
    private readonly variable: string,
    private readonly path: string,
  ) {
    const key = readKeyFileSync(path);
    if (key === undefined) throw new ConfigurationError([{ variable, rule: KEY_FILE_RULE }]);
    this.current = keyCredential(key, variable);
  }

  /** With the key that was last read. */
  get credential(): Credential {
    return this.current;
  }

  /** Reads the file again. Where it holds no key any more the last one stays, and that is said once. */
  async refresh(): Promise<void> {
    const key = await readKeyFile(this.path);
    if (key === undefined) {
      if (this.readable) {
        this.logger.warn(`${this.variable} ${KEY_FILE_RULE}: the key that was last read stays in use`);
      }
      this.readable = false;
      return;
    }
    if (key !== this.current.token) {
      this.current = keyCredential(key, this.variable);
      this.logger.log(`A new key was read from ${this.variable}`);
    } else if (!this.readable) {
      this.logger.log(`${this.variable} can be read again, and the key is the same`);
    }
    this.readable = true;
  }
}
