import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logged } from '../../test/support/logged.js';
import { temporaryFolders } from '../../test/support/temporary-folder.js';
import { TestAuthority } from '../../test/support/test-authority.js';
import type { TestCertificate } from '../../test/support/test-authority.js';
import { until } from '../../test/support/until.js';
import { belongTogether } from '../config/rules/pem.js';
import type { TlsFiles } from '../config/tls-files.js';
import type { SecretFile } from './secret-file.js';
import { SecretFiles } from './secret-files.js';
import { TlsSecrets } from './tls-secrets.js';
import type { TlsMaterial } from './tls-secrets.js';

describe('TLS files', () => {
  const newFolder = temporaryFolders();
  let authority: TestAuthority;
  let other: TestAuthority;
  let first: TestCertificate;
  let second: TestCertificate;
  let files: SecretFiles;
  let paths: Record<'ca' | 'cert' | 'key', string>;
  let tls: TlsSecrets;
  const published: TlsMaterial[] = [];

  beforeAll(() => {
    [authority, other] = [new TestAuthority(newFolder()), new TestAuthority(newFolder())];
    [first, second] = [authority.issue(), authority.issue()];
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

  describe('without a timer', () => {
    /** Reads its files when a test says so. */
    class FilesByHand extends SecretFiles {
      readonly opened: Pick<SecretFile<unknown>, 'refresh'>[] = [];

      override open<T>(...parameters: Parameters<typeof SecretFiles.prototype.open<T>>): SecretFile<T> {
        const file = super.open(...parameters);
        this.opened.push(file);
        return file;
      }

      async read(): Promise<void> {
        for (const file of this.opened) await file.refresh();
      }
    }

    const INTERVAL_MS = 1000;
    const WARNING =
      'warn: KEY is not the key of the certificate in CERT: the last ones that belong together stay in use';
    let byHand: FilesByHand;
    let lines: string[];

    beforeEach(() => {
      files.onApplicationShutdown();
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
      byHand = new FilesByHand({ keyFileIntervalMs: INTERVAL_MS });
      lines = logged();
    });

    afterEach(() => {
      jest.useRealTimers();
    });

    function filesOf({ ca, cert, key }: Partial<typeof paths>): TlsFiles {
      return {
        authorities: { variable: 'CA', path: ca },
        certificate: { variable: 'CERT', path: cert },
        key: { variable: 'KEY', path: key },
      };
    }

    it('what is not configured is left out', () => {
      expect(new TlsSecrets(filesOf({}), byHand).current).toEqual({});
      expect(new TlsSecrets(filesOf({ ca: paths.ca }), byHand).current).toEqual({
        ca: [String(authority.root.cert).trim()],
      });
      expect(new TlsSecrets(filesOf({ cert: paths.cert, key: paths.key }), byHand).current).toEqual({
        cert: String(first.cert).trim(),
        key: String(first.key).trim(),
      });
    });

    it('more trusted files are authorities, too, and are read again', async () => {
      const more = join(authority.folder, 'more');
      copyFileSync(authority.root.certFile, more);
      const secrets = new TlsSecrets(filesOf({ ca: paths.ca }), byHand, [
        { variable: 'MORE', path: more },
        { variable: 'NONE', path: undefined },
      ]);
      const [own, others] = [authority, other].map(({ root }) => String(root.cert).trim());
      expect(secrets.current).toEqual({ ca: [own, own] });
      const materials: TlsMaterial[] = [];
      secrets.onChange((material) => materials.push(material));
      copyFileSync(other.root.certFile, more);
      await byHand.read();
      expect(materials).toEqual([{ ca: [own, others] }]);
    });

    it('a certificate without its key is warned of once, after two seconds and the interval', async () => {
      const secrets = new TlsSecrets(filesOf(paths), byHand);
      copyFileSync(second.certFile, paths.cert);
      await byHand.read();
      lines.length = 0;
      jest.advanceTimersByTime(INTERVAL_MS + 1999);
      expect(lines).toEqual([]);
      jest.advanceTimersByTime(1);
      expect(lines).toEqual([WARNING]);
      jest.advanceTimersByTime(60_000);
      expect(lines).toEqual([WARNING]);
      expect(secrets.current).toMatchObject({ cert: String(first.cert).trim() });
    });

    it('a certificate whose key comes in time is not warned of', async () => {
      const secrets = new TlsSecrets(filesOf(paths), byHand);
      copyFileSync(second.keyFile, paths.key);
      await byHand.read();
      jest.advanceTimersByTime(INTERVAL_MS);
      copyFileSync(second.certFile, paths.cert);
      await byHand.read();
      expect(jest.getTimerCount()).toBe(0);
      expect(secrets.current).toMatchObject({
        cert: String(second.cert).trim(),
        key: String(second.key).trim(),
      });
      expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
    });
  });
});
