import { beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { idsOf } from '../support/answers.js';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { json, startFakeUpstream, text } from '../support/fake-upstream.js';
import type { FakeUpstream, Script } from '../support/fake-upstream.js';
import { started } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';
import { freePort, startProcess, untilAlive } from '../support/start-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const KEY_ID = 'AKIDEXAMPLE';
const ROLE = {
  AccessKeyId: KEY_ID,
  SecretAccessKey: secret('aws'),
  Token: secret('session'),
  Expiration: '2099-01-01T00:00:00Z',
};
const TOKEN_SERVICE = text(
  `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>${KEY_ID}</AccessKeyId><SecretAccessKey>${ROLE.SecretAccessKey}</SecretAccessKey>
    <SessionToken>${ROLE.Token}</SessionToken><Expiration>${ROLE.Expiration}</Expiration>
  </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
  200,
  { 'content-type': 'text/xml' },
);

const folder = temporaryFolder();
let main: string;

beforeAll(async () => {
  main = await builtService();
}, BUILD_MS);

/** A collector for OTLP over gRPC, and the paths that it was asked for. */
async function startGrpcCollector(): Promise<{ url: string; paths: string[]; close(): Promise<void> }> {
  const paths: string[] = [];
  const server = createServer().on('stream', (stream, headers) => {
    paths.push(headers[':path'] ?? '');
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': 0 },
      { endStream: true },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    paths,
    close() {
      server.close();
      return Promise.resolve();
    },
  };
}

/** Answers requests for Bedrock's lists, and others by a script. */
function bedrockAnd(other: Script): Script {
  const list = json({ modelSummaries: [{ modelId: 'orbit.large-v1:0' }], inferenceProfileSummaries: [] });
  return (request, response) => {
    (/^\/(foundation-models|inference-profiles)/.test(request.url ?? '') ? list : other)(request, response);
  };
}

/** The places where the AWS SDK looks for credentials, each with what sets it up. */
const SOURCES: Record<string, (upstream: FakeUpstream) => Promise<Record<string, string>>> = {
  'a container': ({ url }) => Promise.resolve({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/role` }),
  'a token of Kubernetes': async ({ url }) => {
    const token = join(folder, 'token');
    await writeFile(token, secret('web-identity'));
    return {
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/orbit',
      AWS_ENDPOINT_URL_STS: url,
    };
  },
  'a profile': async () => {
    const file = join(folder, 'config');
    const command = `printf '%s' '${JSON.stringify({ Version: 1, ...ROLE })}'`;
    const script = join(folder, 'role.sh');
    await writeFile(script, command);
    await writeFile(file, `[default]\ncredential_process = sh ${script}\n`);
    return { AWS_CONFIG_FILE: file };
  },
};

// The built service is in a folder without `node_modules`, as in the image.
it.each([
  ['grpc', 'redis://127.0.0.1:PORT', 'a container'],
  ['http/protobuf', 'redis+cluster://127.0.0.1:PORT', 'a token of Kubernetes'],
  ['http/json', 'redis+sentinel://127.0.0.1:PORT/primary', 'a profile'],
])(
  'the build has all that traces over %s, %s, %s for Bedrock and the documentation load',
  async (protocol, redisUrl, source) => {
    const upstream = await started(
      startFakeUpstream(bedrockAnd(source === 'a container' ? json(ROLE) : TOKEN_SERVICE)),
    );
    const [overHttp, overGrpc] = await Promise.all([
      started(startFakeUpstream()),
      started(startGrpcCollector()),
    ]);
    const service = await started(
      startProcess(main, folder, {
        MAIN_MODEL_ENGINE: 'bedrock',
        MAIN_MODEL_BASE_URL: upstream.url,
        CACHE_TTL_SECONDS: '60',
        REDIS_URL: redisUrl.replace('PORT', String(await freePort())),
        OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? overGrpc.url : overHttp.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_BSP_SCHEDULE_DELAY: '20',
        AWS_REGION: 'eu-central-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        PATH: process.env['PATH'] ?? '',
        ...(await SOURCES[source]?.(upstream)),
      }),
    );
    await untilAlive(service);
    expect(await idsOf(await fetch(`${service.url}/v1/models`))).toEqual(['orbit.large-v1:0']);
    const list = upstream.requests.find(({ url }) => url.startsWith('/foundation-models'));
    expect(list?.headers.authorization).toContain(`AWS4-HMAC-SHA256 Credential=${KEY_ID}/`);
    await until('spans are exported', () => overGrpc.paths.length + overHttp.requests.length > 0);
    for (const path of [...overGrpc.paths, ...overHttp.requests.map(({ url }) => url)]) {
      expect(path).toMatch(
        /^(\/opentelemetry\.proto\.collector\.trace\.v1\.TraceService\/Export|\/v1\/traces)$/,
      );
    }
    for (const file of ['', '/swagger-ui.css', '/swagger-ui-bundle.js', '/favicon-32x32.png']) {
      expect([file, (await fetch(`${service.url}/docs${file}`)).status]).toEqual([file, 200]);
    }
    service.signal('SIGTERM');
    const { code, stdout } = await service.exited;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Redis does not work, lists are not shared between replicas: (time-out|.*ECONNREFUSED)/,
    );
  },
);
