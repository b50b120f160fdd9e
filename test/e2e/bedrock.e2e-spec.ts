import { describe, expect, it } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { errorOf, failureOf, idsOf } from '../support/answers.js';
import { inTurn, json, silence, startFakeUpstream, text, waitsFor } from '../support/fake-upstream.js';
import type { RecordedRequest, Script } from '../support/fake-upstream.js';
import { heldAnswers } from '../support/held-answers.js';
import { logLines } from '../support/log-lines.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { started, startScenario } from '../support/scenario.js';
import type { Scenario } from '../support/scenario.js';
import { secret } from '../support/start-gateway.js';
import { until } from '../support/until.js';

const ACCESS_KEY = 'AKIDEXAMPLE';
const SECRET_KEY = secret('aws');
const REGION = 'eu-central-1';
const MODELS = json({
  modelSummaries: [
    { modelId: 'orbit.large-v1:0', providerName: 'Orbit' },
    { modelId: 'orbit.new-v1:0', providerName: 'Orbit', inferenceTypesSupported: ['INFERENCE_PROFILE'] },
  ],
});
const modelArn = 'arn:aws:bedrock:eu-central-1::foundation-model/orbit.new-v1:0';
const PROFILES = json({
  inferenceProfileSummaries: [{ inferenceProfileId: 'eu.orbit.new-v1:0', models: [{ modelArn }] }],
});
const LIST = lists(PROFILES);
const IDS = ['orbit.large-v1:0', 'eu.orbit.new-v1:0'];
/** The SDK warns on the console of credentials that take a second. */
const SHORT = { UPSTREAM_TIMEOUT_MS: '300' };
/** What a role's source of credentials answers. */
const ROLE = json({
  AccessKeyId: ACCESS_KEY,
  SecretAccessKey: SECRET_KEY,
  Token: secret('session'),
  Expiration: '2099-01-01T00:00:00Z',
});
/** Hides the AWS configuration of this machine. */
const NO_CREDENTIALS = {
  MAIN_MODEL_ENGINE: 'bedrock',
  AWS_REGION: REGION,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};
const CREDENTIALS = {
  ...NO_CREDENTIALS,
  AWS_ACCESS_KEY_ID: ACCESS_KEY,
  AWS_SECRET_ACCESS_KEY: SECRET_KEY,
};

/** Answers with the foundation models, and follows a script for the inference profiles. */
function lists(profiles: Script, models: Script = MODELS): Script {
  return (request, response) => {
    const script = request.url?.includes('/inference-profiles') ? profiles : models;
    script(request, response);
  };
}

const start = (script: Script = LIST, env: Record<string, string> = {}): Promise<Scenario> =>
  startScenario(script, { ...CREDENTIALS, ...env });

const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');
const hmac = (key: string | Buffer, value: string): Buffer =>
  createHmac('sha256', key).update(value).digest();

/**
 * The Authorization header that a request should have, computed from the received request.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function expectedAuthorization({ method, url, headers }: RecordedRequest): string {
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
  const time = String(headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/${REGION}/bedrock/aws4_request`;
  const canonicalHeaders = names.split(';').map((name) => `${name}:${value(headers, name)}\n`);
  const [path = '', query = ''] = url.split('?');
  const canonicalQuery = [...new URLSearchParams(query)]
    .map((pair) => pair.map(rfc3986).join('='))
    .sort()
    .join('&');
  const canonical = [method, path, canonicalQuery, canonicalHeaders.join(''), names, sha256('')].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${SECRET_KEY}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString(
    'hex',
  );
  return `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}

function rfc3986(text: string): string {
  const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}

function value(headers: IncomingHttpHeaders, name: string): string {
  return String(headers[name] ?? '').trim();
}

describe('bedrock', () => {
  it.each<[string, Record<string, string>, string]>([
    ['at the root', {}, ''],
    ['behind a path', {}, '/vpc/endpoint'],
    ['with a session', { AWS_SESSION_TOKEN: secret('session') }, ''],
    ['in the default region', { AWS_REGION: '', AWS_DEFAULT_REGION: REGION }, ''],
  ])('signs its request %s', async (_name, env, path) => {
    const { upstream } = await startScenario(LIST);
    const { ask } = await start(undefined, { ...env, MAIN_MODEL_BASE_URL: upstream.url + path });
    expect(await idsOf(await ask())).toEqual(IDS);
    expect(upstream.requests.map(({ url }) => url)).toEqual([
      `${path}/foundation-models`,
      `${path}/inference-profiles?maxResults=1000`,
    ]);
    for (const request of upstream.requests) {
      expect(request.headers.host).toBe(upstream.host);
      expect(request.headers.authorization).toMatch(/SignedHeaders=[^,]*host;.*x-amz-date/);
      expect(request.headers.authorization).toBe(expectedAuthorization(request));
      expect(request.headers['x-amz-security-token']).toBe(env['AWS_SESSION_TOKEN']);
    }
  });

  it('signs every page of the inference profiles, whatever is in its token', async () => {
    const token = "a+/=&~*'()!?é%2B";
    const page = (more: object): Script => json({ inferenceProfileSummaries: [{ id: 1 }], ...more });
    const { ask, upstream } = await start(lists(inTurn(page({ nextToken: token }), page({}))));
    expect((await ask()).status).toBe(200);
    const [, , last] = upstream.requests;
    expect(new URL(last?.url ?? '', upstream.url).searchParams.get('nextToken')).toBe(token);
    for (const request of upstream.requests) {
      expect(request.headers.authorization).toBe(expectedAuthorization(request));
    }
  });

  it.each([403, 404])('keeps the foundation models at a %d for the inference profiles', async (status) => {
    const { ask, gateway, upstream } = await start(lists(json({ message: 'not authorized' }, status)));
    for (const path of ['/v1/models', '/v1/models', '/v1/models/orbit.new-v1:0']) {
      const response = await ask(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('x-models-incomplete')).toBe('bedrock=inference_profiles');
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
    expect(await idsOf(await ask())).toEqual(['orbit.large-v1:0', 'orbit.new-v1:0']);
    expect(await failureOf(await ask('/v1/models/eu.orbit.new-v1:0'))).toEqual([404, 'model_not_found']);
    const named = logLines(gateway).filter(({ msg }) => String(msg).includes('bedrock:List'));
    expect(named).toHaveLength(1);
    expect(named[0]?.['msg']).toMatch(
      `${String(status)} for the AWS credential chain. Allow bedrock:ListInferenceProfiles`,
    );
    expect(gateway.logs.join('')).not.toContain('not authorized');
    upstream.answer(LIST);
    const whole = await ask();
    expect(whole.headers.get('x-models-incomplete')).toBeNull();
    expect(await idsOf(whole)).toEqual(IDS);
  });

  it('says in a list of several engines that the inference profiles are missing', async () => {
    const { ask } = await start(lists(json({ message: 'no' }, 403)), {
      MAIN_MODEL_ENGINE: '',
      MODEL_ENGINES: 'bedrock,lab',
      MAIN_MODEL_BASE_URL: '',
      BEDROCK_BASE_URL: (await startScenario(lists(json({ message: 'no' }, 403)))).upstream.url,
      LAB_MODELS_STATIC: 'lab-1',
    });
    const response = await ask();
    expect(response.headers.get('x-models-incomplete')).toBe('bedrock=inference_profiles');
    expect(await idsOf(response)).toEqual(['orbit.large-v1:0', 'orbit.new-v1:0', 'lab-1']);
  });

  it('keeps an incomplete list in its cache', async () => {
    const { ask, upstream } = await start(lists(json({ message: 'no' }, 403)), { CACHE_TTL_SECONDS: '60' });
    for (let times = 0; times < 2; times += 1) {
      const { status, headers } = await ask();
      expect([status, headers.get('x-models-incomplete')]).toEqual([200, 'bedrock=inference_profiles']);
    }
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([
    [json({ message: 'slow' }, 429), [429, null]],
    [json({ message: 'who' }, 401), [401, null]],
    [text('', 500), [502, 'upstream_error']],
    [json({ modelSummaries: [] }), [502, 'upstream_invalid_response']],
    [json({ nextToken: 'again', inferenceProfileSummaries: [{}] }), [502, 'upstream_invalid_response']],
    [silence, [502, 'upstream_timeout']],
  ] as const)('fails with its second list, never with a part of it', async (script, failure) => {
    const { ask } = await start(lists(script), waitsFor(script));
    expect(await failureOf(await ask())).toEqual(failure);
  });

  it('signs every attempt that is sent', async () => {
    const { ask, upstream } = await start(inTurn(text('', 503), LIST));
    expect((await ask()).status).toBe(200);
    expect(upstream.requests).toHaveLength(3);
    for (const request of upstream.requests) {
      expect(request.headers.authorization).toBe(expectedAuthorization(request));
    }
  });

  it.each<[string, Record<string, string>, string]>([
    ['a caller’s key', { authorization: `Bearer ${secret('caller')}` }, `Bearer ${secret('caller')}`],
    ['a key as Anthropic’s clients send it', { 'x-api-key': secret('caller') }, `Bearer ${secret('caller')}`],
    ['another scheme', { authorization: 'Basic eDp5' }, 'Basic eDp5'],
  ])('forwards %s instead of signing', async (_name, headers, expected) => {
    const { ask, upstream } = await start();
    expect((await ask('/v1/models', { headers })).status).toBe(200);
    expect(upstream.requests[0]?.headers.authorization).toBe(expected);
    expect(Object.keys(upstream.requests[0]?.headers ?? {}).join()).not.toContain('x-amz');
  });

  it('prefers the operator’s key to a signature', async () => {
    const { ask, upstream, gateway } = await start(LIST, { AWS_BEARER_TOKEN_BEDROCK: secret('ours') });
    expect((await ask()).status).toBe(200);
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${secret('ours')}`);
    expect(gateway.logs.join('')).toContain('key from AWS_BEARER_TOKEN_BEDROCK');
  });

  it('logs at the start that it signs', async () => {
    const { gateway } = await start();
    expect(gateway.logs.join('')).toContain('key from the AWS credential chain');
  });

  it.each([
    [json({ message: 'no' }, 403), [403, null]],
    [json({ message: 'slow' }, 429), [429, null]],
    [text('', 500), [502, 'upstream_error']],
    [text('<html>'), [502, 'upstream_invalid_response']],
    [json({ models: 'none' }), [502, 'upstream_invalid_response']],
    [silence, [502, 'upstream_timeout']],
    [text('', 301, { location: 'http://127.0.0.1:1/' }), [502, 'upstream_error']],
  ] as const)('fails as all providers do', async (script, failure) => {
    const { ask } = await start(script, waitsFor(script));
    expect(await failureOf(await ask())).toEqual(failure);
  });

  it('logs what to check when it is rejected, without what was sent', async () => {
    const session = secret('session');
    const refused = json({ message: `Token ${session} of ${ACCESS_KEY} is not valid` }, 403);
    const { ask, gateway } = await start(refused, { AWS_SESSION_TOKEN: session });
    const response = await ask();
    expect(response.status).toBe(403);
    expect((await errorOf(response)).message).toBe('The provider answered 403.');
    expect(gateway.logs.join('')).toMatch(/answered 403 to the key from the AWS credential chain/);
    expect(gateway.logs.join('')).not.toContain(session);
  });

  it('without credentials is a 502 that names what is missing, and one line in the log', async () => {
    const { ask, upstream, gateway } = await startScenario(LIST, NO_CREDENTIALS);
    await ask();
    const error = await errorOf(await ask());
    expect(logLines(gateway).filter(({ msg }) => msg === error.message)).toHaveLength(1);
    expect(error.code).toBe('provider_not_configured');
    expect(error.message).toContain('AWS_ACCESS_KEY_ID');
    expect(upstream.requests).toEqual([]);
    const headers = { authorization: `Bearer ${secret('caller')}` };
    expect((await ask('/v1/models', { headers })).status).toBe(200);
  });

  it('with unavailable credentials is a 502, and the log says what to check', async () => {
    const { ask, upstream, gateway } = await startScenario(LIST, {
      ...NO_CREDENTIALS,
      AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/to/be/found',
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/orbit',
    });
    const error = await errorOf(await ask());
    expect(error).toMatchObject({
      code: 'upstream_unreachable',
      message: 'AWS gave no credentials to sign with (ENOENT).',
    });
    expect(upstream.requests).toEqual([]);
    expect(gateway.logs.join('')).toContain(`${error.message} Check the role or the profile`);
    expect(gateway.logs.join('')).not.toContain('/nowhere');
  });

  it('with a silent source of credentials ends at its deadline', async () => {
    const held = heldAnswers(ROLE);
    const issuer = await started(startFakeUpstream(held.script));
    const { ask, gateway } = await startScenario(LIST, {
      ...NO_CREDENTIALS,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: issuer.url,
      ...SHORT,
    });
    expect(await failureOf(await ask())).toEqual([502, 'upstream_timeout']);
    // Without an answer the SDK would try again for seconds, and keep the process of the tests from its end.
    await held.release(1);
    expect(gateway.logs.join('')).toContain('AWS gave no credentials to sign with in time. Check the role');
    const metrics = await (await ask('/metrics')).text();
    expect(metrics).toContain('models_gateway_upstream_up{engine="bedrock"} 0');
  });

  it('signs as soon as the source of credentials works again', async () => {
    const held: ServerResponse[] = [];
    const issuer = await started(startFakeUpstream((_request, response) => held.push(response)));
    const { ask, upstream } = await startScenario(LIST, {
      ...NO_CREDENTIALS,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: issuer.url,
      ...SHORT,
    });
    expect(await failureOf(await ask())).toEqual([502, 'upstream_timeout']);
    for (const response of held) response.destroy();
    issuer.answer(ROLE);
    // It may take several times on a busy machine.
    await until('it is signed for', async () => (await ask()).ok);
    const [request] = upstream.requests;
    if (request === undefined) throw new Error('no request was sent');
    expect(request.headers.authorization).toBe(expectedAuthorization(request));
  });

  it.each([
    'us-east-1',
    'us-gov-west-1',
    'cn-north-1',
    'eusc-de-east-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'us-isof-south-1',
    'eu-isoe-west-1',
  ])('uses the SDK’s host in %s', async (region) => {
    const { BedrockClient } = await import('@aws-sdk/client-bedrock');
    const { endpointProvider } = new BedrockClient({ region }).config;
    const { gateway } = await startScenario(LIST, {
      ...CREDENTIALS,
      AWS_REGION: region,
      MAIN_MODEL_BASE_URL: '',
    });
    expect(gateway.logs.join('')).toContain(
      `upstream https://${endpointProvider({ Region: region }).url.host}/foundation-models,`,
    );
  });

  it('is not ready without a region', async () => {
    const { ask } = await start(LIST, { AWS_REGION: '' });
    expect((await errorOf(await ask('/readyz'))).message).toBe(
      'The engine bedrock needs AWS_REGION to be set.',
    );
    expect(await failureOf(await ask())).toEqual([502, 'provider_not_configured']);
  });
});

describeWithRedis('bedrock with a shared cache', () => {
  it.each<[string, Record<string, string>]>([
    ['another account', { AWS_ACCESS_KEY_ID: 'AKIDOTHER', AWS_SECRET_ACCESS_KEY: secret('other') }],
    ['no account', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }],
  ])('does not share a signed list with a gateway that signs for %s', async (_name, env) => {
    const redis = await started(startRedis());
    const cache = { CACHE_TTL_SECONDS: '60', ...redis.env };
    const first = await start(LIST, cache);
    expect((await first.ask()).status).toBe(200);
    expect((await first.ask()).headers.get('cache-status')).toMatch(/hit/);
    first.upstream.answer(json({ message: 'not yours' }, 403));
    const second = await start(LIST, { ...cache, ...env, MAIN_MODEL_BASE_URL: first.upstream.url });
    expect((await second.ask()).status).not.toBe(200);
    expect(await redis.keys()).toEqual([]);
  });

  it('shares a list that was fetched with the operator’s key', async () => {
    const redis = await started(startRedis());
    const env = { CACHE_TTL_SECONDS: '60', ...redis.env, AWS_BEARER_TOKEN_BEDROCK: secret('ours') };
    const first = await start(LIST, env);
    expect((await first.ask()).status).toBe(200);
    await redis.stored(1);
    const second = await start(LIST, { ...env, MAIN_MODEL_BASE_URL: first.upstream.url });
    expect((await second.ask()).status).toBe(200);
    expect(first.upstream.requests).toHaveLength(2);
  });

  it('does not share an incomplete list', async () => {
    const redis = await started(startRedis());
    const env = { CACHE_TTL_SECONDS: '60', ...redis.env, AWS_BEARER_TOKEN_BEDROCK: secret('ours') };
    const { ask } = await start(lists(json({ message: 'no' }, 403)), env);
    expect((await ask()).status).toBe(200);
    expect((await ask()).headers.get('x-models-incomplete')).toBe('bedrock=inference_profiles');
    expect((await redis.keys()).filter((key) => !key.includes('lease'))).toEqual([]);
  });
});
