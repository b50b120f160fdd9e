import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { FileVariable, TlsFiles } from '../config/tls-files.js';
import type { SecretFiles } from '../credentials/secret-files.js';
import { TlsSecrets } from '../credentials/tls-secrets.js';
import type { TlsMaterial } from '../credentials/tls-secrets.js';

/** What connections trust, and how they identify themselves: from files that may change. */
export class Certificates {
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
    const secrets = new TlsSecrets(files, secretFiles, [trustedFile]);
    this.contexts = contextsOf(secrets.current);
    secrets.onChange((material) => {
      this.contexts = contextsOf(material);
      for (const listener of this.listeners) listener();
    });
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
}

interface Contexts {
  readonly forProvider: SecureContext | undefined;
  readonly forProxy: SecureContext | undefined;
}

function contextsOf({ ca = [], cert, key }: TlsMaterial): Contexts {
  const forProxy = ca.length === 0 ? undefined : contextOf(ca);
  const hasIdentity = cert !== undefined && key !== undefined;
  return { forProvider: hasIdentity ? contextOf(ca, { cert, key }) : forProxy, forProxy };
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
