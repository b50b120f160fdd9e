import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The paths of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** An authority of the tests, made with openssl. */
export interface Authority {
  /** The path of its own certificate. */
  readonly ca: string;
  /** Issues a certificate for 127.0.0.1, to servers and clients alike. */
  issue(name: string): Promise<CertificateFiles>;
  close(): Promise<void>;
}

/** Makes an authority. */
export async function startAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'models-gateway-ca-'));
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const [ca, caKey, extensions] = ['ca.pem', 'ca.key', 'extensions'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await run('openssl', ['req', '-x509', ...newKey, '-subj', '/CN=authority', '-keyout', caKey, '-out', ca]);
  await writeFile(extensions, 'subjectAltName=IP:127.0.0.1');
  return {
    ca,
    async issue(name) {
      const [cert, key, request] = ['pem', 'key', 'csr'].map((end) => join(folder, `${name}.${end}`)) as [
        string,
        string,
        string,
      ];
      await run('openssl', ['req', ...newKey, '-subj', `/CN=${name}`, '-keyout', key, '-out', request]);
      const signer = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', extensions];
      await run('openssl', ['x509', '-req', '-in', request, ...signer, '-out', cert]);
      return { cert, key };
    },
    close: () => rm(folder, { recursive: true }),
  };
}

/** Reads the texts of an authority and a certificate. */
export async function pemTexts(
  { ca }: Authority,
  { cert, key }: CertificateFiles,
): Promise<{ ca: string; cert: string; key: string }> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  return { ca: await read(ca), cert: await read(cert), key: await read(key) };
}
