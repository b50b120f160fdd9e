import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pemTexts, startAuthority } from '../support/certificates.js';
import type { Authority, CertificateFiles } from '../support/certificates.js';
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
import { until } from '../support/until.js';

describeWithRedis('with a Redis that wants certificates', () => {
  let authority: Authority;
  let first: CertificateFiles;
  let second: CertificateFiles;
  let redis: RedisServer;
  let folder: string;
  let upstream: FakeUpstream;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'models-gateway-'));
    authority = await startAuthority();
    const server = await authority.issue('server');
    [first, second] = [await authority.issue('first'), await authority.issue('second')];
    const files = [
      '--tls-ca-cert-file',
      authority.ca,
      '--tls-cert-file',
      server.cert,
      '--tls-key-file',
      server.key,
    ];
    redis = await startRedis(files, undefined, await pemTexts(authority, first));
  });

  beforeEach(async () => {
    movableClock();
    upstream = await started(startFakeUpstream(OLD));
    await redis.command('FLUSHALL');
  });

  afterAll(async () => {
    await Promise.all([redis.close(), authority.close(), rm(folder, { recursive: true })]);
  });

  function replica(env: Readonly<Record<string, string>>): Promise<Gateway> {
    return started(startGateway({ ...replicaEnv(upstream, redis.url), KEY_FILE_INTERVAL_MS: '100', ...env }));
  }

  const variables = ({ cert, key }: CertificateFiles): Record<string, string> => ({
    REDIS_TLS_CERT_FILE: cert,
    REDIS_TLS_KEY_FILE: key,
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    ['its authority', () => variables(first), /.*certificate.*/],
    [
      'a certificate of its own',
      () => ({ REDIS_TLS_CA_FILE: authority.ca }),
      /.*(certificate|closed|ECONNRESET|EPIPE).*/,
    ],
  ])('a gateway without %s does without it, and the log has the reason', async (_name, env, reason) => {
    const gateway = await replica(env());
    expect(statusOf(await ask(gateway))).toBe(MISS);
    expect(redisMessages(gateway)).toEqual([failing(reason)]);
  });

  it('files that are replaced one after the other are used for a new connection, without a failed operation', async () => {
    const files = { cert: join(folder, 'cert'), key: join(folder, 'key') };
    await copyFile(first.cert, files.cert);
    await copyFile(first.key, files.key);
    const gateway = await replica({ REDIS_TLS_CA_FILE: authority.ca, ...variables(files) });
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
    await copyFile(second.cert, files.cert);
    await read('REDIS_TLS_CERT_FILE');
    expect(await connections()).toEqual(before);
    await until('it is said', () =>
      logLines(gateway).some(({ msg }) => String(msg).startsWith('REDIS_TLS_KEY_FILE is not the key')),
    );
    await ask(gateway, { ...KEY, ...NO_CACHE });
    await copyFile(second.key, files.key);
    await until('there is another connection', async () =>
      (await connections()).some((id) => !before.includes(id)),
    );
    await redis.command('FLUSHALL');
    await ask(gateway, { ...KEY, ...NO_CACHE });
    await entryKey(redis);
    expect(redisMessages(gateway)).toEqual([]);
  });
});
