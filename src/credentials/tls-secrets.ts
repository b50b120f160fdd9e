import { Logger } from '@nestjs/common';
import { belongTogether, CERTIFICATES_FORM, PRIVATE_KEY_FORM } from '../config/rules/pem.js';
import type { SecretForm } from '../config/rules/secrets.js';
import type { FileVariable, TlsFiles } from '../config/tls-files.js';
import type { Secret } from './secret.js';
import type { SecretFile } from './secret-file.js';
import type { SecretFiles } from './secret-files.js';

/** A client certificate, with those between it and its authority, and its key. */
interface Identity {
  readonly cert?: string;
  readonly key?: string;
}

/** Texts in PEM format, under the names that Node.js gives them in `tls.connect`. */
export interface TlsMaterial extends Identity {
  /** One text for each file. */
  readonly ca?: string[];
}

/** How long a certificate and a key that do not belong together wait for each other, beside the interval of reading, ms. */
const REPLACEMENT_MS = 2000;

/** What TLS needs, in files that are read again while the service runs. */
export class TlsSecrets implements Secret<TlsMaterial> {
  private readonly logger = new Logger('TlsSecrets');
  private readonly authorities: readonly SecretFile<string>[];
  private readonly certificate: SecretFile<string> | undefined;
  private readonly key: SecretFile<string> | undefined;
  /** The last ones that belong together. */
  private identity: Identity;
  private warning: NodeJS.Timeout | undefined;
  private readonly listeners: ((material: TlsMaterial) => void)[] = [];

  /**
   * Opens the files.
   * @param trustedFiles more files with authorities
   * @throws ConfigurationError when one does not hold what it should
   */
  constructor(
    private readonly paths: TlsFiles,
    private readonly files: SecretFiles,
    trustedFiles: readonly FileVariable[] = [],
  ) {
    const open = (
      { variable, path }: FileVariable,
      form: SecretForm<string>,
      onChange: () => void,
    ): SecretFile<string> | undefined => {
      if (path === undefined) return undefined;
      const file = files.open(variable, path, form);
      file.onChange(onChange);
      return file;
    };
    const publish = (): void => {
      this.publish();
    };
    const identify = (): void => {
      this.identify();
    };
    this.authorities = [paths.authorities, ...trustedFiles]
      .map((each) => open(each, CERTIFICATES_FORM, publish))
      .filter((file) => file !== undefined);
    this.certificate = open(paths.certificate, CERTIFICATES_FORM, identify);
    this.key = open(paths.key, PRIVATE_KEY_FORM, identify);
    this.identity = this.readIdentity();
  }

  get current(): TlsMaterial {
    const ca = this.authorities.map(({ current }) => current);
    return { ...(ca.length > 0 && { ca }), ...this.identity };
  }

  /** Calls a listener with each new material. */
  onChange(listener: (material: TlsMaterial) => void): void {
    this.listeners.push(listener);
  }

  private publish(): void {
    const material = this.current;
    for (const listener of this.listeners) listener(material);
  }

  /** Two files cannot be replaced at the same moment: a key without its certificate waits for it. */
  private identify(): void {
    clearTimeout(this.warning);
    const next = this.readIdentity();
    if (next.cert === undefined || next.key === undefined || belongTogether(next.cert, next.key)) {
      this.identity = next;
      this.publish();
      return;
    }
    this.warning = setTimeout(() => {
      const { certificate, key } = this.paths;
      this.logger.warn(
        `${key.variable} is not the key of the certificate in ${certificate.variable}: ` +
          'the last ones that belong together stay in use',
      );
    }, this.files.intervalMs + REPLACEMENT_MS).unref();
  }

  private readIdentity(): Identity {
    return {
      ...(this.certificate && { cert: this.certificate.current }),
      ...(this.key && { key: this.key.current }),
    };
  }
}
