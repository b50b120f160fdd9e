import { Logger } from '@nestjs/common';
import { belongTogether, CERTIFICATES_FORM, PRIVATE_KEY_FORM } from '../config/rules/pem.js';
import type { Secret } from './secret.js';
import type { SecretFile } from './secret-file.js';
import type { SecretFiles } from './secret-files.js';

/** The paths of the files, as the configuration has them. */
export interface TlsPaths {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Texts in PEM format, under the names that Node.js gives them in `tls.connect`. */
export interface TlsMaterial {
  /** The authorities to trust instead of those of Node.js. */
  readonly ca?: string;
  /** The client's certificate, with those between it and its authority. */
  readonly cert?: string;
  readonly key?: string;
}

/** How long a certificate and a key may not belong together while both are replaced, ms. */
const REPLACEMENT_MS = 2000;

/** What TLS needs, in files that are read again while the service runs. */
export class TlsFiles implements Secret<TlsMaterial> {
  private readonly logger = new Logger('TlsFiles');
  private readonly files: Readonly<Partial<Record<keyof TlsMaterial, SecretFile<string>>>>;
  private material: TlsMaterial;
  private warning: NodeJS.Timeout | undefined;
  private readonly listeners: ((material: TlsMaterial) => void)[] = [];

  /**
   * Opens the files.
   * @param prefix what the names of the three variables begin with, such as `REDIS`
   * @throws ConfigurationError when one does not hold what it should
   */
  constructor(
    private readonly prefix: string,
    paths: TlsPaths,
    files: SecretFiles,
  ) {
    const open = (
      part: keyof TlsMaterial,
      form: typeof CERTIFICATES_FORM,
    ): Partial<Record<keyof TlsMaterial, SecretFile<string>>> => {
      const path = paths[part];
      if (path === undefined) return {};
      const file = files.open(`${prefix}_TLS_${part.toUpperCase()}_FILE`, path, form);
      file.onChange(() => {
        this.update();
      });
      return { [part]: file };
    };
    this.files = {
      ...open('ca', CERTIFICATES_FORM),
      ...open('cert', CERTIFICATES_FORM),
      ...open('key', PRIVATE_KEY_FORM),
    };
    this.material = this.read();
  }

  /** The last material whose parts belong together. */
  get current(): TlsMaterial {
    return this.material;
  }

  /** Calls a listener with each new material. */
  onChange(listener: (material: TlsMaterial) => void): void {
    this.listeners.push(listener);
  }

  private read(): TlsMaterial {
    return Object.fromEntries(Object.entries(this.files).map(([part, file]) => [part, file.current]));
  }

  /** Two files cannot be replaced at the same moment: a key without its certificate waits for it. */
  private update(): void {
    clearTimeout(this.warning);
    const next = this.read();
    if (next.cert !== undefined && next.key !== undefined && !belongTogether(next.cert, next.key)) {
      this.warning = setTimeout(() => {
        this.logger.warn(
          `${this.prefix}_TLS_KEY_FILE is not the key of the certificate in ${this.prefix}_TLS_CERT_FILE: ` +
            'the last ones that belong together stay in use',
        );
      }, REPLACEMENT_MS).unref();
      return;
    }
    this.material = next;
    for (const listener of this.listeners) listener(next);
  }
}
