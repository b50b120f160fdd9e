import { Certificates } from '../../src/upstream/certificates.js';
import { UpstreamRoute } from '../../src/upstream/upstream.route.js';
import { SecretFiles } from '../../src/credentials/secret-files.js';
import type { TlsFiles } from '../../src/config/tls-files.js';

const NO_FILE = { variable: '', path: undefined };

/** No certificates. */
export const NO_TLS_FILES: TlsFiles = { authorities: NO_FILE, certificate: NO_FILE, key: NO_FILE };

/** A direct route, without connections until a request takes one. */
export function directRoute(origin = 'http://provider.test'): UpstreamRoute {
  const certificates = new Certificates(NO_TLS_FILES, NO_FILE, new SecretFiles({ keyFileIntervalMs: 1000 }));
  const limits = { timeoutMs: 1000, maxResponseBytes: 1000, maxConnections: 2, connectionTtlMs: 60_000 };
  return new UpstreamRoute(origin, undefined, certificates, limits);
}
