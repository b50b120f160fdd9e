import { beforeAll, describe, expect, it } from '@jest/globals';
import { copyFile, writeFile } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { join } from 'node:path';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { started } from '../support/scenario.js';
import { startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { temporaryFolders } from '../support/temporary-folder.js';
import { TestAuthority } from '../support/test-authority.js';
import type { TestCertificate } from '../support/test-authority.js';
import { until } from '../support/until.js';

const LIST = json({ data: [{ id: 'a' }] });

const newFolder = temporaryFolders();
let authority: TestAuthority;
let server: TestCertificate;
let client: TestCertificate;
beforeAll(() => {
  authority = new TestAuthority(newFolder());
  server = authority.issue();
  client = authority.issue('extendedKeyUsage=clientAuth');
});

function provider(options: ServerOptions = {}): Promise<FakeUpstream> {
  return started(startFakeUpstream(LIST, { cert: server.cert, key: server.key, ...options }));
}

/** Options of a provider that requires a client certificate. */
function withClients(): ServerOptions {
  return { requestCert: true, rejectUnauthorized: true, ca: authority.root.cert };
}

function gatewayAt(url: string, env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  return started(startGateway({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: url, ...env }));
}

const ask = ({ url }: Gateway): Promise<Response> => fetch(`${url}/v1/models`);

describe('a provider with a certificate of an authority of one’s own', () => {
  it.each(['UPSTREAM_TLS_CA_FILE', 'SSL_CERT_FILE'])('is trusted with %s', async (variable) => {
    const { url } = await provider();
    expect(await idsOf(await ask(await gatewayAt(url, { [variable]: authority.root.certFile })))).toEqual([
      'a',
    ]);
  });

  it('is asked with the client certificate', async () => {
    const { url } = await provider(withClients());
    const gateway = await gatewayAt(url, {
      UPSTREAM_TLS_CA_FILE: authority.root.certFile,
      UPSTREAM_TLS_CERT_FILE: client.certFile,
      UPSTREAM_TLS_KEY_FILE: client.keyFile,
    });
    expect(await idsOf(await ask(gateway))).toEqual(['a']);
  });

  it('is, of several, asked with its own certificate, and no other one is', async () => {
    const one = await provider(withClients());
    const other = await provider(withClients());
    const gateway = await started(
      startGateway({
        MODEL_ENGINES: 'one,other',
        ONE_BASE_URL: one.url,
        OTHER_BASE_URL: other.url,
        UPSTREAM_TLS_CA_FILE: authority.root.certFile,
        ONE_TLS_CERT_FILE: client.certFile,
        ONE_TLS_KEY_FILE: client.keyFile,
      }),
    );
    expect((await ask(gateway)).status).toBe(200);
    expect([one.requests.length, other.requests.length]).toEqual([1, 0]);
  });
});

describe('a failed connection says what to look at', () => {
  it.each<[string, () => Promise<[url: string, env?: Record<string, string>]>, RegExp]>([
    ['an unknown authority', async () => [(await provider()).url], /UPSTREAM_TLS_CA_FILE/],
    [
      'no client certificate, with TLS 1.2',
      async () => [
        (await provider({ ...withClients(), maxVersion: 'TLSv1.2' })).url,
        { UPSTREAM_TLS_CA_FILE: authority.root.certFile },
      ],
      /UPSTREAM_TLS_CERT_FILE and UPSTREAM_TLS_KEY_FILE/,
    ],
    [
      'no client certificate, with TLS 1.3',
      async () => [(await provider(withClients())).url, { UPSTREAM_TLS_CA_FILE: authority.root.certFile }],
      /UPSTREAM_TLS_CERT_FILE and UPSTREAM_TLS_KEY_FILE/,
    ],
    [
      'another name',
      async () => {
        const { cert, key } = authority.issue('subjectAltName=DNS:other.test');
        return [(await provider({ cert, key })).url, { UPSTREAM_TLS_CA_FILE: authority.root.certFile }];
      },
      /not for the host in the URL/,
    ],
    [
      'an expired certificate',
      async () => {
        const { cert, key } = authority.issue('subjectAltName=IP:127.0.0.1', -1);
        return [(await provider({ cert, key })).url, { UPSTREAM_TLS_CA_FILE: authority.root.certFile }];
      },
      /expired on \w{3} [ \d]\d [\d:]{8} \d{4} GMT/,
    ],
    [
      'http:// where TLS is spoken',
      async () => [(await provider()).url.replace('https:', 'http:')],
      /https:\/\//,
    ],
    [
      'https:// where no TLS is spoken',
      async () => [(await started(startFakeUpstream(LIST))).url.replace('http:', 'https:')],
      /begin with http:\/\//,
    ],
  ])('%s', async (_name, situation, expected) => {
    const [url, env] = await situation();
    const gateway = await gatewayAt(url, env);
    const answer = await ask(gateway);
    const { message } = await errorOf(answer.clone());
    expect(await failureOf(answer)).toEqual([502, 'upstream_unreachable']);
    expect(message).toMatch(expected);
    expect(gateway.logs.join('')).toMatch(expected);
  });
});

describe('certificates that change', () => {
  it('are used without a restart and without a failed request; broken ones are not', async () => {
    const folder = newFolder();
    const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) => join(folder, name));
    await copyFile(authority.root.certFile, String(caFile));
    await copyFile(client.certFile, String(certFile));
    await copyFile(client.keyFile, String(keyFile));
    const serials = new Set<string>();
    const upstream = await provider(withClients());
    upstream.answer((request, response) => {
      const { serialNumber } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate();
      serials.add(serialNumber);
      LIST(request, response);
    });
    const gateway = await gatewayAt(upstream.url, {
      KEY_FILE_INTERVAL_MS: '100',
      COALESCE: 'false',
      UPSTREAM_TLS_CA_FILE: String(caFile),
      UPSTREAM_TLS_CERT_FILE: String(certFile),
      UPSTREAM_TLS_KEY_FILE: String(keyFile),
    });
    const statuses = new Set<number>();
    let stopped = false;
    const callers = [1, 2].map(async () => {
      while (!stopped) statuses.add((await ask(gateway)).status);
    });
    await until('the first certificate has been used', () => serials.size === 1);
    const next = authority.issue('extendedKeyUsage=clientAuth');
    await copyFile(next.certFile, String(certFile));
    await copyFile(next.keyFile, String(keyFile));
    await until('the second certificate is used', () => serials.size === 2);
    await writeFile(String(caFile), 'no certificate');
    const warning =
      'UPSTREAM_TLS_CA_FILE must be the path of a readable file that holds certificates in PEM form';
    await until('the broken file is reported', () => gateway.logs.join('').includes(warning));
    const counted = upstream.requests.length;
    await until('requests go on', () => upstream.requests.length > counted + 5);
    stopped = true;
    await Promise.all(callers);
    expect([...statuses]).toEqual([200]);
    expect(gateway.logs.join('').split(warning)).toHaveLength(2);
  });
});

describeWithRedis('a list that was fetched with a client certificate', () => {
  it('is not shared with a gateway that has another one, or none', async () => {
    const redis = await started(startRedis());
    const { url } = await provider(withClients());
    const env = { CACHE_TTL_SECONDS: '60', UPSTREAM_TLS_CA_FILE: authority.root.certFile, ...redis.env };
    const certificate = { UPSTREAM_TLS_CERT_FILE: client.certFile, UPSTREAM_TLS_KEY_FILE: client.keyFile };
    const gateway = await gatewayAt(url, { ...env, ...certificate });
    expect(await idsOf(await ask(gateway))).toEqual(['a']);
    expect((await ask(gateway)).headers.get('cache-status')).toMatch(/hit/);
    expect((await ask(await gatewayAt(url, env))).status).toBe(502);
    expect(await redis.keys()).toEqual([]);
  });
});
