import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { authorizationCredential, keyCredential } from '../credentials/credential.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import type { UpstreamFailure } from '../upstream/upstream.error.js';
import type { ModelProvider } from './model-provider.js';
import { ProviderStatus } from './provider-status.js';

const PROVIDER: ModelProvider = {
  engine: 'vllm',
  keySource: undefined,
  label: 'vllm',
  aliases: [],
  keyVariables: ['VLLM_API_KEY', 'OPENAI_API_KEY'],
  url: new URL('http://gpu.test:8000/v1/models'),
  urlVariable: 'MAIN_MODEL_BASE_URL',
  missingVariable: undefined,
  listModels: () => Promise.resolve({ models: [] }),
};
const OURS = keyCredential('sk-SECRET-ours', 'VLLM_API_KEY');
const CALLERS = authorizationCredential('Bearer sk-SECRET-callers');

const lines: { level: string; message: string }[] = [];
const record = (level: string) => (message: string) => lines.push({ level, message });
Logger.overrideLogger({ log: record('log'), warn: record('warn'), error: record('error') });

let status: ProviderStatus;

beforeEach(() => {
  lines.length = 0;
  status = new ProviderStatus();
});

function fails(failure: UpstreamFailure, details: UpstreamError['details'] = {}): void {
  status.failed(PROVIDER, new UpstreamError(failure, `It is ${failure}.`, { credential: OURS, ...details }));
}

function rejects(httpStatus: number, credential = OURS): void {
  fails('rejected', { status: httpStatus, credential });
}

describe('ProviderStatus', () => {
  it('says nothing while all is well', () => {
    status.succeeded(PROVIDER, OURS);
    status.succeeded(PROVIDER, undefined);
    expect(lines).toEqual([]);
  });

  it.each<[UpstreamFailure, UpstreamError['details']]>([
    ['unreachable', {}],
    ['timeout', {}],
    ['failed', { status: 503 }],
    ['invalid', {}],
  ])('says once that the provider is %s, whose fault it may be, and when it is over', (failure, details) => {
    fails(failure, details);
    fails(failure, { ...details, credential: CALLERS });
    fails(failure, { ...details, credential: undefined });
    expect(lines).toEqual([
      {
        level: 'warn',
        message:
          `It is ${failure}. Check that vllm at gpu.test:8000 is up and that MAIN_MODEL_BASE_URL is right` +
          (failure === 'timeout' ? ', or raise UPSTREAM_TIMEOUT_MS.' : '.'),
      },
    ]);
    status.succeeded(PROVIDER, CALLERS);
    status.succeeded(PROVIDER, CALLERS);
    expect(lines.slice(1)).toEqual([{ level: 'log', message: 'vllm works again' }]);
    fails(failure, details);
    expect(lines).toHaveLength(3);
  });

  it('says each change of the failure', () => {
    fails('unreachable');
    fails('timeout');
    fails('failed', { status: 500 });
    fails('failed', { status: 503 });
    fails('failed', { status: 503 });
    fails('unreachable');
    expect(lines.map(({ message }) => message.split('.')[0])).toEqual([
      'It is unreachable',
      'It is timeout',
      'It is failed',
      'It is failed',
      'It is unreachable',
    ]);
  });

  it.each([
    [401, 'Check that variable, and that it belongs to gpu.test:8000.'],
    [403, 'Check that variable, and that it belongs to gpu.test:8000.'],
    [404, 'Check MAIN_MODEL_BASE_URL and the other settings of vllm.'],
    [429, 'Check the limits and the quota of that key.'],
  ])('says once that the key of the operator got a %d, and what to check', (httpStatus, advice) => {
    rejects(httpStatus);
    rejects(httpStatus);
    expect(lines).toEqual([
      {
        level: 'warn',
        message: `gpu.test:8000 answered ${String(httpStatus)} to the key from VLLM_API_KEY. ${advice}`,
      },
    ]);
    // Another key works: that says nothing of this one.
    status.succeeded(PROVIDER, CALLERS);
    expect(lines).toHaveLength(1);
    status.succeeded(PROVIDER, OURS);
    expect(lines.slice(1)).toEqual([{ level: 'log', message: 'VLLM_API_KEY works again' }]);
  });

  it('says each change of the status that the key got', () => {
    rejects(401);
    rejects(429);
    rejects(401);
    expect(lines.map(({ message }) => /answered (\d+)/.exec(message)?.[1])).toEqual(['401', '429', '401']);
  });

  it.each([
    ['a caller', CALLERS],
    ['nobody', undefined],
  ])('says nothing of a 401 to the key of %s', (_name, credential) => {
    fails('rejected', { status: 401, credential });
    expect(lines).toEqual([]);
  });

  it('takes a 4xx for a sign of life', () => {
    fails('unreachable');
    rejects(401, CALLERS);
    expect(lines.at(-1)).toEqual({ level: 'log', message: 'vllm works again' });
  });

  it.each<UpstreamFailure>(['cancelled', 'not_configured'])('says nothing of %s', (failure) => {
    fails(failure);
    fails('timeout');
    fails(failure);
    status.succeeded(PROVIDER, OURS);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'log']);
  });

  it('never shows a key', () => {
    fails('unreachable');
    rejects(401);
    rejects(403, CALLERS);
    status.succeeded(PROVIDER, OURS);
    expect(lines.length).toBeGreaterThan(2);
    expect(JSON.stringify(lines)).not.toContain('SECRET');
  });
});
