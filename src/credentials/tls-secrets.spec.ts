import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TestAuthority } from '../../test/support/test-authority.js';
import type { TestCertificate } from '../../test/support/test-authority.js';
import { until } from '../../test/support/until.js';
import { belongTogether } from '../config/rules/pem.js';
import { SecretFiles } from './secret-files.js';
import { TlsSecrets } from './tls-secrets.js';
import type { TlsMaterial } from './tls-secrets.js';

describe('TLS files', () => {
  let authority: TestAuthority;
  let other: TestAuthority;
  let first: TestCertificate;
  let second: TestCertificate;
  let files: SecretFiles;
  let paths: Record<'ca' | 'cert' | 'key', string>;
  let tls: TlsSecrets;
  const published: TlsMaterial[] = [];

  beforeAll(() => {
    [authority, other] = [new TestAuthority(), new TestAuthority()];
    [first, second] = [authority.issue(), authority.issue()];
  });

  afterAll(() => {
    for (const { folder } of [authority, other]) rmSync(folder, { recursive: true });
  });

  beforeEach(() => {
    Logger.overrideLogger(false);
    published.length = 0;
    const { folder } = authority;
    paths = { ca: join(folder, 'ca'), cert: join(folder, 'cert'), key: join(folder, 'own-key') };
    copyFileSync(authority.root.certFile, paths.ca);
    copyFileSync(first.certFile, paths.cert);
    copyFileSync(first.keyFile, paths.key);
    files = new SecretFiles({ keyFileIntervalMs: 10 });
    tls = new TlsSecrets(
      {
        authorities: { variable: 'CA', path: paths.ca },
        certificate: { variable: 'CERT', path: paths.cert },
        key: { variable: 'KEY', path: paths.key },
      },
      files,
    );
    tls.onChange((material) => published.push(material));
    files.onApplicationBootstrap();
  });

  afterEach(() => {
    files.onApplicationShutdown();
  });

  it('a certificate without its key waits for it, and holds up no new authority', async () => {
    const before = tls.current;
    copyFileSync(second.certFile, paths.cert);
    copyFileSync(other.root.certFile, paths.ca);
    await until('the authority is new', () => published.length > 0);
    const [{ ca, ...identity } = {}] = published;
    expect(ca).toEqual([String(other.root.cert).trim()]);
    expect(identity).toEqual({ cert: before.cert, key: before.key });
    copyFileSync(second.keyFile, paths.key);
    await until('the pair is new', () => published.length > 1);
    expect(tls.current).toEqual({ ca, cert: String(second.cert).trim(), key: String(second.key).trim() });
    expect(published).toHaveLength(2);
  });

  it('a key that OpenSSL finds too short is no key of its certificate', () => {
    const [cert, key] = [join(authority.folder, 'short'), join(authority.folder, 'short-key')];
    const options = ['-x509', '-newkey', 'rsa:512', '-nodes', '-subj', '/CN=short'];
    execFileSync('openssl', ['req', ...options, '-out', cert, '-keyout', key], { stdio: 'pipe' });
    const [short, shortKey] = [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')];
    expect(belongTogether(short, shortKey)).toBe(false);
    expect(belongTogether(String(first.cert), String(first.key))).toBe(true);
    expect(belongTogether(String(first.cert), String(second.key))).toBe(false);
  });
});
