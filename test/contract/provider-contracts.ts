import { secret } from '../support/start-gateway.js';

type Headers = Readonly<Record<string, string>>;
type Fields = Readonly<Record<string, unknown>>;
/** A body: the name of a file in the folder of the fixtures, or the body itself. */
type Fixture = string | object;

/** The answer to a caller for a provider's 4xx: the error in OpenAI's envelope, and its headers. */
interface RelayedError {
  /** The provider's body; by default the fixture `error.<status>.json`. */
  readonly fixture?: Fixture;
  /** The provider's headers; `{credential}` stands for the one that was sent, here and in the body. */
  readonly headers: Headers;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
  readonly relayed: Headers;
}

/** A page of a provider's list: the request for it and the answer. */
export interface ContractPage {
  /** Path and query string. */
  readonly request: string;
  readonly fixture: Fixture;
}

/** A variable that a vendor's class declares, what it accepts and what it refuses. */
interface ContractVariable {
  readonly name: string;
  readonly byDefault?: string;
  readonly accepts: readonly (readonly [text: string, value: unknown])[];
  readonly refuses: readonly string[];
  /** Completes the sentence "VARIABLE must be …". */
  readonly rule: string;
}

/** The behaviour of a provider, seen from outside. */
export interface ProviderContract {
  /** The value of `MAIN_MODEL_ENGINE`. */
  readonly engine: string;
  /** Further required variables. */
  readonly settings?: Headers;
  /** The folder of the fixtures, if it does not have the engine's name. */
  readonly fixtures?: string;
  /** In the order in which they are read. */
  readonly baseUrlVariables: readonly [string, ...string[]];
  /** The usual path of a base URL. */
  readonly basePath: string;
  /** What happens when no base URL is set. */
  readonly withoutBaseUrl: { readonly host: string } | { readonly missing: string } | 'an empty list';
  /** Base URLs, and the URLs of their lists. */
  readonly urls?: readonly (readonly [base: string, list: string, settings?: Headers])[];
  /** In the order in which they are read. */
  readonly keyVariables: readonly [string, ...string[]];
  /** Further ones, read where `MAIN_MODEL_BASE_URL` is set. */
  readonly otherHostKeyVariables?: readonly string[];
  /** The variables that the vendor's class declares. */
  readonly variables?: readonly ContractVariable[];
  readonly pages: readonly [ContractPage, ...ContractPage[]];
  /** The pages of a second list, which are asked after those. */
  readonly secondPages?: readonly ContractPage[];
  /** The field of a page with its rows; `data` by default. */
  readonly listField?: string;
  /** The field of a row with its id; `id` by default. */
  readonly idField?: string;
  /** Bodies that are a list without models. */
  readonly emptyLists?: readonly object[];
  /** The models of the pages: id, date, owner. Without a date it is the start of the process. */
  readonly models: readonly (readonly [id: string, created: number | undefined, owner: string])[];
  /** The metadata of the first model. */
  readonly metadata: Fields;
  /** Fields of a row, and the metadata that they make. */
  readonly moreMetadata?: readonly (readonly [fields: Fields, metadata: Fields])[];
  readonly errors?: Readonly<Record<401 | 429, RelayedError>>;
}

/** The behaviour of a provider with its own file. */
export interface FullContract extends ProviderContract {
  /** Whether a request without a key is signed instead. */
  readonly signsWithoutKey?: true;
  /** The headers that carry a token, or the `Authorization` header that it came in. */
  readonly credential: (token: string, authorization?: string) => Headers;
  /** Tokens that are sent in other headers than `credential`, and those headers. */
  readonly otherTokens?: readonly (readonly [name: string, token: string, headers: Headers])[];
  /** Headers of every request. */
  readonly fixedHeaders: Headers;
  /** Fields that make any page the last one; relevant only with several pages. */
  readonly lastPages: readonly Fields[];
  readonly errors: Readonly<Record<401 | 429, RelayedError>>;
}

const verbatim = (token: string, authorization = `Bearer ${token}`): Headers => ({ authorization });

export const OPENAI_COMPATIBLE = {
  baseUrlVariables: ['MAIN_MODEL_BASE_URL'],
  basePath: '/v1',
  credential: verbatim,
  fixedHeaders: {},
  pages: [{ request: '/v1/models', fixture: 'list.json' }],
  lastPages: [],
} as const;

const AZURE_DATED = 'https://res.openai.azure.com/openai/models?api-version=2024-06-01';
const AZURE_V1 = 'https://res.openai.azure.com/openai/v1/models';
const AZURE_DEPLOYMENTS = 'https://res.openai.azure.com/openai/deployments?api-version=2023-03-15-preview';
const COHERE = 'https://api.cohere.com/v1/models?page_size=1000';
const GEMINI = 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000';
const GITHUB_MODELS = 'https://models.github.ai/catalog/models';
const DATABRICKS = 'https://adb-1.test/api/2.0/serving-endpoints';
const DATABRICKS_GATEWAY = 'https://adb-1.test/ai-gateway/mlflow/v1/models';
const WATSONX_QUERY = '?version=2024-05-01&limit=200';
const WATSONX = `https://eu-de.ml.cloud.ibm.com/ml/v1/foundation_model_specs${WATSONX_QUERY}`;
const CLOUDFLARE_PATH = '/client/v4/accounts/acc1/ai/models/search';
const CLOUDFLARE = `https://api.cloudflare.com${CLOUDFLARE_PATH}?page=1&per_page=100`;
const AZURE_JWT = `eyJhbGciOiJSUzI1NiJ9.${secret('claims')}.c2lnbmF0dXJl`;
const ANTHROPIC_OAUTH = `sk-ant-oat01-${secret('oauth')}`;
const GOOGLE_OAUTH = `ya29.${secret('oauth')}`;

/** The contract table: a new vendor with its own file is one row here. */
export const PROVIDER_CONTRACTS: readonly FullContract[] = [
  {
    ...OPENAI_COMPATIBLE,
    engine: 'openai',
    withoutBaseUrl: { host: 'api.openai.com' },
    keyVariables: ['OPENAI_API_KEY'],
    models: [
      ['gpt-4.1', 1744316542, 'system'],
      ['ft:gpt-4.1-mini-2025-04-14:orbit-labs:triage:Zx81Qp27', 1751328000, 'orbit-labs'],
      ['text-embedding-3-large', 1705953180, 'system'],
    ],
    metadata: { shutdown_date: null },
    moreMetadata: [
      [{ shutdown_date: '2026-12-01' }, { deprecates_at: 1_796_083_200, shutdown_date: '2026-12-01' }],
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
    withoutBaseUrl: { missing: 'MAIN_MODEL_BASE_URL' },
    keyVariables: ['NVIDIA_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
    models: [
      ['meta/llama-3.1-8b-instruct', 735790403, 'meta'],
      ['nvidia/nv-embedqa-e5-v5', 735790403, 'nvidia'],
      ['mistralai/mixtral-8x22b-instruct-v0.1', 735790403, 'mistralai'],
    ],
    metadata: {},
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
    withoutBaseUrl: { missing: 'MAIN_MODEL_BASE_URL' },
    keyVariables: ['VLLM_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
    models: [
      ['Qwen/Qwen2.5-7B-Instruct', 1763200000, 'vllm'],
      ['/srv/weights/qwen2.5-7b', 1763200000, 'vllm'],
      ['support-lora', 1763200000, 'vllm'],
    ],
    metadata: { context_length: 32_768, max_model_len: 32_768 },
    moreMetadata: [
      // llama.cpp
      [{ meta: { n_ctx: 4096, n_params: 1 } }, { context_length: 4096, max_model_len: 4096 }],
      [
        { display_name: 'Orbit w/ tools (fp8/int4)' },
        { display_name: 'Orbit w/ tools (fp8/int4)', name: 'Orbit w/ tools (fp8/int4)' },
      ],
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
    withoutBaseUrl: { missing: 'MAIN_MODEL_BASE_URL' },
    keyVariables: ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
    models: [['Mistral-Nemo-12B-FP8', 1763300000, 'tensorrt_llm']],
    metadata: {},
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
    baseUrlVariables: ['MAIN_MODEL_BASE_URL'],
    basePath: '',
    withoutBaseUrl: { host: 'api.anthropic.com' },
    keyVariables: ['ANTHROPIC_API_KEY'],
    credential: (token) => ({ 'x-api-key': token }),
    otherTokens: [
      [
        'an OAuth token',
        ANTHROPIC_OAUTH,
        { authorization: `Bearer ${ANTHROPIC_OAUTH}`, 'anthropic-beta': 'oauth-2025-04-20' },
      ],
    ],
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
    metadata: {
      display_name: 'Claude Opus 4.5',
      name: 'Claude Opus 4.5',
      context_length: 200_000,
      max_model_len: 200_000,
      max_output_tokens: 64_000,
      capabilities: ['vision'],
      architecture: { input_modalities: ['text', 'image'] },
      lifecycle: 'active',
    },
    moreMetadata: [
      [
        {
          lifecycle: 'deprecated',
          deprecated_at: '2026-12-01T00:00:00Z',
          retires_at: '2027-12-01T00:00:00Z',
        },
        { lifecycle: 'deprecated', deprecates_at: 1_796_083_200, shutdown_date: '2027-12-01' },
      ],
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
    baseUrlVariables: ['AZURE_OPENAI_ENDPOINT', 'MAIN_MODEL_BASE_URL'],
    basePath: '',
    withoutBaseUrl: { missing: 'AZURE_OPENAI_ENDPOINT' },
    urls: [
      ['https://res.openai.azure.com', AZURE_DATED],
      ['https://res.openai.azure.com/', AZURE_DATED],
      ['https://res.openai.azure.com/openai', AZURE_DATED],
      ['https://res.openai.azure.com/openai/', AZURE_DATED],
      ['https://res.openai.azure.com/openai/models', AZURE_DATED],
      ['https://res.openai.azure.com/openai/deployments', AZURE_DATED],
      ['https://res.openai.azure.com/openai/deployments/my-gpt', AZURE_DATED],
      ['https://res.openai.azure.com/openai/deployments/my-gpt/chat/completions', AZURE_DATED],
      ['https://res.openai.azure.com/openai/v1', AZURE_V1],
      ['https://res.openai.azure.com/openai/v1/', AZURE_V1],
      ['https://res.openai.azure.com/openai/v1/models', AZURE_V1],
      ['https://gw.test/azure', 'https://gw.test/azure/openai/models?api-version=2024-06-01'],
      ['https://gw.test/azure/openai/v1', 'https://gw.test/azure/openai/v1/models'],
      ['https://gw.test?tenant=a', 'https://gw.test/openai/models?tenant=a&api-version=2024-06-01'],
      ['https://gw.test/openai/v1?tenant=a', 'https://gw.test/openai/v1/models?tenant=a'],
      [
        'https://gw.test/openai/deployments/my-gpt/chat/completions?api-version=2023-05-15',
        'https://gw.test/openai/models?api-version=2023-05-15',
      ],
      ...(
        [
          ['https://gw.test', 'https://gw.test/openai/models?api-version=2024-10-21'],
          ['https://gw.test?api-version=2023-05-15', 'https://gw.test/openai/models?api-version=2024-10-21'],
          ['https://gw.test/openai/v1', 'https://gw.test/openai/v1/models'],
        ] as const
      ).map(([base, list]) => [base, list, { AZURE_OPENAI_API_VERSION: '2024-10-21' }] as const),
      ...(
        [
          ['https://res.openai.azure.com', '', AZURE_DEPLOYMENTS],
          ['https://res.openai.azure.com/', '2024-06-01', AZURE_DEPLOYMENTS],
          ['https://res.openai.azure.com/openai', '', AZURE_DEPLOYMENTS],
          ['https://res.openai.azure.com/openai/v1/', '', AZURE_DEPLOYMENTS],
          ['https://res.openai.azure.com/openai/models', '', AZURE_DEPLOYMENTS],
          ['https://res.openai.azure.com/openai/deployments/gpt/chat/completions', '', AZURE_DEPLOYMENTS],
          ['https://res.openai.azure.com?api-version=2024-10-21', '', AZURE_DEPLOYMENTS],
          ['https://gw.test/a', '2022-12-01', 'https://gw.test/a/openai/deployments?api-version=2022-12-01'],
          [
            'https://gw.test?api-version=2022-12-01',
            '',
            'https://gw.test/openai/deployments?api-version=2022-12-01',
          ],
        ] as const
      ).map(([base, version, list]) => {
        const settings = { AZURE_OPENAI_LIST: 'deployments', AZURE_OPENAI_API_VERSION: version };
        return [base, list, settings] as const;
      }),
    ],
    variables: [
      {
        name: 'AZURE_OPENAI_API_VERSION',
        accepts: ['2024-10-21', '2024-08-01-preview', 'v1'].map((version) => [version, version]),
        refuses: ['2024 10 21', '2024-10-21&x=y', '?'],
        rule: 'an API version such as 2024-06-01',
      },
      {
        name: 'AZURE_OPENAI_LIST',
        byDefault: 'models',
        accepts: [
          ['models', 'models'],
          ['Deployments', 'deployments'],
        ],
        refuses: ['deployment', 'models,deployments', 'toString'],
        rule: 'one of models, deployments',
      },
    ],
    keyVariables: ['AZURE_OPENAI_API_KEY'],
    credential: (token) => ({ 'api-key': token }),
    otherTokens: [
      ['a JSON Web Token', AZURE_JWT, { authorization: `Bearer ${AZURE_JWT}` }],
      ['a key with dots', `a.${secret('key')}.b`, { 'api-key': `a.${secret('key')}.b` }],
      ['half a JSON Web Token', `eyJ.${secret('half')}`, { 'api-key': `eyJ.${secret('half')}` }],
    ],
    fixedHeaders: {},
    pages: [{ request: '/openai/models?api-version=2024-06-01', fixture: 'list.json' }],
    lastPages: [],
    models: [
      ['gpt-4o-2024-11-20', 1732060800, 'azure'],
      ['gpt-4.1-mini-2025-04-14', 1744588800, 'azure'],
      ['gpt-4.1-mini-2025-04-14.ft-77aa0c2b4e5d4b0f', 1750000000, 'azure'],
    ],
    metadata: {
      capabilities: ['chat'],
      lifecycle: 'active',
      deprecates_at: 1_790_000_000,
      shutdown_date: '2026-09-21',
    },
    moreMetadata: [
      [{ lifecycle_status: 'generally-available' }, { lifecycle: 'active' }],
      [{ lifecycle_status: 'deprecating' }, { lifecycle: 'deprecated' }],
      [{ lifecycle_status: 'deprecated' }, { lifecycle: 'deprecated' }],
      [{ lifecycle_status: 'retired' }, { lifecycle: 'retired' }],
      [{ capabilities: { chat_completion: false, inference: true } }, { capabilities: ['other'] }],
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
    baseUrlVariables: ['COHERE_BASE_URL', 'MAIN_MODEL_BASE_URL'],
    basePath: '',
    withoutBaseUrl: { host: 'api.cohere.com' },
    urls: [
      ['https://api.cohere.com/v2/chat', COHERE],
      ['https://api.cohere.com/v1/embed/', COHERE],
      [
        'https://vault.test/cohere/v2/rerank?tenant=a',
        'https://vault.test/cohere/v1/models?tenant=a&page_size=1000',
      ],
    ],
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
    listField: 'models',
    idField: 'name',
    models: [
      ['command-a-03-2025', undefined, 'cohere'],
      ['command-r7b-12-2024', undefined, 'cohere'],
      ['embed-v4.0', undefined, 'cohere'],
      ['rerank-v3.5', undefined, 'cohere'],
    ],
    metadata: {
      context_length: 128_000,
      max_model_len: 128_000,
      capabilities: ['chat'],
      lifecycle: 'active',
    },
    moreMetadata: [
      [
        { is_deprecated: true, endpoints: ['embed', 'x'] },
        { capabilities: ['embeddings'], lifecycle: 'deprecated' },
      ],
      [{ features: ['tools', 'json_mode'] }, { capabilities: ['tools'] }],
      [{ endpoints: ['summarize'] }, { capabilities: ['other'] }],
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
    engine: 'gemini',
    basePath: '/v1beta',
    withoutBaseUrl: { host: 'generativelanguage.googleapis.com' },
    urls: [
      ['https://generativelanguage.googleapis.com', GEMINI],
      ['https://generativelanguage.googleapis.com/v1beta', GEMINI],
      ['https://generativelanguage.googleapis.com/v1beta/openai/', GEMINI],
      ['https://generativelanguage.googleapis.com/v1beta/openai/models', GEMINI],
      ['https://generativelanguage.googleapis.com/v1beta/models', GEMINI],
      ['https://generativelanguage.googleapis.com/v1beta//models', GEMINI],
      ['https://gw.test/google/v1?tenant=a', 'https://gw.test/google/v1/models?tenant=a&pageSize=1000'],
      ['https://gw.test/google', 'https://gw.test/google/v1beta/models?pageSize=1000'],
    ],
    keyVariables: ['GOOGLE_API_KEY', 'GEMINI_API_KEY', 'MAIN_MODEL_API_KEY'],
    credential: (token) => ({ 'x-goog-api-key': token }),
    otherTokens: [['an OAuth token', GOOGLE_OAUTH, { authorization: `Bearer ${GOOGLE_OAUTH}` }]],
    pages: [
      { request: '/v1beta/models?pageSize=1000', fixture: 'list.page1.json' },
      {
        request: '/v1beta/models?pageSize=1000&pageToken=Z2VtaW5pIDI%2F%2B%2F%3D%3D',
        fixture: 'list.page2.json',
      },
      { request: '/v1beta/models?pageSize=1000&pageToken=p3', fixture: 'list.page3.json' },
    ],
    lastPages: [{ nextPageToken: '' }, { nextPageToken: null }, { nextPageToken: undefined }, { models: [] }],
    listField: 'models',
    idField: 'name',
    emptyLists: [{}, { nextPageToken: '' }],
    models: [
      ['gemini-2.5-pro', undefined, 'gemini'],
      ['gemini-2.5-flash-lite', undefined, 'gemini'],
      ['embedding-orbit-002', undefined, 'gemini'],
      ['tunedModels/orbit-triage-8c1f', undefined, 'gemini'],
      ['imagen-orbit', undefined, 'gemini'],
    ],
    metadata: {
      display_name: 'Gemini 2.5 Pro',
      name: 'Gemini 2.5 Pro',
      description: 'Thinks before it answers.',
      context_length: 1_048_576,
      max_model_len: 1_048_576,
      max_output_tokens: 65_536,
      capabilities: ['chat', 'reasoning'],
    },
    errors: {
      401: {
        headers: {},
        error: {
          message: 'No account belongs to these credentials.',
          type: 'authentication_error',
          param: null,
          code: '401',
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '20' },
        error: {
          message: 'The quota of generate requests is used up.',
          type: 'rate_limit_error',
          param: null,
          code: '429',
        },
        relayed: { 'retry-after': '20' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'github_models',
    basePath: '',
    withoutBaseUrl: { host: 'models.github.ai' },
    urls: [
      ['https://models.github.ai', GITHUB_MODELS],
      ['https://models.github.ai/inference', GITHUB_MODELS],
      ['https://models.github.ai/orgs/orbit/inference/', GITHUB_MODELS],
      ['https://models.github.ai/catalog', GITHUB_MODELS],
      ['https://models.github.ai/catalog/models', GITHUB_MODELS],
      ['https://gw.test/gh?tenant=a', 'https://gw.test/gh/catalog/models?tenant=a'],
    ],
    keyVariables: ['GITHUB_TOKEN', 'MAIN_MODEL_API_KEY'],
    fixedHeaders: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    pages: [{ request: '/catalog/models', fixture: 'list.json' }],
    models: [
      ['orbit-labs/orbit-4', undefined, 'Orbit Labs'],
      ['orbit-labs/orbit-embed', undefined, 'Orbit Labs'],
      ['nobody/unsigned', undefined, 'github_models'],
    ],
    metadata: {
      display_name: 'Orbit 4',
      name: 'Orbit 4',
      description: 'A model for all.',
      context_length: 131_072,
      max_model_len: 131_072,
      max_output_tokens: 16_384,
      capabilities: ['text_generation', 'tools'],
      architecture: { input_modalities: ['text'], output_modalities: ['text'] },
    },
    errors: {
      401: {
        headers: {},
        error: { message: 'This token is no good.', type: 'authentication_error', param: null, code: null },
        relayed: {},
      },
      429: {
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1765200000' },
        error: { message: 'You have asked too often.', type: 'rate_limit_error', param: null, code: null },
        relayed: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1765200000' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'bedrock',
    settings: {
      AWS_REGION: 'us-east-1',
      // Without AWS credentials: another test covers signed requests.
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
    signsWithoutKey: true,
    basePath: '',
    withoutBaseUrl: { host: 'bedrock.us-east-1.amazonaws.com' },
    urls: [
      ['https://vpc.test/x?tenant=a', 'https://vpc.test/x/foundation-models'],
      ['https://vpc.test/foundation-models/', 'https://vpc.test/foundation-models'],
    ],
    variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'].map((name) => ({
      name,
      accepts: ['us-east-1', 'ap-southeast-2', 'us-gov-west-1'].map((region) => [region, region] as const),
      refuses: ['us east 1', 'us-east-1.evil.test', 'us-east-1/x', 'US-EAST-1', 'u', '-a'],
      rule: 'a region such as us-east-1',
    })),
    keyVariables: ['AWS_BEARER_TOKEN_BEDROCK', 'MAIN_MODEL_API_KEY'],
    pages: [{ request: '/foundation-models', fixture: 'list.json' }],
    secondPages: [
      { request: '/inference-profiles?maxResults=1000', fixture: 'profiles.page1.json' },
      {
        request: '/inference-profiles?maxResults=1000&nextToken=YmVkcm9jayAy%2B%2F%3D',
        fixture: 'profiles.page2.json',
      },
    ],
    listField: 'modelSummaries',
    idField: 'modelId',
    models: [
      ['orbit.embed-v2:0', 1_704_067_200, 'Orbit Labs'],
      ['nobody.plain-v1', undefined, 'bedrock'],
      ['orbit.unprofiled-v1:0', undefined, 'Orbit Labs'],
      ['us.orbit.orbit-large-20260101-v1:0', 1_767_225_600, 'Orbit Labs'],
      ['global.orbit.orbit-large-20260101-v1:0', 1_767_225_600, 'Orbit Labs'],
      ['us.orbit.elsewhere-v1:0', 1_735_689_600, 'bedrock'],
      ['abcd1234', 1_704_067_200, 'Orbit Labs'],
      ['us.nobody.plain-v1', 1_735_689_600, 'bedrock'],
    ],
    metadata: {
      display_name: 'Orbit Embed',
      name: 'Orbit Embed',
      capabilities: ['embeddings'],
      architecture: { input_modalities: ['text'], output_modalities: ['embeddings'] },
      lifecycle: 'deprecated',
    },
    moreMetadata: [
      [
        { modelLifecycle: { status: 'LEGACY', endOfLifeTime: '2026-12-01T00:00:00Z' } },
        { lifecycle: 'deprecated', deprecates_at: 1_796_083_200, shutdown_date: '2026-12-01' },
      ],
    ],
    errors: {
      401: {
        headers: { 'x-amzn-requestid': 'req-bedrock' },
        error: {
          message: 'This key opens nothing here.',
          type: 'authentication_error',
          param: null,
          code: null,
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '2' },
        error: {
          message: 'Too many requests for this account.',
          type: 'rate_limit_error',
          param: null,
          code: null,
        },
        relayed: { 'retry-after': '2' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'databricks',
    basePath: '',
    baseUrlVariables: ['DATABRICKS_HOST', 'MAIN_MODEL_BASE_URL'],
    withoutBaseUrl: { missing: 'DATABRICKS_HOST' },
    urls: [
      ['https://adb-1.test', DATABRICKS],
      ['https://adb-1.test/serving-endpoints', DATABRICKS],
      ['https://adb-1.test/api/2.0/serving-endpoints/', DATABRICKS],
      ['adb-1.test', DATABRICKS],
      ['https://adb-1.test/ai-gateway/mlflow/v1', DATABRICKS_GATEWAY],
      ['https://adb-1.test/ai-gateway/mlflow/v1/chat/completions', DATABRICKS_GATEWAY],
      ['https://adb-1.test/ai-gateway/mlflow/v1/models/', DATABRICKS_GATEWAY],
      ['https://gw.test/dbx?o=1', 'https://gw.test/dbx/api/2.0/serving-endpoints?o=1'],
    ],
    variables: [
      {
        name: 'DATABRICKS_HOST',
        accepts: [
          ['https://w.test', 'https://w.test'],
          ['http://localhost:1', 'http://localhost:1'],
          ['adb-1.7.azuredatabricks.net', 'https://adb-1.7.azuredatabricks.net'],
        ],
        refuses: ['ftp://w.test', 'https://user:MARK@w.test', 'two words'],
        rule: 'an http:// or https:// URL without a user name or password in it',
      },
    ],
    keyVariables: ['DATABRICKS_TOKEN', 'MAIN_MODEL_API_KEY'],
    pages: [{ request: '/api/2.0/serving-endpoints', fixture: 'list.json' }],
    listField: 'endpoints',
    idField: 'name',
    emptyLists: [{}],
    models: [
      ['databricks-orbit-large', 1759500000, 'databricks'],
      ['triage-prod', 1760600000, 'databricks'],
    ],
    metadata: { capabilities: ['chat'] },
    errors: {
      401: {
        headers: {},
        error: {
          message: 'The token has no place in this workspace.',
          type: 'authentication_error',
          param: null,
          code: 'UNAUTHENTICATED',
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '3' },
        error: {
          message: 'Too many calls to the workspace.',
          type: 'rate_limit_error',
          param: null,
          code: 'REQUEST_LIMIT_EXCEEDED',
        },
        relayed: { 'retry-after': '3' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'watsonx',
    baseUrlVariables: ['WATSONX_URL', 'MAIN_MODEL_BASE_URL'],
    basePath: '',
    withoutBaseUrl: { missing: 'WATSONX_URL' },
    urls: [
      ['', WATSONX, { WATSONX_REGION: 'eu-de' }],
      ['https://eu-de.ml.cloud.ibm.com', WATSONX],
      ['https://eu-de.ml.cloud.ibm.com/ml/v1', WATSONX],
      ['https://eu-de.ml.cloud.ibm.com/ml/v1/text/chat', WATSONX],
      [
        'https://cpd.test/x?version=2025-02-11&limit=50',
        'https://cpd.test/x/ml/v1/foundation_model_specs?version=2025-02-11&limit=50',
      ],
    ],
    variables: [
      {
        name: 'WATSONX_REGION',
        accepts: ['us-south', 'eu-de', 'ca-tor', 'ap-south-1'].map((region) => [region, region] as const),
        refuses: ['us south', 'us-south.evil.test', 'US-SOUTH', 'south', 'us-'],
        rule: 'a region such as us-south',
      },
    ],
    keyVariables: ['WATSONX_TOKEN', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      { request: `/ml/v1/foundation_model_specs${WATSONX_QUERY}`, fixture: 'list.page1.json' },
      {
        request: `/ml/v1/foundation_model_specs${WATSONX_QUERY}&start=d2F0c29ueCAy%2B%2F%3D`,
        fixture: 'list.page2.json',
      },
      { request: `/ml/v1/foundation_model_specs${WATSONX_QUERY}&start=p3`, fixture: 'list.page3.json' },
    ],
    lastPages: [{ next: undefined }, { next: null }, { next: {} }, { resources: [] }],
    listField: 'resources',
    idField: 'model_id',
    models: [
      ['orbit/granite-orbit-8b-instruct', 1_714_521_600, 'Orbit'],
      ['orbit/slate-orbit-embed', 1_706_745_600, 'Orbit'],
      ['nobody/ttm-orbit', undefined, 'watsonx'],
      ['orbit/last', undefined, 'watsonx'],
    ],
    metadata: {
      display_name: 'granite-orbit-8b-instruct',
      name: 'granite-orbit-8b-instruct',
      description: 'A model for chats in many languages.',
      context_length: 131_072,
      max_model_len: 131_072,
      max_output_tokens: 8192,
      capabilities: ['chat', 'text_generation', 'tools'],
      deprecates_at: 1_796_083_200,
      shutdown_date: '2027-03-01',
    },
    moreMetadata: [
      [{ functions: [{ id: 'rerank' }, null, 'x', { id: 7 }] }, { capabilities: ['rerank'] }],
      [{ functions: [{ id: 'time_series_forecast' }] }, { capabilities: ['other'] }],
      [{ functions: 'rerank', lifecycle: 'available', model_limits: [8192] }, {}],
      [{ lifecycle: [{ id: 'withdrawn', start_date: 'soon' }] }, {}],
    ],
    errors: {
      401: {
        headers: { 'x-request-id': 'ibm-1' },
        error: {
          message: 'The token is expired.',
          type: 'authentication_error',
          param: null,
          code: null,
        },
        fixture: { message: 'The token is expired.' },
        relayed: { 'x-upstream-request-id': 'ibm-1' },
      },
      429: {
        headers: { 'retry-after': '3' },
        error: { message: 'Too many requests.', type: 'rate_limit_error', param: null, code: null },
        fixture: { message: 'Too many requests.' },
        relayed: { 'retry-after': '3' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'cloudflare',
    settings: { CLOUDFLARE_ACCOUNT_ID: 'acc1' },
    basePath: '',
    withoutBaseUrl: { host: 'api.cloudflare.com' },
    urls: [
      ['https://api.cloudflare.com/client/v4', CLOUDFLARE],
      ['https://api.cloudflare.com/client/v4/accounts/acc1', CLOUDFLARE],
      ['https://api.cloudflare.com/client/v4/accounts/acc1/ai/v1', CLOUDFLARE],
      ['https://api.cloudflare.com/client/v4/accounts/acc1/ai/v1/chat/completions', CLOUDFLARE],
      ['https://api.cloudflare.com/client/v4/accounts/acc1/ai/run/@cf/orbit/a', CLOUDFLARE],
      ['https://api.cloudflare.com/client/v4/accounts/acc1/ai/models/search', CLOUDFLARE],
      [
        'https://gw.test/cf/accounts/other?hide_experimental=true',
        'https://gw.test/cf/accounts/other/ai/models/search?hide_experimental=true&page=1&per_page=100',
      ],
    ],
    variables: [
      {
        name: 'CLOUDFLARE_ACCOUNT_ID',
        accepts: [['023e105f4ecef8ad9ca31a8372d0c353', '023e105f4ecef8ad9ca31a8372d0c353']],
        refuses: ['a/b', '..', 'a b', 'a?b'],
        rule: 'the id of an account, of letters and digits',
      },
    ],
    keyVariables: ['CLOUDFLARE_API_TOKEN', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      { request: `${CLOUDFLARE_PATH}?page=1&per_page=100`, fixture: 'list.page1.json' },
      { request: `${CLOUDFLARE_PATH}?page=2&per_page=100`, fixture: 'list.page2.json' },
      { request: `${CLOUDFLARE_PATH}?page=3&per_page=100`, fixture: 'list.page3.json' },
    ],
    lastPages: [
      { result_info: undefined },
      { result_info: null },
      { result_info: { page: 2, per_page: 2, total_count: 4 } },
      { result: [] },
      { result: null },
    ],
    listField: 'result',
    idField: 'name',
    models: [
      ['@cf/orbit/orbit-8b-instruct', 1_700_000_000, 'cloudflare'],
      ['@cf/orbit/whisper-orbit', undefined, 'cloudflare'],
      ['@cf/orbit/orbit-embed', undefined, 'cloudflare'],
      ['@cf/orbit/orbit-image', undefined, 'cloudflare'],
      ['@cf/orbit/last', undefined, 'cloudflare'],
    ],
    metadata: {
      description: 'A small model.',
      context_length: 32_000,
      max_model_len: 32_000,
      capabilities: ['text_generation', 'tools'],
      pricing: { prompt: '0.00000028', completion: '0.00000083' },
      deprecates_at: 1_796_083_200,
    },
    moreMetadata: [
      [{ task: { name: 'Automatic Speech Recognition' } }, { capabilities: ['transcription'] }],
      [{ task: { name: 'Text-to-Speech' } }, { capabilities: ['speech'] }],
      [{ task: { name: 'Text Embeddings' } }, { capabilities: ['embeddings'] }],
      [{ task: { name: 'Dumb Pipe' } }, { capabilities: ['other'] }],
      [{ task: 'Text Generation', properties: { context_window: '1' } }, {}],
      [
        {
          properties: [
            null,
            { property_id: 'context_window', value: '12k' },
            { property_id: 'price', value: [{ unit: 'per audio minute', price: 1, currency: 'USD' }] },
            { property_id: 'function_calling', value: 'false' },
            { property_id: '__proto__', value: { polluted: true } },
          ],
        },
        {},
      ],
    ],
    errors: {
      401: {
        headers: { 'cf-ray': '8e1f0a1b2c3d4e5f-FRA' },
        error: {
          message: 'Authentication error',
          type: 'authentication_error',
          param: null,
          code: '10000',
        },
        relayed: { 'x-upstream-request-id': '8e1f0a1b2c3d4e5f-FRA' },
      },
      429: {
        headers: { 'retry-after': '5' },
        error: {
          message: 'Please wait and consider throttling your request speed',
          type: 'rate_limit_error',
          param: null,
          code: '971',
        },
        relayed: { 'retry-after': '5' },
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
    metadata: {},
    moreMetadata: [[{ capabilities: ['tools', 'chat', 'chat'] }, { capabilities: ['chat', 'tools'] }]],
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

/** The same for the rows of `compatible-vendors.ts`: what they share with `openai` is not tested for each of them. */
export const COMPATIBLE_CONTRACTS: readonly ProviderContract[] = [
  {
    ...OPENAI_COMPATIBLE,
    engine: 'mistral',
    withoutBaseUrl: { host: 'api.mistral.ai' },
    keyVariables: ['MISTRAL_API_KEY', 'MAIN_MODEL_API_KEY'],
    models: [
      ['magistral-orbit-2509', 1757894400, 'mistralai'],
      ['magistral-orbit-latest', 1757894400, 'mistralai'],
      ['ft:open-orbit:9f2c:20260110:triage', undefined, 'orbit-labs'],
    ],
    metadata: {
      context_length: 40_960,
      max_model_len: 40_960,
      capabilities: ['chat', 'vision', 'tools'],
      architecture: { input_modalities: ['text', 'image'] },
    },
    moreMetadata: [
      [{ deprecation: '2026-12-01T00:00:00Z' }, { deprecates_at: 1_796_083_200 }],
      [
        { capabilities: { completion_chat: false, vision: true } },
        { capabilities: ['vision', 'other'], architecture: { input_modalities: ['text', 'image'] } },
      ],
      [{ capabilities: { completion_chat: false, moderation: true } }, { capabilities: ['moderation'] }],
    ],
    errors: {
      401: {
        headers: {},
        error: { message: 'This key opens nothing.', type: 'authentication_error', param: null, code: null },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '2' },
        error: {
          message: 'query.limit: slow down, please',
          type: 'rate_limit_error',
          param: null,
          code: null,
        },
        relayed: { 'retry-after': '2' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'groq',
    basePath: '/openai/v1',
    withoutBaseUrl: { host: 'api.groq.com' },
    keyVariables: ['GROQ_API_KEY', 'MAIN_MODEL_API_KEY'],
    pages: [{ request: '/openai/v1/models', fixture: 'list.json' }],
    models: [
      ['llama-orbit-8b-instant', 1739000000, 'Meta'],
      ['whisper-orbit-v3', 1693000000, 'OpenAI'],
    ],
    metadata: { context_length: 131_072, max_model_len: 131_072, max_output_tokens: 8192 },
    errors: {
      401: {
        headers: {},
        error: {
          message: 'The key [redacted] is unknown here.',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '2', 'x-ratelimit-limit-requests': '30', 'x-request-id': 'groq-1' },
        error: {
          message: 'Requests per minute: 30 of 30.',
          type: 'requests',
          param: null,
          code: 'rate_limit_exceeded',
        },
        relayed: {
          'retry-after': '2',
          'x-ratelimit-limit-requests': '30',
          'x-upstream-request-id': 'groq-1',
        },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'together',
    withoutBaseUrl: { host: 'api.together.ai' },
    keyVariables: ['TOGETHER_API_KEY', 'MAIN_MODEL_API_KEY'],
    models: [
      ['orbit-labs/Orbit-70B-Turbo', 1740000000, 'Orbit Labs'],
      ['BAAI/bge-orbit-en', 1690000000, 'BAAI'],
      ['orbit/unowned', 1690000001, 'together'],
    ],
    metadata: {
      display_name: 'Orbit 70B Turbo',
      name: 'Orbit 70B Turbo',
      context_length: 131_072,
      max_model_len: 131_072,
      capabilities: ['chat'],
    },
    moreMetadata: [[{ type: 'video' }, { capabilities: ['other'] }]],
    errors: {
      401: {
        headers: {},
        error: { message: 'Wrong key.', type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '4' },
        error: {
          message: 'Too many requests in this minute.',
          type: 'request_limit',
          param: null,
          code: null,
        },
        relayed: { 'retry-after': '4' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'fireworks',
    basePath: '/inference/v1',
    withoutBaseUrl: { host: 'api.fireworks.ai' },
    keyVariables: ['FIREWORKS_API_KEY', 'MAIN_MODEL_API_KEY'],
    pages: [{ request: '/inference/v1/models', fixture: 'list.json' }],
    models: [
      ['accounts/fireworks/models/orbit-v2p1', 1761000000, 'fireworks'],
      ['accounts/orbit-labs/models/triage', 1762000000, 'orbit-labs'],
    ],
    metadata: { context_length: 163_840, max_model_len: 163_840, capabilities: ['chat', 'tools'] },
    moreMetadata: [[{ supports_chat: false }, { capabilities: ['other'] }]],
    errors: {
      401: {
        headers: {},
        error: {
          message: 'No account has this key.',
          type: 'invalid_request_error',
          param: null,
          code: 'unauthorized',
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '1' },
        error: { message: 'Later.', type: 'rate_limit', param: null, code: 'too_many' },
        relayed: { 'retry-after': '1' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'openrouter',
    basePath: '/api/v1',
    withoutBaseUrl: { host: 'openrouter.ai' },
    keyVariables: ['OPENROUTER_API_KEY', 'MAIN_MODEL_API_KEY'],
    urls: [
      [
        'https://openrouter.ai/api/v1?output_modalities=text&category=roleplay',
        'https://openrouter.ai/api/v1/models?output_modalities=text&category=roleplay',
      ],
      [
        'https://openrouter.ai/api/v1?category=roleplay',
        'https://openrouter.ai/api/v1/models?category=roleplay&output_modalities=all',
      ],
    ],
    pages: [{ request: '/api/v1/models?output_modalities=all', fixture: 'list.json' }],
    models: [
      ['orbit-labs/orbit-large', 1765000000, 'openrouter'],
      ['orbit-labs/orbit-small:free', 1755000000, 'openrouter'],
    ],
    metadata: {
      display_name: 'Orbit Labs: Large',
      name: 'Orbit Labs: Large',
      context_length: 262_144,
      max_model_len: 262_144,
      max_output_tokens: 32_000,
      capabilities: ['text_generation', 'vision', 'tools'],
      architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'] },
      pricing: { prompt: '0.000002', completion: '0.00001' },
      supported_parameters: ['max_tokens', 'tools'],
    },
    moreMetadata: [
      [
        { architecture: { output_modalities: ['video'] } },
        { capabilities: ['other'], architecture: { output_modalities: ['video'] } },
      ],
      [
        {
          architecture: { modality: 'audio->text', input_modalities: ['audio'], output_modalities: ['text'] },
        },
        {
          capabilities: ['audio', 'transcription'],
          architecture: { input_modalities: ['audio'], output_modalities: ['text'] },
        },
      ],
      [{ architecture: { modality: 'audio->text' } }, { capabilities: ['transcription'] }],
      [
        { architecture: { input_modalities: ['text', 'audio'], output_modalities: ['text'] } },
        {
          capabilities: ['text_generation', 'audio'],
          architecture: { input_modalities: ['text', 'audio'], output_modalities: ['text'] },
        },
      ],
      [
        { architecture: { input_modalities: ['audio'], output_modalities: ['text', 'audio'] } },
        {
          capabilities: ['text_generation', 'audio', 'speech'],
          architecture: { input_modalities: ['audio'], output_modalities: ['text', 'audio'] },
        },
      ],
    ],
    errors: {
      401: {
        headers: {},
        error: { message: 'Who are you?', type: 'authentication_error', param: null, code: '401' },
        relayed: {},
      },
      429: {
        headers: { 'x-ratelimit-limit': '50', 'x-ratelimit-reset': '1765100000000' },
        error: {
          message: 'The free requests of today are used up.',
          type: 'rate_limit_error',
          param: null,
          code: '429',
        },
        relayed: { 'x-ratelimit-limit': '50', 'x-ratelimit-reset': '1765100000000' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'deepseek',
    withoutBaseUrl: { host: 'api.deepseek.com' },
    keyVariables: ['DEEPSEEK_API_KEY', 'MAIN_MODEL_API_KEY'],
    models: [
      ['deepseek-orbit', undefined, 'deepseek'],
      ['deepseek-orbit-thinking', undefined, 'deepseek'],
    ],
    metadata: {},
    errors: {
      401: {
        headers: {},
        error: {
          message: 'The key ****[redacted] does not work.',
          type: 'authentication_error',
          param: null,
          code: 'invalid_request_error',
        },
        relayed: {},
      },
      429: {
        headers: {},
        error: { message: 'You are too fast.', type: 'rate_limited', param: null, code: '429' },
        relayed: {},
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'xai',
    withoutBaseUrl: { host: 'api.x.ai' },
    keyVariables: ['XAI_API_KEY', 'MAIN_MODEL_API_KEY'],
    models: [
      ['grok-orbit', 1752500000, 'xai'],
      ['grok-orbit-image', 1742000000, 'xai'],
    ],
    metadata: {},
    moreMetadata: [
      [
        { input_modalities: ['text', 'image'], output_modalities: ['text'] },
        {
          capabilities: ['text_generation', 'vision'],
          architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'] },
        },
      ],
    ],
    errors: {
      401: {
        headers: {},
        error: {
          message: 'The key [redacted] is not one of ours.',
          type: 'authentication_error',
          param: null,
          code: 'unauthenticated:bad-credentials',
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '6' },
        error: {
          message: 'The team has used up its requests.',
          type: 'rate_limit_error',
          param: null,
          code: 'resource-exhausted',
        },
        relayed: { 'retry-after': '6' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'ollama',
    withoutBaseUrl: { host: 'localhost:11434' },
    keyVariables: ['MAIN_MODEL_API_KEY'],
    emptyLists: [{ object: 'list', data: null }],
    models: [
      ['orbit3:8b-instruct-q4_K_M', 1758500000, 'library'],
      ['orbit-labs/triage:latest', 1759500000, 'orbit-labs'],
    ],
    metadata: {},
    errors: {
      401: {
        headers: {},
        error: { message: 'unauthorized', type: 'authentication_error', param: null, code: null },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '1' },
        error: { message: 'The queue is full.', type: 'api_error', param: null, code: null },
        relayed: { 'retry-after': '1' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'huggingface',
    withoutBaseUrl: { host: 'router.huggingface.co' },
    keyVariables: ['HF_TOKEN', 'HUGGINGFACE_API_KEY', 'MAIN_MODEL_API_KEY'],
    models: [['orbit-labs/Orbit-V2-Instruct', 1770000000, 'orbit-labs']],
    metadata: {
      context_length: 65_536,
      max_model_len: 65_536,
      capabilities: ['text_generation', 'tools'],
      architecture: { input_modalities: ['text'], output_modalities: ['text'] },
      pricing: { prompt: '0.0000004', completion: '0.0000015' },
    },
    moreMetadata: [
      [{ providers: [] }, {}],
      [{ providers: 'cirrus' }, {}],
      [{ providers: [null, 7, { status: 'live', context_length: '8k', pricing: 'free' }] }, {}],
      [
        {
          providers: [
            { status: 'live', supports_tools: true, context_length: -1 },
            { status: 'live', supports_tools: false, context_length: 4096 },
          ],
        },
        { context_length: 4096, max_model_len: 4096 },
      ],
    ],
    errors: {
      401: {
        headers: {},
        error: {
          message: 'Invalid username or password.',
          type: 'authentication_error',
          param: null,
          code: null,
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '60', 'x-request-id': 'Root=1-hf' },
        error: {
          message: 'Too many requests from this account',
          type: 'rate_limited',
          param: null,
          code: null,
        },
        relayed: { 'retry-after': '60', 'x-upstream-request-id': 'Root=1-hf' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'cerebras',
    withoutBaseUrl: { host: 'api.cerebras.ai' },
    keyVariables: ['CEREBRAS_API_KEY', 'MAIN_MODEL_API_KEY'],
    models: [
      ['gpt-oss-orbit', 1754500000, 'OpenAI'],
      ['qwen-orbit-32b', undefined, 'cerebras'],
    ],
    metadata: {},
    errors: {
      401: {
        headers: {},
        error: {
          message: 'This key fits no lock.',
          type: 'invalid_request_error',
          param: 'api_key',
          code: 'wrong_api_key',
        },
        relayed: {},
      },
      429: {
        headers: { 'x-ratelimit-remaining-tokens-day': '0' },
        error: {
          message: 'The tokens of this day are used up.',
          type: 'too_many_tokens_error',
          param: 'quota',
          code: 'token_quota_exceeded',
        },
        relayed: { 'x-ratelimit-remaining-tokens-day': '0' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'sambanova',
    withoutBaseUrl: { host: 'api.sambanova.ai' },
    keyVariables: ['SAMBANOVA_API_KEY', 'MAIN_MODEL_API_KEY'],
    models: [
      ['Orbit-3.3-70B-Instruct', 1734500000, 'sambanova'],
      ['E5-Orbit-7B', 1734500001, 'sambanova'],
    ],
    metadata: {
      context_length: 131_072,
      max_model_len: 131_072,
      max_output_tokens: 4096,
      pricing: { prompt: '0.0000005', completion: '0.000001' },
    },
    errors: {
      401: {
        headers: {},
        error: {
          message: 'The key was not accepted.',
          type: 'authentication_error',
          param: null,
          code: null,
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '10' },
        error: {
          message: 'Wait a little.',
          type: 'rate_limit_exceeded',
          param: null,
          code: 'rate_limit_exceeded',
        },
        relayed: { 'retry-after': '10' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'triton',
    withoutBaseUrl: { host: 'localhost:9000' },
    keyVariables: ['MAIN_MODEL_API_KEY'],
    models: [
      ['orbit-8b-instruct', 1764000000, 'Triton Inference Server'],
      ['orbit-8b-instruct-lora-triage', 1764000000, 'Triton Inference Server'],
      ['preprocessing', 1764000002, 'Triton Inference Server'],
    ],
    metadata: {},
    errors: {
      401: {
        headers: {},
        error: {
          message: "The header 'orbit-key' has to be right.",
          type: 'authentication_error',
          param: null,
          code: 'invalid_auth',
        },
        relayed: {},
      },
      429: {
        headers: { 'retry-after': '1' },
        error: {
          message: 'The queue of the model is full.',
          type: 'rate_limit_error',
          param: null,
          code: null,
        },
        relayed: { 'retry-after': '1' },
      },
    },
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'perplexity',
    withoutBaseUrl: { host: 'api.perplexity.ai' },
    urls: [
      ['https://api.perplexity.ai/chat/completions', 'https://api.perplexity.ai/v1/models'],
      ['https://api.perplexity.ai/router/v1', 'https://api.perplexity.ai/router/v1/models'],
    ],
    keyVariables: ['PERPLEXITY_API_KEY', 'MAIN_MODEL_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [
            { id: 'orbit/large', object: 'model', created: 0, owned_by: 'orbit' },
            { id: 'sonar-pro', object: 'model', created: 0, owned_by: 'perplexity' },
          ],
        },
      },
    ],
    models: [
      ['orbit/large', 0, 'orbit'],
      ['sonar-pro', 0, 'perplexity'],
      ['sonar', undefined, 'perplexity'],
      ['sonar-reasoning-pro', undefined, 'perplexity'],
      ['sonar-deep-research', undefined, 'perplexity'],
    ],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'moonshot',
    withoutBaseUrl: { host: 'api.moonshot.ai' },
    keyVariables: ['MOONSHOT_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [
            {
              id: 'kimi-orbit',
              object: 'model',
              created: 1_767_000_000,
              owned_by: 'moonshot',
              root: 'kimi-orbit',
              parent: '',
              permission: [{ id: 'x' }],
              context_length: 262_144,
              supports_image_in: true,
              supports_video_in: true,
              supports_reasoning: true,
            },
          ],
        },
      },
    ],
    models: [['kimi-orbit', 1_767_000_000, 'moonshot']],
    metadata: {
      context_length: 262_144,
      max_model_len: 262_144,
      capabilities: ['vision', 'reasoning'],
      architecture: { input_modalities: ['text', 'image', 'video'] },
    },
    moreMetadata: [
      [
        { supports_image_in: false, supports_video_in: false, supports_reasoning: false },
        { architecture: { input_modalities: ['text'] } },
      ],
      [{ supports_image_in: 'perhaps', supports_reasoning: null }, {}],
    ],
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'siliconflow',
    withoutBaseUrl: { host: 'api.siliconflow.com' },
    keyVariables: ['SILICONFLOW_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-labs/Orbit-V3', object: 'model', created: 0, owned_by: '' }],
        },
      },
    ],
    models: [['orbit-labs/Orbit-V3', 0, 'siliconflow']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'nebius',
    withoutBaseUrl: { host: 'api.tokenfactory.nebius.com' },
    keyVariables: ['NEBIUS_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-labs/orbit-70b', object: 'model', created: 1_767_000_000, owned_by: 'system' }],
        },
      },
    ],
    models: [['orbit-labs/orbit-70b', 1_767_000_000, 'system']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'dashscope',
    basePath: '/compatible-mode/v1',
    withoutBaseUrl: { host: 'dashscope-intl.aliyuncs.com' },
    keyVariables: ['DASHSCOPE_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/compatible-mode/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'qwen-orbit', object: 'model', created: 1_767_000_000, owned_by: 'system' }],
        },
      },
    ],
    models: [['qwen-orbit', 1_767_000_000, 'system']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'vercel',
    withoutBaseUrl: { host: 'ai-gateway.vercel.sh' },
    keyVariables: ['AI_GATEWAY_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [
            {
              id: 'orbit/orbit-large',
              object: 'model',
              created: 1_755_815_280,
              released: 1_755_000_000,
              owned_by: 'orbit',
              name: 'Orbit Large',
              description: 'Large.',
              context_window: 200_000,
              max_tokens: 64_000,
              type: 'language',
              tags: ['file-input', 'tool-use', 'vision'],
              pricing: {
                input: '0.000003',
                output: '0.000015',
                input_cache_read: '0.0000003',
                web_search: 10,
              },
            },
          ],
        },
      },
    ],
    models: [['orbit/orbit-large', 1_755_815_280, 'orbit']],
    metadata: {
      display_name: 'Orbit Large',
      name: 'Orbit Large',
      description: 'Large.',
      context_length: 200_000,
      max_model_len: 200_000,
      max_output_tokens: 64_000,
      capabilities: ['chat', 'vision', 'tools'],
      architecture: { input_modalities: ['text', 'image'] },
      pricing: { prompt: '0.000003', completion: '0.000015', input_cache_read: '0.0000003' },
    },
    moreMetadata: [
      [{ type: 'embedding' }, { capabilities: ['embeddings'] }],
      [{ type: 'transcription', pricing: 'free' }, { capabilities: ['transcription'] }],
    ],
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'deepinfra',
    basePath: '/v1/openai',
    withoutBaseUrl: { host: 'api.deepinfra.com' },
    keyVariables: ['DEEPINFRA_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/openai/models',
        fixture: {
          object: 'list',
          data: [
            {
              id: 'orbit-labs/Orbit-8B',
              object: 'model',
              created: 1_767_000_000,
              owned_by: 'deepinfra',
              root: 'orbit-labs/Orbit-8B',
              parent: null,
              metadata: {
                description: 'Small.',
                context_length: 131_072,
                max_tokens: 16_384,
                pricing: { input_tokens: 0.03, output_tokens: 0.05 },
                tags: ['vision', 'prompt_cache'],
              },
            },
          ],
        },
      },
    ],
    models: [['orbit-labs/Orbit-8B', 1_767_000_000, 'deepinfra']],
    metadata: {
      description: 'Small.',
      context_length: 131_072,
      max_model_len: 131_072,
      max_output_tokens: 16_384,
      capabilities: ['vision'],
      architecture: { input_modalities: ['text', 'image'] },
      pricing: { prompt: '0.00000003', completion: '0.00000005' },
    },
    moreMetadata: [
      [{ metadata: null }, {}],
      [{ metadata: { pricing: { input_tokens: 'x' } } }, {}],
    ],
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'novita',
    basePath: '/openai/v1',
    withoutBaseUrl: { host: 'api.novita.ai' },
    keyVariables: ['NOVITA_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/openai/v1/models',
        fixture: {
          data: [
            {
              id: 'orbit/orbit-v3',
              object: 'model',
              created: 1_767_000_000,
              owned_by: 'unknown',
              title: 'orbit/orbit-v3',
              display_name: 'Orbit V3',
              context_size: 163_840,
              max_output_tokens: 32_768,
              model_type: 'chat',
              features: ['serverless', 'function-calling', 'structured-outputs'],
              input_modalities: ['text'],
              output_modalities: ['text'],
              input_token_price_per_m: 2690,
              status: 1,
            },
          ],
        },
      },
    ],
    models: [['orbit/orbit-v3', 1_767_000_000, 'unknown']],
    metadata: {
      display_name: 'Orbit V3',
      name: 'Orbit V3',
      context_length: 163_840,
      max_model_len: 163_840,
      max_output_tokens: 32_768,
      capabilities: ['chat', 'text_generation', 'tools', 'structured_output'],
      architecture: { input_modalities: ['text'], output_modalities: ['text'] },
    },
    moreMetadata: [[{ model_type: 'embedding' }, { capabilities: ['embeddings'] }]],
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'zai',
    basePath: '/api/paas/v4',
    withoutBaseUrl: { host: 'api.z.ai' },
    keyVariables: ['ZAI_API_KEY', 'ZHIPU_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/api/paas/v4/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-1', object: 'model', created: 1_767_000_000, owned_by: 'orbit' }],
        },
      },
    ],
    models: [['orbit-1', 1_767_000_000, 'orbit']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'baseten',
    withoutBaseUrl: { host: 'inference.baseten.co' },
    keyVariables: ['BASETEN_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-1', object: 'model', created: 1_767_000_000, owned_by: 'orbit' }],
        },
      },
    ],
    models: [['orbit-1', 1_767_000_000, 'orbit']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'scaleway',
    withoutBaseUrl: { host: 'api.scaleway.ai' },
    keyVariables: ['SCALEWAY_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-1', object: 'model', created: 1_767_000_000, owned_by: 'orbit' }],
        },
      },
    ],
    models: [['orbit-1', 1_767_000_000, 'orbit']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'ovhcloud',
    withoutBaseUrl: { host: 'oai.endpoints.kepler.ai.cloud.ovh.net' },
    keyVariables: ['OVHCLOUD_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-1', object: 'model', created: 1_767_000_000, owned_by: 'orbit' }],
        },
      },
    ],
    models: [['orbit-1', 1_767_000_000, 'orbit']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'volcengine',
    basePath: '/api/v3',
    withoutBaseUrl: { host: 'ark.cn-beijing.volces.com' },
    keyVariables: ['ARK_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/api/v3/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-1', object: 'model', created: 1_767_000_000, owned_by: 'orbit' }],
        },
      },
    ],
    models: [['orbit-1', 1_767_000_000, 'orbit']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'ollama_cloud',
    withoutBaseUrl: { host: 'ollama.com' },
    keyVariables: ['OLLAMA_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-1', object: 'model', created: 1_767_000_000, owned_by: 'orbit' }],
        },
      },
    ],
    models: [['orbit-1', 1_767_000_000, 'orbit']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'friendli',
    basePath: '/serverless/v1',
    withoutBaseUrl: { host: 'api.friendli.ai' },
    keyVariables: ['FRIENDLI_TOKEN', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/serverless/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-1', object: 'model', created: 1_767_000_000, owned_by: 'orbit' }],
        },
      },
    ],
    models: [['orbit-1', 1_767_000_000, 'orbit']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'wandb',
    withoutBaseUrl: { host: 'api.inference.wandb.ai' },
    keyVariables: ['WANDB_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-1', object: 'model', created: 1_767_000_000, owned_by: 'orbit' }],
        },
      },
    ],
    models: [['orbit-1', 1_767_000_000, 'orbit']],
    metadata: {},
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'lmstudio',
    withoutBaseUrl: { host: 'localhost:1234' },
    keyVariables: ['MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-8b', object: 'model', owned_by: 'organization_owner' }],
        },
      },
    ],
    models: [['orbit-8b', undefined, 'organization_owner']],
    metadata: {},
    moreMetadata: [
      // Its own list, /api/v0/models
      [
        { type: 'llm', max_context_length: 8192 },
        { context_length: 8192, max_model_len: 8192, capabilities: ['text_generation'] },
      ],
      [
        { type: 'vlm' },
        {
          capabilities: ['text_generation', 'vision'],
          architecture: { input_modalities: ['text', 'image'] },
        },
      ],
      [{ type: 'embeddings' }, { capabilities: ['embeddings'] }],
    ],
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'llama_cpp',
    withoutBaseUrl: { host: 'localhost:8080' },
    keyVariables: ['MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          models: [{ name: 'orbit.gguf', model: 'orbit.gguf', capabilities: ['completion'] }],
          object: 'list',
          data: [
            {
              id: 'orbit.gguf',
              object: 'model',
              created: 1_767_000_000,
              owned_by: 'llamacpp',
              meta: { n_ctx: 8192, n_ctx_train: 131_072, n_params: 1, size: 1 },
            },
          ],
        },
      },
    ],
    models: [['orbit.gguf', 1_767_000_000, 'llamacpp']],
    metadata: { context_length: 8192, max_model_len: 8192 },
    moreMetadata: [
      // llama-swap
      [
        {
          capabilities: {
            vision: false,
            function_calling: true,
            reranker: false,
            audio_transcriptions: true,
            audio_speech: false,
            image_generation: false,
            embeddings: false,
          },
        },
        { capabilities: ['transcription', 'tools'] },
      ],
      [{ capabilities: { reranker: true } }, { capabilities: ['rerank'] }],
      [{ capabilities: { audio_speech: true } }, { capabilities: ['speech'] }],
      [
        { capabilities: { image_generation: true, embeddings: true } },
        { capabilities: ['embeddings', 'image_generation'] },
      ],
      // Lemonade
      [
        {
          labels: ['reasoning', 'tool-calling', 'custom'],
          max_context_window: 4096,
          recipe: 'llamacpp',
          checkpoint: '/srv/orbit.gguf',
        },
        { context_length: 4096, max_model_len: 4096, capabilities: ['tools', 'reasoning'] },
      ],
      [{ labels: ['embeddings'] }, { capabilities: ['embeddings'] }],
      [{ labels: ['reranking'] }, { capabilities: ['rerank'] }],
      [{ labels: ['tts'] }, { capabilities: ['speech'] }],
      [
        { labels: ['chat-transcription', 'vision'] },
        { capabilities: ['chat', 'vision'], architecture: { input_modalities: ['text', 'image'] } },
      ],
      [{ labels: ['custom'], recipe: 'whispercpp' }, { capabilities: ['transcription'] }],
      [{ labels: 'image', recipe: 'sd-cpp' }, { capabilities: ['image_generation'] }],
      [{ labels: { vision: 'yes' }, recipe: ['kokoro'] }, { capabilities: ['speech'] }],
    ],
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'localai',
    withoutBaseUrl: { host: 'localhost:8080' },
    keyVariables: ['MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      { request: '/v1/models', fixture: { object: 'list', data: [{ id: 'orbit-4', object: 'model' }] } },
    ],
    models: [['orbit-4', undefined, 'localai']],
    metadata: {},
    moreMetadata: [
      // Xinference
      [
        {
          model_type: 'LLM',
          model_ability: ['chat', 'tools', 'vision', 'reasoning'],
          address: '10.0.0.1:9',
          context_length: 32_768,
        },
        {
          context_length: 32_768,
          max_model_len: 32_768,
          capabilities: ['chat', 'text_generation', 'vision', 'tools', 'reasoning'],
          architecture: { input_modalities: ['text', 'image'] },
        },
      ],
      [
        { model_type: 'LLM', model_ability: ['generate'] },
        { capabilities: ['completions', 'text_generation'] },
      ],
      [{ model_type: 'embedding' }, { capabilities: ['embeddings'] }],
      [{ model_type: 'rerank' }, { capabilities: ['rerank'] }],
      [{ object: 'model', model_type: 'rerank', capabilities: [] }, { capabilities: ['rerank'] }],
      [{ model_type: 'image', model_ability: ['text2image'] }, { capabilities: ['image_generation'] }],
      [{ model_type: 'audio', model_ability: ['audio2text'] }, { capabilities: ['transcription'] }],
      [{ model_type: 'audio', model_ability: ['text2audio'] }, { capabilities: ['speech'] }],
      [{ model_type: 'audio' }, { capabilities: ['other'] }],
      [{ model_type: 'video', model_ability: 'text2video' }, { capabilities: ['other'] }],
      [{ model_type: 7, model_ability: [{}, null] }, {}],
    ],
  },
  {
    ...OPENAI_COMPATIBLE,
    engine: 'litellm',
    withoutBaseUrl: { host: 'localhost:4000' },
    keyVariables: ['LITELLM_API_KEY', 'MAIN_MODEL_API_KEY'],
    otherHostKeyVariables: ['OPENAI_API_KEY'],
    pages: [
      {
        request: '/v1/models',
        fixture: {
          object: 'list',
          data: [{ id: 'orbit-proxy', object: 'model', created: 1_677_610_602, owned_by: 'openai' }],
        },
      },
    ],
    models: [['orbit-proxy', 1_677_610_602, 'openai']],
    metadata: {},
  },
];
