import type { KeyVariable, UrlVariable } from '../../src/config/provider.config.js';

type Headers = Readonly<Record<string, string>>;

/** What a provider's 4xx becomes: the error in OpenAI's envelope, and the headers that go along. */
interface RelayedError {
  /** The provider's headers; `{credential}` stands for the one it was sent, here and in the fixture. */
  readonly headers: Headers;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
  readonly relayed: Headers;
}

/** A page of a provider's list: the request that gets it and the fixture that answers. */
interface ContractPage {
  /** Path and query string. */
  readonly request: string;
  readonly fixture: string;
}

/** All that a provider has to keep to, seen from outside. */
export interface ProviderContract {
  /** The value of `MAIN_MODEL_ENGINE`. */
  readonly engine: string;
  /** The folder of the fixtures. */
  readonly fixtures: string;
  /** In the order in which they are looked for. */
  readonly baseUrlVariables: readonly [UrlVariable, ...UrlVariable[]];
  /** What follows the host in a usual base URL. */
  readonly basePath: string;
  /** What happens when no base URL is set. */
  readonly withoutBaseUrl: { readonly host: string } | { readonly missing: UrlVariable } | 'an empty list';
  /** In the order in which they are looked for. */
  readonly keyVariables: readonly [KeyVariable, ...KeyVariable[]];
  /** The headers that carry a token, or the `Authorization` header that it came in. */
  readonly credential: (token: string, authorization?: string) => Headers;
  /** Headers of every request. */
  readonly fixedHeaders: Headers;
  readonly pages: readonly [ContractPage, ...ContractPage[]];
  /** Fields that make any page the last one; of interest only where there are several. */
  readonly lastPages: readonly Readonly<Record<string, unknown>>[];
  /** The models that the pages make: id, date, owner. Without a date it is the start of the process. */
  readonly models: readonly (readonly [id: string, created: number | undefined, owner: string])[];
  readonly errors: Readonly<Record<401 | 429, RelayedError>>;
}

const verbatim = (token: string, authorization = `Bearer ${token}`): Headers => ({ authorization });

const OPENAI_COMPATIBLE = {
  baseUrlVariables: ['MAIN_MODEL_BASE_URL'],
  basePath: '/v1',
  credential: verbatim,
  fixedHeaders: {},
  pages: [{ request: '/v1/models', fixture: 'list.json' }],
  lastPages: [],
} as const;

/** THE table: a new provider is one new row. */
export const PROVIDER_CONTRACTS: readonly ProviderContract[] = [
  {
    ...OPENAI_COMPATIBLE,
    engine: 'openai',
    fixtures: 'openai',
    withoutBaseUrl: { host: 'api.openai.com' },
    keyVariables: ['OPENAI_API_KEY'],
    models: [
      ['gpt-4.1', 1744316542, 'system'],
      ['ft:gpt-4.1-mini-2025-04-14:orbit-labs:triage:Zx81Qp27', 1751328000, 'orbit-labs'],
      ['text-embedding-3-large', 1705953180, 'system'],
    ],
    errors: {
      401: {
        headers: { 'x-request-id': 'req_openai', 'openai-version': '2020-10-01' },
        error: {
          message: 'The API key you sent, [redacted], is not a valid one.',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
        relayed: { 'x-upstream-request-id': 'req_openai' },
      },
      429: {
        headers: {
          'retry-after': '7',
          'x-ratelimit-limit-requests': '500',
          'x-ratelimit-remaining-requests': '0',
          'x-ratelimit-reset-requests': '7s',
          'x-request-id': 'req_openai',
        },
        error: {
          message: 'Your organization sends more requests per minute than it may.',
          type: 'requests',
          param: null,
          code: 'rate_limit_exceeded',
        },
        relayed: {
          'retry-after': '7',
          'x-ratelimit-limit-requests': '500',
          'x-ratelimit-remaining-requests': '0',
          'x-ratelimit-reset-requests': '7s',
          'x-upstream-request-id': 'req_openai',
        },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'nim',
    fixtures: 'nim',
    withoutBaseUrl: { missing: 'MAIN_MODEL_BASE_URL' },
    keyVariables: ['NVIDIA_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
    models: [
      ['meta/llama-3.1-8b-instruct', 735790403, 'meta'],
      ['nvidia/nv-embedqa-e5-v5', 735790403, 'nvidia'],
      ['mistralai/mixtral-8x22b-instruct-v0.1', 735790403, 'mistralai'],
    ],
    errors: {
      401: {
        headers: { 'www-authenticate': 'Bearer error="invalid_token"', 'nvcf-reqid': 'nim-1' },
        error: {
          message: 'This bearer token is not accepted.',
          type: 'authentication_error',
          param: null,
          code: null,
        },
        relayed: { 'www-authenticate': 'Bearer error="invalid_token"' },
      },
      429: {
        headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' },
        error: {
          message: 'The quota of this account is used up for the moment.',
          type: 'rate_limit_error',
          param: null,
          code: null,
        },
        relayed: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'vllm',
    fixtures: 'vllm',
    withoutBaseUrl: { missing: 'MAIN_MODEL_BASE_URL' },
    keyVariables: ['VLLM_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
    models: [
      ['Qwen/Qwen2.5-7B-Instruct', 1763200000, 'vllm'],
      ['/srv/weights/qwen2.5-7b', 1763200000, 'vllm'],
      ['support-lora', 1763200000, 'vllm'],
    ],
    errors: {
      401: {
        headers: { 'www-authenticate': 'Bearer realm="{credential}"', 'x-request-id': 'vllm {credential}' },
        error: { message: 'Unauthorized', type: 'authentication_error', param: null, code: null },
        relayed: {
          'www-authenticate': 'Bearer realm="[redacted]"',
          'x-upstream-request-id': 'vllm [redacted]',
        },
      },
      429: {
        headers: { 'retry-after': '1', 'x-request-id': 'vllm-1' },
        error: {
          message: 'Too many requests are waiting for this engine.',
          type: 'TooManyRequestsError',
          param: null,
          code: '429',
        },
        relayed: { 'retry-after': '1', 'x-upstream-request-id': 'vllm-1' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'trt_llm',
    fixtures: 'trt_llm',
    withoutBaseUrl: { missing: 'MAIN_MODEL_BASE_URL' },
    keyVariables: ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
    models: [['Mistral-Nemo-12B-FP8', 1763300000, 'tensorrt_llm']],
    errors: {
      401: {
        headers: {},
        error: {
          message: 'This route is restricted.',
          type: 'authentication_error',
          param: null,
          code: 'invalid_auth',
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '3' },
        error: {
          message: 'The queue of the executor is full.',
          type: 'TooManyRequests',
          param: null,
          code: '429',
        },
        relayed: { 'retry-after': '3' },
      },
    },
  },
  {
    engine: 'anthropic',
    fixtures: 'anthropic',
    baseUrlVariables: ['MAIN_MODEL_BASE_URL'],
    basePath: '',
    withoutBaseUrl: { host: 'api.anthropic.com' },
    keyVariables: ['ANTHROPIC_API_KEY'],
    credential: (token) => ({ 'x-api-key': token }),
    fixedHeaders: { 'anthropic-version': '2023-06-01' },
    pages: [
      { request: '/v1/models?limit=1000', fixture: 'list.page1.json' },
      { request: '/v1/models?limit=1000&after_id=claude-haiku-4-5-20251001', fixture: 'list.page2.json' },
      { request: '/v1/models?limit=1000&after_id=claude-3-5-haiku-20241022', fixture: 'list.page3.json' },
    ],
    lastPages: [
      { has_more: false },
      { has_more: undefined },
      { last_id: null },
      { data: [] },
      { data: null },
    ],
    models: [
      ['claude-opus-4-5-20251101', 1763942400, 'anthropic'],
      ['claude-haiku-4-5-20251001', 1760520600, 'anthropic'],
      ['claude-3-5-haiku-20241022', 1729555200, 'anthropic'],
      ['claude-test-unknown-date', 0, 'anthropic'],
    ],
    errors: {
      401: {
        headers: { 'request-id': 'req_011Ct0MadeUpForTests' },
        error: {
          message: 'The x-api-key header holds no valid key.',
          type: 'authentication_error',
          param: null,
          code: null,
        },
        relayed: { 'x-upstream-request-id': 'req_011Ct0MadeUpForTests' },
      },
      429: {
        headers: {
          'retry-after': '30',
          'anthropic-ratelimit-requests-limit': '50',
          'anthropic-ratelimit-requests-remaining': '0',
          'anthropic-ratelimit-requests-reset': '2026-11-01T00:00:00Z',
          'anthropic-organization-id': 'org-1',
          'request-id': 'req_011Ct0MadeUpForTests',
        },
        error: {
          message: 'The spend limit of this workspace is reached.',
          type: 'rate_limit_error',
          param: null,
          code: 'enforced_spend_limit_reached',
        },
        relayed: {
          'retry-after': '30',
          'anthropic-ratelimit-requests-limit': '50',
          'anthropic-ratelimit-requests-remaining': '0',
          'anthropic-ratelimit-requests-reset': '2026-11-01T00:00:00Z',
          'x-upstream-request-id': 'req_011Ct0MadeUpForTests',
        },
      },
    },
  },
  {
    engine: 'azure',
    fixtures: 'azure',
    baseUrlVariables: ['AZURE_OPENAI_ENDPOINT', 'MAIN_MODEL_BASE_URL'],
    basePath: '',
    withoutBaseUrl: { missing: 'AZURE_OPENAI_ENDPOINT' },
    keyVariables: ['AZURE_OPENAI_API_KEY'],
    credential: (token) => ({ 'api-key': token }),
    fixedHeaders: {},
    pages: [{ request: '/openai/models?api-version=2024-06-01', fixture: 'list.json' }],
    lastPages: [],
    models: [
      ['gpt-4o-2024-11-20', 1732060800, 'azure'],
      ['gpt-4.1-mini-2025-04-14', 1744588800, 'azure'],
      ['gpt-4.1-mini-2025-04-14.ft-77aa0c2b4e5d4b0f', 1750000000, 'azure'],
    ],
    errors: {
      401: {
        headers: { 'apim-request-id': 'apim-1', 'x-ms-region': 'Sweden Central' },
        error: {
          message: 'The subscription key is invalid, or it belongs to another resource.',
          type: 'authentication_error',
          param: null,
          code: '401',
        },
        relayed: { 'x-upstream-request-id': 'apim-1' },
      },
      429: {
        headers: {
          'retry-after': '8',
          'retry-after-ms': '7500',
          'x-ratelimit-remaining-requests': '0',
          'apim-request-id': 'apim-1',
        },
        error: {
          message: 'The call rate limit of your tier is exceeded. Wait 8 seconds.',
          type: 'rate_limit_error',
          param: null,
          code: 'TooManyRequests',
        },
        relayed: {
          'retry-after': '8',
          'retry-after-ms': '7500',
          'x-ratelimit-remaining-requests': '0',
          'x-upstream-request-id': 'apim-1',
        },
      },
    },
  },
  {
    engine: 'cohere',
    fixtures: 'cohere',
    baseUrlVariables: ['COHERE_BASE_URL', 'MAIN_MODEL_BASE_URL'],
    basePath: '',
    withoutBaseUrl: { host: 'api.cohere.com' },
    keyVariables: ['COHERE_API_KEY'],
    credential: verbatim,
    fixedHeaders: {},
    pages: [
      { request: '/v1/models?page_size=1000', fixture: 'list.page1.json' },
      { request: '/v1/models?page_size=1000&page_token=dG9rZW4gMi8z%2B%2F%3D', fixture: 'list.page2.json' },
      { request: '/v1/models?page_size=1000&page_token=p3', fixture: 'list.page3.json' },
    ],
    lastPages: [
      { next_page_token: '' },
      { next_page_token: null },
      { next_page_token: undefined },
      { models: [] },
    ],
    models: [
      ['command-a-03-2025', undefined, 'cohere'],
      ['command-r7b-12-2024', undefined, 'cohere'],
      ['embed-v4.0', undefined, 'cohere'],
      ['rerank-v3.5', undefined, 'cohere'],
    ],
    errors: {
      401: {
        headers: { 'x-debug-trace-id': 'trace-1' },
        error: {
          message: 'This API token is not known.',
          type: 'authentication_error',
          param: null,
          code: null,
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '12', 'x-ratelimit-reset': '1793800000' },
        error: {
          message: 'A trial key may send only so many requests a minute.',
          type: 'rate_limit_error',
          param: null,
          code: null,
        },
        relayed: { 'retry-after': '12', 'x-ratelimit-reset': '1793800000' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'My-Custom-Engine',
    fixtures: 'custom',
    withoutBaseUrl: 'an empty list',
    keyVariables: ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
    models: [
      ['orbit/chat@2025-06', 1749000000, 'orbit'],
      ['orbit/embed', undefined, 'My-Custom-Engine'],
    ],
    errors: {
      401: {
        headers: { 'www-authenticate': 'Bearer', 'x-ms-request-id': 'ms-1' },
        error: { message: 'Not authenticated', type: 'authentication_error', param: null, code: null },
        relayed: { 'www-authenticate': 'Bearer', 'x-upstream-request-id': 'ms-1' },
      },
      429: {
        headers: { 'retry-after': '0.5', 'x-ratelimit-limit': '10' },
        error: {
          message: 'header.authorization: too many requests with this token',
          type: 'rate_limit_error',
          param: null,
          code: null,
        },
        relayed: { 'retry-after': '0.5', 'x-ratelimit-limit': '10' },
      },
    },
  },
];
