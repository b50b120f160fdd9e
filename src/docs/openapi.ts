import type { OpenAPIObject } from '@nestjs/swagger';
import { CAPABILITIES, LIFECYCLES, MODALITIES, PRICED } from '../catalogue/model-metadata.js';
import { CALLER_KEY_HEADERS } from '../credentials/caller-credential.js';
import { NO_SUCH_ROUTE, openAiError } from '../errors/openai-error.js';

type Components = NonNullable<OpenAPIObject['components']>;
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Response = NonNullable<Operation['responses'][string]>;
type Parameter = NonNullable<Components['parameters']>[string];
type Headers = NonNullable<Components['headers']>;
type Schema = NonNullable<Components['schemas']>[string];

/** An example of an error. */
type ErrorExample = readonly [
  summary: string,
  status: number,
  message: string,
  fields?: Parameters<typeof openAiError>[2],
];

const MODEL = {
  id: 'meta/llama-3.1-8b-instruct',
  object: 'model',
  created: 1_700_000_000,
  owned_by: 'vllm',
  context_length: 131_072,
  max_model_len: 131_072,
};

const MODALITY_LIST: Schema = { type: 'array', items: { type: 'string', enum: [...MODALITIES] } };

const SCHEMAS: NonNullable<Components['schemas']> = {
  Model: {
    type: 'object',
    description:
      'The fields after `owned_by` are metadata: present when the provider gives them, unless `include_metadata=false`.',
    required: ['id', 'object', 'created', 'owned_by'],
    properties: {
      id: { type: 'string', minLength: 1, description: "The provider's name of the model." },
      object: { type: 'string', enum: ['model'] },
      created: {
        type: 'integer',
        description: "Unix seconds: the provider's date, else the time this process started.",
      },
      owned_by: {
        type: 'string',
        description: "The provider's owner of the model, else the provider's or the engine's name.",
      },
      display_name: { type: 'string', maxLength: 200, description: 'A name for people.' },
      name: { type: 'string', description: 'The same, for clients of OpenRouter.' },
      context_length: { type: 'integer', minimum: 1, description: 'Tokens.' },
      max_model_len: { type: 'integer', minimum: 1, description: 'The same, for clients of vLLM.' },
      description: { type: 'string', maxLength: 500, description: 'What the model is, on one line.' },
      max_output_tokens: { type: 'integer', minimum: 1, description: 'Tokens.' },
      capabilities: {
        type: 'array',
        description: 'What the model can do, and what input it accepts.',
        items: { type: 'string', enum: [...CAPABILITIES] },
      },
      architecture: {
        type: 'object',
        description: 'What goes into the model, and what comes out of it.',
        properties: { input_modalities: MODALITY_LIST, output_modalities: MODALITY_LIST },
      },
      pricing: {
        type: 'object',
        description:
          "OpenRouter's form: USD for a token, a request and so on, as decimal text; -1 where it depends on the request.",
        properties: Object.fromEntries(PRICED.map((name) => [name, { type: 'string' }])),
      },
      supported_parameters: {
        type: 'array',
        description: 'Parameters of chats.',
        items: { type: 'string' },
      },
      lifecycle: { type: 'string', enum: [...LIFECYCLES] },
      deprecates_at: {
        type: 'integer',
        description: 'Unix seconds: the date of the deprecation, else that of the end.',
      },
      shutdown_date: {
        type: ['string', 'null'],
        format: 'date',
        description: 'The day of the end in UTC; null where the provider says that there is none.',
      },
    },
    example: MODEL,
  },
  ModelList: {
    type: 'object',
    required: ['object', 'data'],
    properties: {
      object: { type: 'string', enum: ['list'] },
      data: {
        type: 'array',
        description: "In the provider's order.",
        items: { $ref: '#/components/schemas/Model' },
      },
      models: {
        type: 'array',
        description: 'With `client_version` only: the models that Codex accepts, in its form.',
        items: { $ref: '#/components/schemas/CodexModel' },
      },
    },
  },
  CodexModel: {
    type: 'object',
    description: 'A model in the form of Codex 0.171.0.',
    required: [
      'slug',
      'display_name',
      'visibility',
      'priority',
      'base_instructions',
      'supported_reasoning_levels',
      'shell_type',
      'supported_in_api',
      'support_verbosity',
      'truncation_policy',
      'experimental_supported_tools',
    ],
    properties: {
      slug: { type: 'string', minLength: 1, description: 'The id.' },
      display_name: { type: 'string', description: "The provider's, else the id." },
      description: { type: 'string', maxLength: 500 },
      context_window: { type: 'integer', minimum: 1, description: 'Tokens.' },
      input_modalities: {
        type: 'array',
        description: 'Absent: text and images.',
        items: { type: 'string', enum: ['text', 'image', 'audio'] },
      },
      visibility: {
        type: 'string',
        enum: ['list', 'hide'],
        description: 'Models that write no text are hidden.',
      },
      priority: { type: 'integer', minimum: 1, description: 'The place in the list.' },
      base_instructions: { type: 'string', description: 'What Codex tells the model.' },
      supported_reasoning_levels: { type: 'array', maxItems: 0 },
      shell_type: { type: 'string', enum: ['shell_command'] },
      supported_in_api: { type: 'boolean', enum: [true] },
      support_verbosity: { type: 'boolean', enum: [false] },
      truncation_policy: {
        type: 'object',
        required: ['mode', 'limit'],
        properties: { mode: { type: 'string', enum: ['bytes'] }, limit: { type: 'integer' } },
      },
      experimental_supported_tools: { type: 'array', maxItems: 0 },
    },
  },
  AnthropicModel: {
    type: 'object',
    description: 'The answer to a request with `anthropic-version`.',
    required: ['type', 'id', 'display_name', 'created_at'],
    properties: {
      type: { type: 'string', enum: ['model'] },
      id: { type: 'string', minLength: 1 },
      display_name: { type: 'string', description: "The provider's, else the id." },
      description: {
        type: 'string',
        maxLength: 500,
        description: "Not a field of Anthropic's: Claude Code shows it. Present when the provider gives it.",
      },
      created_at: { type: 'string', format: 'date-time' },
      lifecycle: {
        type: 'string',
        enum: [...LIFECYCLES],
        description: 'Present when the provider gives it.',
      },
      deprecated_at: { type: ['string', 'null'], format: 'date-time' },
      retires_at: { type: ['string', 'null'], format: 'date-time' },
      line: { type: 'null' },
      max_input_tokens: { type: ['integer', 'null'], minimum: 1, description: 'Tokens.' },
      max_tokens: { type: ['integer', 'null'], minimum: 1, description: 'Tokens.' },
      capabilities: { type: 'null' },
    },
  },
  AnthropicModelList: {
    type: 'object',
    description: 'The answer to a request with `anthropic-version`: one page.',
    required: ['data', 'has_more', 'first_id', 'last_id'],
    properties: {
      data: { type: 'array', items: { $ref: '#/components/schemas/AnthropicModel' } },
      has_more: { type: 'boolean' },
      first_id: { type: ['string', 'null'] },
      last_id: { type: ['string', 'null'] },
    },
  },
  AnthropicError: {
    type: 'object',
    description: 'The answer to a request with `anthropic-version`.',
    required: ['type', 'error', 'request_id'],
    properties: {
      type: { type: 'string', enum: ['error'] },
      error: {
        type: 'object',
        required: ['type', 'message'],
        properties: {
          type: { type: 'string' },
          message: { type: 'string' },
          details: {
            type: 'object',
            required: ['error_code'],
            properties: { error_code: { type: 'string', description: "The `code` of OpenAI's form." } },
          },
        },
      },
      request_id: { type: 'string' },
    },
  },
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['message', 'type', 'param', 'code'],
        properties: {
          message: { type: 'string', description: 'What went wrong, for a person.' },
          type: { type: 'string' },
          param: { type: ['string', 'null'] },
          code: { type: ['string', 'null'], description: 'What went wrong, for a program.' },
        },
      },
    },
  },
  Health: {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string', enum: ['ok'] } },
  },
};

const HEADERS: Headers = {
  'x-request-id': {
    description: "The caller's, if it sent a valid one, else a new one.",
    schema: { type: 'string' },
    example: 'bfd89e3d-f63c-4fd0-bb04-811a7814c052',
  },
  etag: {
    description:
      'Identifies the bytes, so each content coding has its own; to be sent back in `If-None-Match`.',
    schema: { type: 'string' },
    example: '"dHlWbhFJcqr0tUaq"',
  },
  vary: {
    description:
      'Answers depend on the credential, the dialect and the content coding, and with CORS on also on the origin.',
    schema: { type: 'string' },
    example: `authorization, ${CALLER_KEY_HEADERS.join(', ')}, openai-organization, openai-project, anthropic-version, accept-encoding`,
  },
  'content-encoding': {
    description: 'How the body is compressed; absent where it is not.',
    schema: { type: 'string', enum: ['br', 'zstd', 'gzip'] },
    example: 'br',
  },
  'cache-control': {
    description: 'With the cache on: how long the list is still fresh.',
    schema: { type: 'string' },
    example: 'private, max-age=42',
  },
  age: {
    description: 'With the cache on: the age of the list in seconds.',
    schema: { type: 'integer' },
    example: 18,
  },
  'cache-status': {
    description: 'With the cache on: where the list comes from (RFC 9211).',
    schema: { type: 'string' },
    example: 'models-gateway; hit; ttl=42',
  },
  'x-models-incomplete': {
    description: 'What the list lacks: the providers whose models are missing, and why.',
    schema: { type: 'string' },
    example: 'anthropic=upstream_timeout',
  },
  'x-models-engines': {
    description: 'With several providers: how many models each has, in the order of the list.',
    schema: { type: 'string' },
    example: 'openai=87,anthropic=9',
  },
  deprecation: {
    description: 'Of a model with such a date: when it is deprecated (RFC 9745).',
    schema: { type: 'string' },
    example: '@1798761600',
  },
  sunset: {
    description: 'Of a model with such a date: when it ends (RFC 8594).',
    schema: { type: 'string' },
    example: 'Fri, 01 Jan 2027 00:00:00 GMT',
  },
  allow: { description: 'The methods of the route.', schema: { type: 'string' }, example: 'GET, HEAD' },
  'retry-after': {
    description: "The provider's: when to try again.",
    schema: { type: 'string' },
    example: '20',
  },
  'retry-after-ms': {
    description: "The provider's: when to try again, in milliseconds.",
    schema: { type: 'string' },
    example: '20000',
  },
  'x-ratelimit-remaining-requests': {
    description: "The provider's, as are all `x-ratelimit-*` and `anthropic-ratelimit-*`.",
    schema: { type: 'string' },
    example: '0',
  },
  'www-authenticate': {
    description: "The provider's: the scheme that it requires.",
    schema: { type: 'string' },
    example: 'Bearer',
  },
  'x-upstream-request-id': {
    description: "The provider's id of the request.",
    schema: { type: 'string' },
    example: 'req_8f2c',
  },
  'x-should-retry': {
    description: 'Present after a retry by this service, after a time-out, and where the provider says so.',
    schema: { type: 'string', enum: ['false'] },
    example: 'false',
  },
};

const CACHED_HEADERS = ['etag', 'vary', 'cache-control', 'age', 'cache-status', 'x-models-incomplete'];
const LIST_HEADERS = [...CACHED_HEADERS, 'x-models-engines'];
/** Those of a list with a body. */
const BODY_HEADERS = [...LIST_HEADERS, 'content-encoding'];
const MODEL_HEADERS = [...CACHED_HEADERS, 'content-encoding', 'deprecation', 'sunset'];
const PROVIDER_HEADERS = [
  'retry-after',
  'retry-after-ms',
  'x-ratelimit-remaining-requests',
  'x-upstream-request-id',
];

const UPSTREAM = { type: 'upstream_error' };

const RESPONSES: NonNullable<Components['responses']> = {
  NotModified: {
    description: 'The body has not changed: its `ETag` is in `If-None-Match`.',
    headers: headers(...LIST_HEADERS),
  },
  BadRequest: errors('The request or its URL is malformed, or the provider answered 400.', PROVIDER_HEADERS, [
    ['The URL cannot be decoded', 400, 'The URL cannot be understood.', { code: 'invalid_url' }],
    ['No Host header', 400, 'The request has no Host header.'],
  ]),
  Unauthorized: errors(
    "The provider rejected the key. Its message is relayed when the key was the caller's.",
    ['www-authenticate', ...PROVIDER_HEADERS],
    [
      ["The caller's key", 401, 'Incorrect API key provided.', { code: 'invalid_api_key' }],
      ["The operator's key", 401, 'The provider answered 401.'],
    ],
  ),
  Forbidden: errors('The key has no access to the models.', PROVIDER_HEADERS, [
    ['The provider answered 403', 403, 'The provider answered 403.'],
  ]),
  NotFound: errors('There is no such route, or the provider answered 404.', PROVIDER_HEADERS, [
    ['No such route', 404, NO_SUCH_ROUTE, { code: 'unknown_url' }],
    ['The provider answered 404', 404, 'The provider answered 404.'],
  ]),
  ModelNotFound: errors('The list has no such model.', PROVIDER_HEADERS, [
    ['No such model', 404, "The model 'x' does not exist.", { param: 'model', code: 'model_not_found' }],
    ['The provider answered 404', 404, 'The provider answered 404.'],
  ]),
  MethodNotAllowed: errors(
    'Every method but GET and HEAD.',
    ['allow'],
    [['POST', 405, 'The method POST is not allowed here.', { code: 'method_not_allowed' }]],
  ),
  RequestTimeout: errors(
    'The request did not arrive in time.',
    [],
    [['Unfinished', 408, 'Request Timeout.']],
  ),
  TooManyRequests: errors("The provider's rate limit is reached.", PROVIDER_HEADERS, [
    ['Rate limit', 429, 'Rate limit reached.', { code: 'rate_limit_exceeded' }],
  ]),
  HeadersTooLarge: errors(
    'The headers are too large.',
    [],
    [['Too large', 431, 'Request Header Fields Too Large.']],
  ),
  ProviderClientError: errors(
    "Any other 4xx of the provider, with its status, `Retry-After`, rate limits and, when the key was the caller's, its message.",
    PROVIDER_HEADERS,
    [["Cohere's 498", 498, 'The provider answered 498.']],
  ),
  InternalError: errors(
    'A bug of this service; the details are in its log.',
    [],
    [['A bug', 500, 'Internal server error.', { code: 'internal_error' }]],
  ),
  BadGateway: errors(
    'The provider gave no list.',
    ['x-should-retry', 'retry-after', 'retry-after-ms', 'x-upstream-request-id'],
    [
      [
        'Connection refused or reset, unknown host, TLS failure',
        502,
        'The provider cannot be reached.',
        { ...UPSTREAM, code: 'upstream_unreachable' },
      ],
      [
        'No complete answer within the deadline',
        502,
        'The provider gave no complete answer within 4500 ms.',
        { ...UPSTREAM, code: 'upstream_timeout' },
      ],
      [
        '5xx or 3xx of the provider',
        502,
        'The provider answered 503: Loading model',
        { ...UPSTREAM, code: 'upstream_error' },
      ],
      [
        'A 200 that is no list, or too large',
        502,
        'The provider answered 200 with no list of models.',
        { ...UPSTREAM, code: 'upstream_invalid_response' },
      ],
      [
        'A required variable is missing',
        502,
        'The engine vllm needs MAIN_MODEL_BASE_URL to be set.',
        { ...UPSTREAM, code: 'provider_not_configured' },
      ],
    ],
  ),
  Overloaded: errors(
    'Too many requests wait for the provider.',
    ['retry-after'],
    [['Too many requests', 503, 'Too many requests wait for the provider.', { code: 'overloaded' }]],
  ),
  NotReady: errors(
    'The configuration is incomplete, or the service is shutting down.',
    [],
    [
      [
        'A required variable is missing',
        503,
        'The engine vllm needs MAIN_MODEL_BASE_URL to be set.',
        { code: 'provider_not_configured' },
      ],
      ['After SIGTERM', 503, 'The service is shutting down.', { code: 'shutting_down' }],
    ],
  ),
};

/** The answers that every route may give. */
const COMMON_RESPONSES = {
  '400': response('BadRequest'),
  '405': response('MethodNotAllowed'),
  '408': response('RequestTimeout'),
  '431': response('HeadersTooLarge'),
  '500': response('InternalError'),
};

const MODELS_RESPONSES = {
  '304': response('NotModified'),
  ...COMMON_RESPONSES,
  '401': response('Unauthorized'),
  '403': response('Forbidden'),
  '429': response('TooManyRequests'),
  '4XX': response('ProviderClientError'),
  '502': response('BadGateway'),
  '503': response('Overloaded'),
};

const REQUEST_HEADERS = [
  'accept-encoding',
  'anthropic-version',
  'if-none-match',
  'cache-control',
  'openai-organization',
  'openai-project',
  'x-request-id',
];

function parameter(name: string): { $ref: string } {
  return { $ref: `#/components/parameters/${name}` };
}

/** The empty entry makes the others optional. */
const OPTIONAL_CREDENTIALS = [{}, { bearer: [] }, ...CALLER_KEY_HEADERS.map((name) => ({ [name]: [] }))];
const KEY_HEADER_DESCRIPTIONS: Readonly<Record<(typeof CALLER_KEY_HEADERS)[number], string>> = {
  'x-api-key': "As Anthropic's clients send it.",
  'api-key': "As Azure's clients send it.",
};

/**
 * The description of this service in OpenAPI 3.1.
 * @param version this service's version
 */
export function openApiDocument(version: string): OpenAPIObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'models-gateway',
      version,
      description:
        "OpenAI's Models API for the LLM provider that the configuration names. Requests use the caller's credential if there is one, else the operator's.",
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    // Relative to this document: a proxy may add a path prefix.
    servers: [{ url: '.', description: 'This service.' }],
    tags: [
      { name: 'models', description: "OpenAI's Models API." },
      { name: 'health', description: 'Probes for an orchestrator, which do not ask the provider.' },
    ],
    paths: {
      '/v1/models': withHead({
        operationId: 'listModels',
        tags: ['models'],
        summary: 'All models',
        description:
          'Unknown query parameters are ignored, and so is a trailing slash. The same, with and without an id: `/models`, `/v1/v1/models`, `/openai/models`, `/openai/v1/models`.',
        security: OPTIONAL_CREDENTIALS,
        parameters: [
          ...['include_metadata', 'client_version', 'limit', 'after_id', 'before_id', 'lifecycle'].map(
            parameter,
          ),
          ...REQUEST_HEADERS.map(parameter),
        ],
        responses: {
          '200': answer('The list.', ['ModelList', 'AnthropicModelList'], BODY_HEADERS, {
            object: 'list',
            data: [MODEL],
          }),
          ...MODELS_RESPONSES,
          '404': response('NotFound'),
        },
      }),
      '/v1/models/{id}': withHead({
        operationId: 'retrieveModel',
        tags: ['models'],
        summary: 'One model',
        description:
          'One model of the list. A slash in the id may be written raw or encoded, and a first one may be missing; for the engines `ollama` and `ollama_cloud`, so may `:latest`.',
        security: OPTIONAL_CREDENTIALS,
        parameters: [
          {
            name: 'id',
            in: 'path',
            required: true,
            description: 'An id of the list.',
            schema: { type: 'string' },
            example: MODEL.id,
          },
          parameter('include_metadata'),
          ...REQUEST_HEADERS.map(parameter),
        ],
        responses: {
          '200': answer('The model.', ['Model', 'AnthropicModel'], MODEL_HEADERS, MODEL),
          ...MODELS_RESPONSES,
          '404': response('ModelNotFound'),
        },
      }),
      '/healthz': withHead({
        operationId: 'live',
        tags: ['health'],
        summary: 'Liveness',
        description: '200 while the process runs.',
        responses: {
          '200': answer('The process runs.', ['Health'], [], { status: 'ok' }),
          ...COMMON_RESPONSES,
        },
      }),
      '/readyz': withHead({
        operationId: 'ready',
        tags: ['health'],
        summary: 'Readiness',
        description: '200 when the configuration is complete, 503 otherwise and after SIGTERM.',
        responses: {
          '200': answer('The service is ready.', ['Health'], [], { status: 'ok' }),
          ...COMMON_RESPONSES,
          '503': response('NotReady'),
        },
      }),
    },
    components: {
      schemas: SCHEMAS,
      headers: HEADERS,
      responses: RESPONSES,
      parameters: {
        'anthropic-version': header(
          'anthropic-version',
          "Any version: the answer is in Anthropic's form, errors too.",
        ),
        include_metadata: query(
          'include_metadata',
          { type: 'boolean' },
          'Whether models have metadata; the default is that of `MODELS_METADATA`, true.',
        ),
        client_version: query(
          'client_version',
          { type: 'string' },
          'Any version: the answer also has `models`, for Codex.',
        ),
        limit: query(
          'limit',
          { type: 'integer', minimum: 1, maximum: 1000, default: 1000 },
          'With `anthropic-version`: models on a page.',
        ),
        after_id: query(
          'after_id',
          { type: 'string' },
          'With `anthropic-version`: the page begins after this model.',
        ),
        before_id: query(
          'before_id',
          { type: 'string' },
          'With `anthropic-version`: the page ends before this model.',
        ),
        lifecycle: query(
          'lifecycle',
          { type: 'array', items: { type: 'string', enum: [...LIFECYCLES] } },
          'With `anthropic-version`: the lifecycles to list; without it retired models are left out.',
        ),
        'accept-encoding': header(
          'accept-encoding',
          'Bodies of at least 1 KiB are compressed with one of the codings named here.',
        ),
        'if-none-match': header(
          'if-none-match',
          'The `ETag` of a body that the caller has; when it is unchanged the answer is a 304.',
        ),
        'cache-control': header('cache-control', '`no-cache` fetches the list from the provider.'),
        'openai-organization': header('openai-organization', 'Passed on to the provider.'),
        'openai-project': header('openai-project', 'Passed on to the provider.'),
        'x-request-id': header('x-request-id', 'Used when it has 1 to 128 letters, digits and `_.:-`.'),
      },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            "The caller's key. Optional: without one, or with a placeholder such as `not-used`, the operator's key is used.",
        },
        ...Object.fromEntries(
          CALLER_KEY_HEADERS.map((name) => [
            name,
            { type: 'apiKey', in: 'header', name, description: KEY_HEADER_DESCRIPTIONS[name] },
          ]),
        ),
      },
    },
  };
}

function query(name: string, schema: Schema, description: string): Parameter {
  return { name, in: 'query', description, schema };
}

function oneOf(schemas: readonly string[]): Schema {
  const references = schemas.map((schema) => ({ $ref: `#/components/schemas/${schema}` }));
  const [first, ...others] = references;
  return first !== undefined && others.length === 0 ? first : { oneOf: references };
}

function header(name: string, description: string): Parameter {
  return { name, in: 'header', description, schema: { type: 'string' } };
}

/** `HEAD` answers as `GET` does, without a body. */
function withHead(get: Operation): OpenAPIObject['paths'][string] {
  const responses = Object.entries(get.responses).map(([status, each]) => [
    status,
    status === '200' && each !== undefined && 'description' in each
      ? { description: each.description, headers: each.headers }
      : each,
  ]);
  return {
    get,
    head: {
      ...get,
      operationId: `${get.operationId ?? ''}Head`,
      summary: `${get.summary ?? ''}: the headers only`,
      responses: Object.fromEntries(responses) as Operation['responses'],
    },
  };
}

function answer(
  description: string,
  schemas: readonly string[],
  headerNames: readonly string[],
  example: unknown,
): Response {
  return {
    description,
    headers: headers(...headerNames),
    content: { 'application/json': { schema: oneOf(schemas), example } },
  };
}

function errors(
  description: string,
  headerNames: readonly string[],
  examples: readonly ErrorExample[],
): Response {
  return {
    description,
    headers: headers(...headerNames),
    content: {
      'application/json': {
        schema: oneOf(['Error', 'AnthropicError']),
        examples: Object.fromEntries(
          examples.map(([summary, status, message, fields]) => [
            summary.replace(/\W+/g, '-').toLowerCase(),
            { summary, value: openAiError(status, message, fields) },
          ]),
        ),
      },
    },
  };
}

/** Every answer has a request id. */
function headers(...names: string[]): Headers {
  return Object.fromEntries(
    ['x-request-id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
}

function response(name: string): Response {
  return { $ref: `#/components/responses/${name}` };
}
