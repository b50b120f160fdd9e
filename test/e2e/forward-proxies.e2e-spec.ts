import { beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { json, startFakeUpstream } from '../support/fake-upstream.js';
import type { FakeUpstream } from '../support/fake-upstream.js';
import { startForwardProxy } from '../support/forward-proxy.js';
import type { ForwardProxy } from '../support/forward-proxy.js';
import { started } from '../support/scenario.js';
import { secret, startGateway } from '../support/start-gateway.js';
import type { Gateway } from '../support/start-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TestAuthority } from '../support/test-authority.js';
import { until } from '../support/until.js';

const LIST = json({ data: [{ id: 'a' }] });
const PASSWORD = secret('proxy');

const folder = temporaryFolder();
let authority: TestAuthority;
beforeAll(() => {
  authority = new TestAuthority(folder);
});

interface Network {
  readonly proxy: ForwardProxy;
  readonly upstream: FakeUpstream;
  readonly port: string;
}

async function network(tls = false): Promise<Network> {
  const upstream = await started(startFakeUpstream(LIST, tls ? authority.issue() : undefined));
  return { upstream, proxy: await started(startForwardProxy()), port: new URL(upstream.url).port };
}

async function gatewayWith(env: Readonly<Record<string, string>>): Promise<Gateway> {
  return started(startGateway({ MAIN_MODEL_ENGINE: 'vllm', VLLM_API_KEY: secret('ours'), ...env }));
}

const ask = ({ url }: Gateway): Promise<Response> => fetch(`${url}/v1/models`);

describe('an http:// provider', () => {
  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])(
    'whose name only the proxy knows is asked in absolute form by %s',
    async (variable) => {
      const { proxy, upstream, port } = await network();
      const gateway = await gatewayWith({
        [variable]: `http://user:${PASSWORD}@${proxy.host}`,
        MAIN_MODEL_BASE_URL: `http://provider.invalid:${port}/v1`,
      });
      expect(await idsOf(await ask(gateway))).toEqual(['a']);
      expect(await idsOf(await ask(gateway))).toEqual(['a']);
      expect(proxy.requests.map(({ method, target }) => [method, target])).toEqual(
        Array(2).fill(['GET', `http://provider.invalid:${port}/v1/models`]),
      );
      expect(proxy.requests[1]?.headers['proxy-authorization']).toBe(
        `Basic ${Buffer.from(`user:${PASSWORD}`).toString('base64')}`,
      );
      expect(upstream.requests[0]?.headers).toMatchObject({
        host: `provider.invalid:${port}`,
        authorization: `Bearer ${secret('ours')}`,
      });
      expect(gateway.logs.join('')).toContain(
        `upstream http://provider.invalid:${port}/v1/models by proxy ${proxy.host},`,
      );
      expect(gateway.logs.join('')).toMatch(/Keys for vllm pass the proxy 127\.0\.0\.1:\d+ in clear/);
    },
  );

  it.each([
    [407, {}],
    [403, { 'x-squid-error': 'ERR_ACCESS_DENIED 0' }],
    [403, { 'proxy-status': 'proxy.test; error=http_request_denied' }],
    [503, { 'proxy-status': 'proxy.test;error="dns_error"' }],
  ])('is unreachable when the proxy itself answers %s', async (status, headers) => {
    const { proxy, port } = await network();
    const gateway = await gatewayWith({
      HTTP_PROXY: proxy.host,
      MAIN_MODEL_BASE_URL: `http://provider.invalid:${port}`,
    });
    proxy.refuse(status, headers);
    const answer = await ask(gateway);
    const { message } = await errorOf(answer.clone());
    expect(await failureOf(answer)).toEqual([502, 'upstream_unreachable']);
    expect(message).toContain(`The proxy ${proxy.host} of HTTP_PROXY`);
    expect(message).toContain(String(status));
    expect(gateway.logs.join('')).toContain(`Check the proxy ${proxy.host} that HTTP_PROXY names`);
  });

  it('may answer 403 itself', async () => {
    const { proxy, upstream, port } = await network();
    upstream.answer(json({ error: { message: 'not yours', code: 'forbidden' } }, 403));
    const gateway = await gatewayWith({
      HTTP_PROXY: proxy.host,
      VLLM_API_KEY: '',
      MAIN_MODEL_BASE_URL: `http://provider.invalid:${port}`,
    });
    expect((await ask(gateway)).status).toBe(403);
  });
});

describe('an https:// provider', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])('is asked in a tunnel by %s', async (variable) => {
    const { proxy, upstream, port } = await network(true);
    const gateway = await gatewayWith({
      [variable]: `http://user:${PASSWORD}@${proxy.host}`,
      UPSTREAM_TLS_CA_FILE: authority.root.certFile,
      MAIN_MODEL_BASE_URL: `https://provider.test:${port}`,
    });
    expect(await idsOf(await ask(gateway))).toEqual(['a']);
    expect(await idsOf(await ask(gateway))).toEqual(['a']);
    expect(proxy.requests).toHaveLength(1);
    const [{ method, target, headers } = { method: '', target: '', headers: {} }] = proxy.requests;
    expect([method, target]).toEqual(['CONNECT', `provider.test:${port}`]);
    expect(Object.keys(headers).sort()).toEqual(['connection', 'host', 'proxy-authorization']);
    expect(upstream.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${secret('ours')}` });
    expect(upstream.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    expect(gateway.logs.join('')).not.toContain('in clear');
  });

  it('is asked by a proxy that speaks TLS', async () => {
    const { proxy, port } = await network();
    const { connect } = await import('node:net');
    const { createServer } = await import('node:tls');
    const front = createServer(authority.issue(), (client) => {
      const back = connect(Number(proxy.host.split(':')[1]), '127.0.0.1');
      client.on('error', () => undefined).pipe(back);
      back.on('error', () => undefined).pipe(client);
    }).listen(0, '127.0.0.1');
    await until('it listens', () => front.listening);
    const address = front.address();
    const frontPort = typeof address === 'object' ? String(address?.port) : '';
    const gateway = await gatewayWith({
      HTTP_PROXY: `https://127.0.0.1:${frontPort}`,
      UPSTREAM_TLS_CA_FILE: authority.root.certFile,
      MAIN_MODEL_BASE_URL: `http://provider.invalid:${port}`,
    });
    expect(await idsOf(await ask(gateway))).toEqual(['a']);
    front.close();
  });

  it.each([
    [407, 'wants another user name and password'],
    [403, 'refuses the request'],
    [502, 'cannot reach the provider'],
  ])('is unreachable when the proxy answers CONNECT with %s', async (status, words) => {
    const { proxy, port } = await network();
    const gateway = await gatewayWith({
      HTTPS_PROXY: proxy.host,
      MAIN_MODEL_BASE_URL: `https://provider.test:${port}`,
    });
    proxy.refuse(status);
    const answer = await ask(gateway);
    const { message } = await errorOf(answer.clone());
    expect(await failureOf(answer)).toEqual([502, 'upstream_unreachable']);
    expect(message).toBe(`The proxy ${proxy.host} of HTTPS_PROXY ${words}: it answered ${String(status)}.`);
    // Only what may pass is asked again.
    expect(proxy.requests).toHaveLength(status < 500 ? 1 : 2);
  });

  it('is unreachable when nothing listens at the proxy, or what listens hangs up', async () => {
    const { createServer } = await import('node:net');
    let connections = 0;
    const rude = createServer((socket) => {
      connections += 1;
      socket.once('data', () => socket.end());
    }).listen(0, '127.0.0.1');
    await until('it listens', () => rude.listening);
    const address = rude.address();
    const host = `127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}`;
    for (const listens of [true, false]) {
      if (!listens) rude.close();
      const gateway = await gatewayWith({ HTTPS_PROXY: host, MAIN_MODEL_BASE_URL: 'https://provider.test' });
      const answer = await ask(gateway);
      const { message } = await errorOf(answer.clone());
      expect(await failureOf(answer)).toEqual([502, 'upstream_unreachable']);
      expect(message).toMatch(`The proxy ${host} of HTTPS_PROXY cannot be reached (`);
      expect(connections).toBe(2);
    }
  });
});

describe('a request', () => {
  it.each(['127.0.0.1', '127.0.0.0/8', '*', '10.0.0.1, 127.0.0.1'])(
    'passes no proxy with NO_PROXY=%s',
    async (list) => {
      const { proxy, upstream } = await network();
      const gateway = await gatewayWith({
        HTTP_PROXY: proxy.host,
        NO_PROXY: list,
        MAIN_MODEL_BASE_URL: upstream.url,
      });
      expect(await idsOf(await ask(gateway))).toEqual(['a']);
      expect(proxy.requests).toEqual([]);
      expect(gateway.logs.join('')).not.toContain('by proxy');
    },
  );

  it('follows the file that names the proxy', async () => {
    const { proxy, port } = await network();
    const other = await started(startForwardProxy());
    const file = join(folder, 'proxy');
    await writeFile(file, `http://user:${PASSWORD}@${proxy.host}\n`);
    const gateway = await gatewayWith({
      HTTP_PROXY_FILE: file,
      KEY_FILE_INTERVAL_MS: '100',
      MAIN_MODEL_BASE_URL: `http://provider.invalid:${port}`,
    });
    expect((await ask(gateway)).status).toBe(200);
    await writeFile(file, other.host);
    await until('the file has been read', () => gateway.logs.join('').includes('read from HTTP_PROXY_FILE'));
    expect((await ask(gateway)).status).toBe(200);
    expect([proxy.requests.length, other.requests.length]).toEqual([1, 1]);
    expect(other.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });
});

describe('AWS’ token services', () => {
  async function bedrock(port: string, proxy: ForwardProxy): Promise<Gateway> {
    const token = join(folder, 'token');
    await writeFile(token, 'a.b.c');
    return gatewayWith({
      MAIN_MODEL_ENGINE: 'bedrock',
      VLLM_API_KEY: '',
      AWS_REGION: 'eu-central-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/r',
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ENDPOINT_URL_STS: `https://provider.test:${port}`,
      HTTPS_PROXY: `http://user:${PASSWORD}@${proxy.host}`,
      UPSTREAM_TIMEOUT_MS: '20000',
      UPSTREAM_TLS_CA_FILE: authority.root.certFile,
      MAIN_MODEL_BASE_URL: `https://provider.test:${port}`,
    });
  }

  it('are asked by the proxy too', async () => {
    const { proxy, upstream, port } = await network(true);
    upstream.answer((request, response) => {
      if (request.method === 'POST') {
        const keys = `<AccessKeyId>AKID</AccessKeyId><SecretAccessKey>${secret('sts')}</SecretAccessKey>`;
        const expiry = '<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>';
        response.writeHead(200, { 'content-type': 'text/xml' });
        response.end(
          '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
            `<AssumeRoleWithWebIdentityResult><Credentials>${keys}${expiry}</Credentials>` +
            '</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>',
        );
      } else {
        json({ modelSummaries: [{ modelId: 'a' }], inferenceProfileSummaries: [] })(request, response);
      }
    });
    expect(await idsOf(await ask(await bedrock(port, proxy)))).toEqual(['a']);
    expect(new Set(proxy.requests.map(({ method }) => method))).toEqual(new Set(['CONNECT']));
    expect(upstream.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });

  it('are unreachable when the proxy refuses, and the proxy is named without its password', async () => {
    const { proxy, upstream, port } = await network(true);
    proxy.refuse(407);
    const gateway = await bedrock(port, proxy);
    const answer = await ask(gateway);
    const { message } = await errorOf(answer);
    expect([answer.status, message]).toEqual([
      502,
      `The proxy ${proxy.host} of HTTPS_PROXY wants another user name and password: it answered 407.`,
    ]);
    expect(gateway.logs.join('')).not.toContain(PASSWORD);
    expect(upstream.requests).toEqual([]);
  });
});
