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
  identity: { engine: 'vllm', label: 'vllm' },
  settings: SETTINGS,
  listModels: () => Promise.resolve({ models: [] }),
};
/** A wrong address and its proxy: what it was asked for has a secret in the query string. */
const PLAIN: ModelProvider = {
  ...PROVIDER,
  settings: { ...SETTINGS, url: new URL('http://gpu.test:8000/v1/models?key=SECRET') },
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
    ['failed', { status: 201 }],
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

  it.each([OURS, CALLERS, undefined])(
    'says once that the list is not there, for which no key is to blame',
    (key) => {
      rejects(404, key);
      rejects(404, CALLERS);
      expect(lines).toEqual([
        {
          level: 'warn',
          message:
            'gpu.test:8000 answered 404 to http://gpu.test:8000/v1/models. Check MAIN_MODEL_BASE_URL and the other settings of vllm.',
        },
      ]);
      calm();
      health.succeeded(1, CALLERS);
      expect(lines.at(-1)).toEqual({ level: 'log', message: 'vllm works again' });
    },
  );

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

  describe.each<[string, UpstreamFailure, UpstreamError['details'], string]>([
    [
      'a provider that is loading a model',
      'failed',
      { status: 503 },
      'vllm at gpu.test:8000 is loading a model, or overloaded: it needs time, or more capacity.',
    ],
    [
      "Anthropic's 529",
      'failed',
      { status: 529 },
      'vllm at gpu.test:8000 is loading a model, or overloaded: it needs time, or more capacity.',
    ],
    [
      'a 500',
      'failed',
      { status: 500 },
      'Something is wrong at gpu.test:8000: see the log of vllm at gpu.test:8000.',
    ],
    [
      'a 504',
      'failed',
      { status: 504 },
      'A proxy in front of vllm at gpu.test:8000 cannot reach it: check that it is up.',
    ],
    [
      'a gateway',
      'failed',
      { status: 502, innerCode: 'upstream_unreachable' },
      'gpu.test:8000 is a gateway, and its own provider fails: see the log there.',
    ],
    [
      'a gateway that has too much to do',
      'failed',
      { status: 503, innerCode: 'overloaded' },
      'vllm at gpu.test:8000 is loading a model, or overloaded: it needs time, or more capacity.',
    ],
    ...[301, 302, 303, 307, 308].map(
      (status): [string, UpstreamFailure, UpstreamError['details'], string] => [
        `a ${String(status)} to another host`,
        'failed',
        { status, headers: { location: 'https://login.test/in?token=SECRET#SECRET' } },
        'It redirects to https://login.test: change MAIN_MODEL_BASE_URL to that if you trust it with the key.',
      ],
    ),
    [
      'a redirect to TLS',
      'failed',
      { status: 301, headers: { location: 'https://gpu.test:8000/v1/models' } },
      'It redirects to https://gpu.test:8000: change MAIN_MODEL_BASE_URL to that if you trust it with the key.',
    ],
    [
      'a redirect to another path',
      'failed',
      { status: 307, headers: { location: '/v1/models/?token=SECRET' } },
      'It redirects to another path of gpu.test:8000: change MAIN_MODEL_BASE_URL to where the list is.',
    ],
    [
      'a redirect that repeats the key',
      'failed',
      { status: 307, headers: { location: 'https://sk-SECRET-ours.test/' } },
      'It redirects to https://[redacted].test: change MAIN_MODEL_BASE_URL to that if you trust it with the key.',
    ],
    ...[{}, { location: '' }, { location: 'http://' }, { location: ['http://[', 'x'] }].map(
      (headers): [string, UpstreamFailure, UpstreamError['details'], string] => [
        `a redirect by ${JSON.stringify(headers)}`,
        'failed',
        { status: 302, headers },
        'It redirects: change MAIN_MODEL_BASE_URL to where the list is.',
      ],
    ),
    [
      'TLS where there is none',
      'unreachable',
      { errorCode: 'ERR_SSL_WRONG_VERSION_NUMBER' },
      'gpu.test:8000 does not speak TLS: MAIN_MODEL_BASE_URL must begin with http://.',
    ],
    ...['HPE_INVALID_CONSTANT', 'UND_ERR_SOCKET', 'ECONNRESET'].map(
      (errorCode): [string, UpstreamFailure, UpstreamError['details'], string] => [
        `no HTTP: ${errorCode}`,
        'invalid',
        { errorCode },
        'Check that vllm at gpu.test:8000 is up and that MAIN_MODEL_BASE_URL is right; if gpu.test:8000 speaks TLS, it must begin with https://.',
      ],
    ),
    [
      'no HTTP at a TLS port',
      'rejected',
      { status: 400, body: Buffer.from('<h1>The plain HTTP request was sent to HTTPS port</h1>') },
      'gpu.test:8000 speaks TLS: MAIN_MODEL_BASE_URL must begin with https://.',
    ],
  ])('after %s', (_name, failure, details, advice) => {
    it('gives advice that fits', () => {
      fails(failure, details);
      expect(lines.map(({ message }) => message.slice(-advice.length))).toEqual([advice]);
      expect(JSON.stringify(lines)).not.toContain('SECRET');
    });
  });

  it('does not say https:// of a URL that has it', () => {
    const url = new URL('https://gpu.test/v1/models');
    const secure = new ProviderHealth({ ...PROVIDER, settings: { ...SETTINGS, url } }, log, undefined);
    secure.failed(new UpstreamError('unreachable', 'It is reset.', { errorCode: 'ECONNRESET' }), undefined);
    expect(lines[0]?.message).toBe(
      'It is reset. Check that vllm at gpu.test is up and that MAIN_MODEL_BASE_URL is right.',
    );
  });

  it('names the URL that is not there, without its query', () => {
    new ProviderHealth(PLAIN, log, undefined).failed(
      new UpstreamError('rejected', 'No.', { status: 404, body: Buffer.from('{"detail":"Not Found"}') }),
      undefined,
    );
    expect(lines.map(({ message }) => message)).toEqual([
      'gpu.test:8000 answered 404 to http://gpu.test:8000/v1/models: Not Found. ' +
        'Check MAIN_MODEL_BASE_URL and the other settings of vllm.',
    ]);
  });

  it.each([
    ['a 503', 'failed', 503, OURS, 'Loading model', 'It is failed: Loading model. vllm at'],
    ['a 500 to a caller', 'failed', 500, CALLERS, 'Broken.', 'It is failed: Broken. Something'],
    [
      'a 401 to the key of the operator',
      'rejected',
      401,
      OURS,
      'Incorrect API key sk-SECRET-ours provided!',
      'gpu.test:8000 answered 401 to the key from VLLM_API_KEY: Incorrect API key [redacted] provided! Check',
    ],
    [
      'what masks the key',
      'rejected',
      401,
      OURS,
      'Incorrect: sk-SECR***ours.',
      'gpu.test:8000 answered 401 to the key from VLLM_API_KEY: Incorrect: [redacted]. Check',
    ],
    [
      'what writes the key apart',
      'rejected',
      401,
      OURS,
      'Incorrect: S E C R E T.',
      'gpu.test:8000 answered 401 to the key from VLLM_API_KEY. Check',
    ],
    [
      'more lines than one',
      'failed',
      500,
      OURS,
      'One\r\ntwo\u001b[31m\u2028three',
      'It is failed: One two [31m three. Something',
    ],
    ['a page', 'failed', 502, OURS, '<html><p>Bad gateway</p></html>', 'It is failed. A proxy'],
    [
      'a novel',
      'failed',
      500,
      OURS,
      'word '.repeat(100),
      `It is failed: ${'word '.repeat(59).trim()}… Something`,
    ],
  ] as const)('says the reason of %s', (_name, failure, status, credential, message, start) => {
    const key = credential.variable === undefined ? undefined : credential;
    fails(failure, { status, credential, body: Buffer.from(JSON.stringify({ error: { message } })) }, key);
    expect(lines[0]?.message.slice(0, start.length)).toBe(start);
    expect(JSON.stringify(lines)).not.toMatch(/SECR|\\r|\\u/);
  });

  it('says no reason of a failure that is neither a 4xx nor a 5xx', () => {
    fails('failed', { status: 302, body: Buffer.from('{"message":"Moved"}') });
    expect(lines[0]?.message).not.toContain('Moved');
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
