import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { movableClock } from '../support/clock.js';
import { startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { logLines } from '../support/log-lines.js';
import {
  ask,
  entryKey,
  failing,
  KEY,
  MISS,
  NO_CACHE,
  OLD,
  redisMessages,
  replicaEnv,
  statusOf,
} from '../support/redis-replicas.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import type { RedisServer } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { temporaryFolders } from '../support/temporary-folder.js';
import { TestAuthority } from '../support/test-authority.js';
import type { TestCertificate } from '../support/test-authority.js';
import { until } from '../support/until.js';

describeWithRedis('with a Redis that wants certificates', () => {
  const newFolder = temporaryFolders();
  let authority: TestAuthority;
  let first: TestCertificate;
  let second: TestCertificate;
  let redis: RedisServer;
  let upstream: FakeUpstream;

  beforeAll(async () => {
    authority = new TestAuthority(newFolder());
    const [server, ...clients] = [authority.issue(), authority.issue(), authority.issue()] as const;
    [first, second] = clients;
    const files = [
      '--tls-ca-cert-file',
      authority.root.certFile,
      '--tls-cert-file',
      server.certFile,
      '--tls-key-file',
      server.keyFile,
    ];
    redis = await startRedis(files, undefined, {
      ca: [String(authority.root.cert)],
      cert: String(first.cert),
      key: String(first.key),
    });
  });

  beforeEach(async () => {
    movableClock();
    upstream = await started(startFakeUpstream(OLD));
    await redis.command('FLUSHALL');
  });

  afterAll(() => redis.close());

  function replica(env: Readonly<Record<string, string>>): Promise<Gateway> {
    return started(startGateway({ ...replicaEnv(upstream, redis.url), KEY_FILE_INTERVAL_MS: '100', ...env }));
  }

  const variables = ({
    certFile,
    keyFile,
  }: Pick<TestCertificate, 'certFile' | 'keyFile'>): Record<string, string> => ({
    REDIS_TLS_CERT_FILE: certFile,
    REDIS_TLS_KEY_FILE: keyFile,
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    ['its authority', () => variables(first), /.*certificate.*/],
    [
      'a certificate of its own',
      () => ({ REDIS_TLS_CA_FILE: authority.root.certFile }),
      /.*(certificate|closed|ECONNRESET|EPIPE).*/,
    ],
  ])('a gateway without %s does without it, and the log has the reason', async (_name, env, reason) => {
    const gateway = await replica(env());
    expect(statusOf(await ask(gateway))).toBe(MISS);
    expect(redisMessages(gateway)).toEqual([failing(reason)]);
  });

  it('files that are replaced one after the other are used for a new connection, without a failed operation', async () => {
    const folder = newFolder();
    const files = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') };
    await copyFile(first.certFile, files.certFile);
    await copyFile(first.keyFile, files.keyFile);
    const gateway = await replica({ REDIS_TLS_CA_FILE: authority.root.certFile, ...variables(files) });
    await ask(gateway);
    await entryKey(redis);
    const connections = async (): Promise<string[]> => {
      const own = String(await redis.command('CLIENT', 'ID'));
      const clients = String(await redis.command('CLIENT', 'LIST')).matchAll(/^id=(\d+) /gm);
      return [...clients].map(([, id = '']) => id).filter((id) => id !== own);
    };
    const before = await connections();
    expect(before).toHaveLength(1);
    const read = (variable: string): Promise<true> =>
      until('it is read', () =>
        logLines(gateway).some(({ msg }) => msg === `A new value was read from ${variable}`),
      );
    await copyFile(second.certFile, files.certFile);
    await read('REDIS_TLS_CERT_FILE');
    expect(await connections()).toEqual(before);
    await until('it is said', () =>
      logLines(gateway).some(({ msg }) => String(msg).startsWith('REDIS_TLS_KEY_FILE is not the key')),
    );
    await ask(gateway, { ...KEY, ...NO_CACHE });
    await copyFile(second.keyFile, files.keyFile);
    await until('there is another connection', async () =>
      (await connections()).some((id) => !before.includes(id)),
    );
    await redis.command('FLUSHALL');
    await ask(gateway, { ...KEY, ...NO_CACHE });
    await entryKey(redis);
    expect(redisMessages(gateway)).toEqual([]);
  });
});
