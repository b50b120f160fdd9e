import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SYSTEM_CLOCK } from '../concurrency/clock.js';
import { authorizationCredential, keyCredential } from '../credentials/credential.js';
import type { Credential } from '../credentials/credential.js';
import { UpstreamError } from '../upstream/upstream.error.js';
import type { UpstreamFailure } from '../upstream/upstream.error.js';
import type { ModelProvider, ProviderSettings } from './model-provider.js';
import { ProviderFailureLog } from './provider-failure-log.js';
import { ProviderHealth } from './provider-health.js';

const SETTINGS: ProviderSettings = {
  url: new URL('http://gpu.test:8000/v1/models'),
  urlVariable: 'MAIN_MODEL_BASE_URL',
  keyVariables: ['VLLM_API_KEY', 'OPENAI_API_KEY'],
  proxy: undefined,
  keySource: undefined,
  headerVariables: [],
  missingVariable: undefined,
};
const PROVIDER: ModelProvider = {
  identity: { engine: 'vllm', aliases: [], label: 'vllm' },
  settings: SETTINGS,
  listModels: () => Promise.resolve([]),
};
const OURS = keyCredential('sk-SECRET-ours', 'VLLM_API_KEY');
const CALLERS = authorizationCredential('Bearer sk-SECRET-callers');

const lines: { level: string; message: string }[] = [];
const record = (level: string) => (message: string) => lines.push({ level, message });
Logger.overrideLogger({ log: record('log'), warn: record('warn'), error: record('error') });

let log: ProviderFailureLog;
let health: ProviderHealth;
/** Monotonic time in ms. */
let now: number;

beforeEach(() => {
  lines.length = 0;
  now = 1_000_000;
  jest.spyOn(SYSTEM_CLOCK, 'monotonic').mockImplementation(() => now);
  log = new ProviderFailureLog();
  health = new ProviderHealth(PROVIDER, log, undefined);
});

function fails(
  failure: UpstreamFailure,
  details: UpstreamError['details'] = {},
  operatorKey?: Credential,
): void {
  health.failed(
    new UpstreamError(failure, `It is ${failure}.`, { credential: OURS, ...details }),
    operatorKey,
  );
}

/** So long that what has failed before is over, if it works now. */
function calm(): void {
  now += 10_000;
}

function rejects(httpStatus: number, credential: Credential | undefined, operatorKey?: Credential): void {
  fails('rejected', { status: httpStatus, credential }, operatorKey);
}

describe('ProviderFailureLog', () => {
  it('says nothing while all is well', () => {
    health.succeeded(1, OURS);
    health.succeeded(1, undefined);
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
    calm();
    health.succeeded(1, CALLERS);
    health.succeeded(1, CALLERS);
    expect(lines.slice(1)).toEqual([{ level: 'log', message: 'vllm works again' }]);
    fails(failure, details);
    expect(lines).toHaveLength(3);
  });

  it('says each change of the failure', () => {
    const changes: [UpstreamFailure, number?][] = [
      ['unreachable'],
      ['timeout'],
      ['failed', 500],
      ['failed', 503],
      ['failed', 503],
      ['unreachable'],
    ];
    for (const [failure, httpStatus] of changes) {
      calm();
      fails(failure, httpStatus === undefined ? {} : { status: httpStatus });
    }
    expect(lines.map(({ message }) => message.split('.')[0])).toEqual([
      'It is unreachable',
      'It is timeout',
      'It is failed',
      'It is failed',
      'It is unreachable',
    ]);
  });

  it.each([
    [
      400,
      'Check that it is valid, and that it belongs to gpu.test:8000; else MAIN_MODEL_BASE_URL and the other settings of vllm.',
    ],
    [401, 'Check that it is valid, and that it belongs to gpu.test:8000.'],
    [403, 'Check that it is valid, and that it belongs to gpu.test:8000.'],
    [404, 'Check MAIN_MODEL_BASE_URL and the other settings of vllm.'],
    [429, 'Check the limits and the quota of that key.'],
  ])('says once that the key of the operator got a %d, and what to check', (httpStatus, advice) => {
    rejects(httpStatus, OURS);
    rejects(httpStatus, OURS);
    expect(lines).toEqual([
      {
        level: 'warn',
        message: `gpu.test:8000 answered ${String(httpStatus)} to the key from VLLM_API_KEY. ${advice}`,
      },
    ]);
    calm();
    // Another key works: that says nothing of this one.
    health.succeeded(1, CALLERS);
    expect(lines).toHaveLength(1);
    health.succeeded(1, OURS);
    expect(lines.slice(1)).toEqual([{ level: 'log', message: 'VLLM_API_KEY works again' }]);
  });

  it('says each change of the status that the key got', () => {
    for (const httpStatus of [401, 429, 401]) {
      calm();
      rejects(httpStatus, OURS);
    }
    expect(lines.map(({ message }) => /answered (\d+)/.exec(message)?.[1])).toEqual(['401', '429', '401']);
  });

  it('does not say each time that a provider which works now and then fails', () => {
    for (let second = 0; second < 60; second += 1) {
      fails(second % 2 === 0 ? 'unreachable' : 'timeout');
      now += 500;
      health.succeeded(1, OURS);
      now += 500;
    }
    expect(lines.every(({ level }) => level === 'warn')).toBe(true);
    expect(lines.length).toBeLessThanOrEqual(6);
    calm();
    health.succeeded(1, OURS);
    expect(lines.at(-1)).toEqual({ level: 'log', message: 'vllm works again' });
  });

  it.each([400, 401, 402, 403, 429])('says nothing of a %d to the key of a caller', (httpStatus) => {
    rejects(httpStatus, CALLERS);
    expect(lines).toEqual([]);
  });

  it('says once that a caller got a 404, which no key can help', () => {
    rejects(404, CALLERS);
    rejects(404, CALLERS);
    expect(lines).toEqual([
      {
        level: 'warn',
        message:
          'gpu.test:8000 answered 404 to the key from a caller. Check MAIN_MODEL_BASE_URL and the other settings of vllm.',
      },
    ]);
    calm();
    health.succeeded(1, CALLERS);
    expect(lines.at(-1)).toEqual({ level: 'log', message: 'vllm works again' });
  });

  it('says once that a key is needed, and when it is not any more', () => {
    rejects(401, undefined);
    rejects(401, undefined);
    expect(lines).toEqual([
      {
        level: 'warn',
        message:
          'gpu.test:8000 answered 401 to a request without a key. Set VLLM_API_KEY, or have callers send theirs.',
      },
    ]);
    calm();
    health.succeeded(1, CALLERS);
    expect(lines).toHaveLength(1);
    health.succeeded(1, undefined);
    expect(lines.at(-1)).toEqual({ level: 'log', message: 'vllm without a key works again' });
  });

  it('takes a 4xx for a sign of life', () => {
    fails('unreachable');
    calm();
    rejects(401, CALLERS);
    expect(lines.at(-1)).toEqual({ level: 'log', message: 'vllm works again' });
  });

  it('takes a list that another replica fetched after the failure for a sign of life', () => {
    fails('unreachable');
    calm();
    health.cacheServed(10_000, OURS);
    expect(lines).toHaveLength(1);
    health.cacheServed(9999, OURS);
    expect(lines.at(-1)).toEqual({ level: 'log', message: 'vllm works again' });
  });

  it('says nothing of callers that are gone', () => {
    fails('cancelled');
    fails('timeout');
    fails('cancelled');
    calm();
    health.succeeded(1, OURS);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'log']);
  });

  it('says once what is missing, unless that was said at the start', () => {
    fails('not_configured');
    fails('not_configured');
    expect(lines).toEqual([{ level: 'warn', message: 'It is not_configured.' }]);
    const unset = {
      ...PROVIDER,
      settings: { ...SETTINGS, url: undefined, missingVariable: 'MAIN_MODEL_BASE_URL' },
    };
    const other = new ProviderHealth(unset, log, undefined);
    other.failed(new UpstreamError('not_configured', 'It is missing.'), undefined);
    expect(lines).toHaveLength(1);
  });

  it('says once for each provider that the key of a caller hides that of the operator, and shows neither', () => {
    rejects(401, CALLERS);
    rejects(403, CALLERS, OURS);
    rejects(401, OURS, OURS);
    lines.length = 0;
    rejects(401, CALLERS, OURS);
    calm();
    health.succeeded(1, CALLERS);
    rejects(401, CALLERS, OURS);
    expect(lines).toEqual([
      {
        level: 'warn',
        message:
          'gpu.test:8000 answered 401 to the key of a caller, which takes precedence over VLLM_API_KEY. ' +
          'If the caller has no key and its client sends a placeholder, add that to PLACEHOLDER_API_KEYS.',
      },
    ]);
  });

  it('gives the advice that the error has', () => {
    fails('unreachable', { advice: 'Check the role.' });
    expect(lines[0]?.message).toBe('It is unreachable. Check the role.');
  });

  it('never shows a key', () => {
    fails('unreachable');
    rejects(401, OURS);
    rejects(404, CALLERS);
    calm();
    health.succeeded(1, OURS);
    expect(lines.length).toBeGreaterThan(2);
    expect(JSON.stringify(lines)).not.toContain('SECRET');
  });
});
