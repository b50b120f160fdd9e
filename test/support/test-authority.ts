import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate and its key, in files. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A certificate authority of a test, made with openssl. */
export class TestAuthority {
  readonly root: TestCertificate;
  private issued = 0;

  /** @param folder for its files, and no others of the same names */
  constructor(
    readonly folder: string,
    name = 'Test authority',
  ) {
    this.root = this.made('root');
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      this.root.keyFile,
      '-out',
      this.root.certFile,
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
    );
  }

  /**
   * Issues a certificate.
   * @param extension `subjectAltName=…` of a server, or `extendedKeyUsage=clientAuth`
   * @param days negative for one that has expired
   */
  issue(extension = 'subjectAltName=IP:127.0.0.1,DNS:provider.test', days = 10): TestCertificate {
    this.issued += 1;
    const certificate = this.made(String(this.issued));
    const request = join(this.folder, 'request');
    const extensions = join(this.folder, 'extensions');
    writeFileSync(extensions, extension);
    openssl('req', ...NEW_KEY, '-keyout', certificate.keyFile, '-out', request, '-subj', '/CN=test');
    const { certFile, keyFile } = this.root;
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      certFile,
      '-CAkey',
      keyFile,
      '-CAcreateserial',
      '-out',
      certificate.certFile,
      '-days',
      String(days),
      '-extfile',
      extensions,
    );
    return certificate;
  }

  private made(name: string): TestCertificate {
    const certFile = join(this.folder, `${name}.pem`);
    const keyFile = join(this.folder, `${name}.key`);
    return {
      certFile,
      keyFile,
      get cert() {
        return readFileSync(certFile);
      },
      get key() {
        return readFileSync(keyFile);
      },
    };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
