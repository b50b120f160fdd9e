import { Logger } from '@nestjs/common';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { FileVariable, TlsFiles } from '../config/provider.config.js';
import { CERTIFICATES_FORM, PRIVATE_KEY_FORM } from '../config/rules/pem.js';
import type { SecretForm } from '../config/rules/secrets.js';
import type { SecretFile } from '../credentials/secret-file.js';
import type { SecretFiles } from '../credentials/secret-files.js';

type PemFile = SecretFile<string> | undefined;

/** What connections trust, and how they identify themselves: from files that may change. */
export class Certificates {
  private readonly logger = new Logger('Certificates');
  private readonly trusted: readonly SecretFile<string>[];
  private readonly certificate: PemFile;
  private readonly key: PemFile;
  private readonly listeners: (() => void)[] = [];
  private contexts: Contexts;

  /**
   * @param trustedFile more certificates that are trusted, whatever the engine
   * @throws ConfigurationError when a file holds no certificate or key
   */
  constructor(
    readonly files: TlsFiles,
    trustedFile: FileVariable,
    secretFiles: SecretFiles,
  ) {
    const open = ({ variable, path }: FileVariable, form: SecretForm<string>): PemFile =>
      path === undefined ? undefined : secretFiles.open(variable, path, form);
    this.trusted = [files.authorities, trustedFile]
      .map((file) => open(file, CERTIFICATES_FORM))
      .filter((file) => file !== undefined);
    this.certificate = open(files.certificate, CERTIFICATES_FORM);
    this.key = open(files.key, PRIVATE_KEY_FORM);
    this.contexts = this.load();
    for (const file of [...this.trusted, this.certificate, this.key]) {
      file?.onChange(() => {
        this.reload();
      });
    }
  }

  /** For a provider; undefined where Node.js' own defaults are enough. */
  get forProvider(): SecureContext | undefined {
    return this.contexts.forProvider;
  }

  /** For a proxy, which gets no client certificate. */
  get forProxy(): SecureContext | undefined {
    return this.contexts.forProxy;
  }

  /** Calls a listener when new connections need the new certificates. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  private reload(): void {
    try {
      this.contexts = this.load();
    } catch {
      // The two files change one after the other.
      const { certificate, key } = this.files;
      this.logger.warn(
        `${key.variable} does not hold the key of ${certificate.variable}: the last valid pair stays in use`,
      );
      return;
    }
    for (const listener of this.listeners) listener();
  }

  private load(): Contexts {
    const authorities = this.trusted.map(({ current }) => current);
    const forProxy = authorities.length === 0 ? undefined : contextOf(authorities);
    if (this.certificate === undefined || this.key === undefined) return { forProvider: forProxy, forProxy };
    const identity = { cert: this.certificate.current, key: this.key.current };
    return { forProvider: contextOf(authorities, identity), forProxy };
  }
}

interface Contexts {
  readonly forProvider: SecureContext | undefined;
  readonly forProxy: SecureContext | undefined;
}

/**
 * A context that trusts authorities beside those that Node.js trusts, `NODE_EXTRA_CA_CERTS` included. The option `ca`
 * would replace those, and to give all of them there takes a hundred times as long. Connections share the context.
 */
function contextOf(
  authorities: readonly string[],
  identity: { readonly cert?: string; readonly key?: string } = {},
): SecureContext {
  const context = createSecureContext(identity);
  const native = context.context as { addCACert(pem: string): void };
  for (const each of authorities) native.addCACert(each);
  return context;
}
