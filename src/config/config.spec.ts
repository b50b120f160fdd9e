import { beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import { inspect } from 'node:util';
// Registers the variables of every namespace and of the vendors.
import './config.module.js';
import { BUILT_IN_PROVIDERS } from '../providers/built-in-providers.js';
import { CAPABILITIES } from '../catalogue/model-metadata.js';
import { cacheConfig } from './cache.config.js';
import { gatewayConfig } from './gateway.config.js';
import { modelsConfig } from './models.config.js';
import { networkConfig } from './network.config.js';
import { providerConfig } from './provider.config.js';
import { KEY_RULE } from './rules/secrets.js';
import { BASE_URL_RULE } from './rules/urls.js';
import { STATIC_MODELS_FORM } from './static-models.js';
import { readSecretFileSync } from './read-secret-file.js';
import { serverConfig } from './server.config.js';
import type { TlsFiles } from './tls-files.js';
import { tracesConfig } from './traces.config.js';
import { upstreamConfig } from './upstream.config.js';
import { checkVariables, ConfigurationError, propertiesOf, variableNames } from './variables.js';

interface VariableCase {
  readonly variable: string;
  readonly read: () => unknown;
  readonly byDefault: unknown;
  /** Further variables that a valid value needs. */
  readonly beside?: Readonly<Record<string, string>>;
  readonly accepts: readonly (readonly [text: string, value: unknown])[];
  readonly refuses: readonly string[];
  /** Completes the sentence "VARIABLE must be …". */
  readonly rule: string;
}

function wholeNumber(
  variable: string,
  read: () => unknown,
  byDefault: number,
  minimum: number,
  maximum: number,
): VariableCase {
  return {
    variable,
    read,
    byDefault,
    accepts: [minimum, maximum].map((number) => [String(number), number]),
    refuses: [
      String(minimum - 1),
      String(maximum + 1),
      'abc',
      '1.5',
      '1e3',
      '0x10',
      '+5',
      '1 000',
      '9'.repeat(400),
    ],
    rule: `a whole number from ${String(minimum)} to ${String(maximum)}`,
  };
}

function globs(variable: string, read: () => unknown): VariableCase {
  return {
    variable,
    read,
    byDefault: [],
    accepts: [
      ['gpt-*', ['gpt-*']],
      [' gpt-*, meta/* ,,', ['gpt-*', 'meta/*']],
      ['x'.repeat(200), ['x'.repeat(200)]],
    ],
    refuses: [',', 'x'.repeat(201), Array.from({ length: 201 }, String).join()],
    rule: 'at most 200 patterns of at most 200 characters, separated by commas',
  };
}

function baseUrl(variable: string): VariableCase {
  return {
    variable,
    read: () => providerConfig().urls.get(variable),
    byDefault: undefined,
    accepts: [
      'http://localhost:8000',
      'https://gw.test/llm/v1/?tenant=a',
      'HTTPS://GW.TEST',
      'http://[::1]:8000/v1',
      'https://gw.test/a@b',
    ].map((url) => [url, url]),
    refuses: [
      'ftp://gw.test',
      'not a url',
      'gw.test/v1',
      '//gw.test/v1',
      'http:gw.test',
      'http://',
      'http://gw test',
      'http://gw.test:99999',
      'file:///v1',
      'https://user:pass@gw.test',
      'https://user@gw.test',
      'https://:pass@gw.test',
    ],
    rule: 'an http:// or https:// URL without a user name or password in it',
  };
}

/** The contract table of the providers has a row for each of these. */
const OF_VENDORS = new Set(
  BUILT_IN_PROVIDERS.flatMap(({ variables }) => (variables ? propertiesOf(variables) : [])),
);
const NAMES = variableNames().filter((name) => !OF_VENDORS.has(name));
const KEY_VARIABLES = variableNames(KEY_RULE).filter((name) => !OF_VENDORS.has(name));
const URL_VARIABLES = variableNames(BASE_URL_RULE).filter((name) => !OF_VENDORS.has(name));
const A_KEY = 'one line of visible ASCII characters without spaces';
const NO_KEYS = ['two words', 'two\nlines', 'a\r\nx-header: b', 'a\tb', 'a\u0000b', 'schlüssel', 'a\u007fb'];

function apiKey(variable: string): VariableCase {
  return {
    variable,
    read: () => providerConfig().keys.get(variable),
    byDefault: undefined,
    accepts: ['x', 'sk-proj_a.b+c/d=', '!"#~'].map((key) => [key, key]),
    // No variable of an environment holds a NUL.
    refuses: NO_KEYS.filter((key) => !key.includes('\u0000')),
    rule: A_KEY,
  };
}

const folder = temporaryFolder();
let files = 0;

/** The path of a file with this content. */
function fileWith(content: string | Buffer): string {
  files += 1;
  const path = join(folder, String(files));
  writeFileSync(path, content);
  return path;
}

const GOOD_FILES = ['sk-a', '  sk-a\r\n\n', '\uFEFFsk-a\n'].map(fileWith);
const aFolder = join(folder, 'folder');
mkdirSync(aFolder);
const NO_FILES = [
  ...['', ' \n', 'x'.repeat(65_537)].map(fileWith),
  join(folder, 'missing'),
  aFolder,
  '/dev/null',
];
const A_HEADER_LIST =
  'lines "Name: value", or a JSON object or array of them, each name once and none that the gateway sets itself';
const GATEWAY_KEYS = 'keys of at least 16 visible ASCII characters, separated by commas, at most 100 of them';
const A_REDIS_URL =
  'a URL such as redis://host:6379/0, redis+sentinel://host:26379,host:26379/name/0 or ' +
  'redis+cluster://host:6379,host:6379, with rediss for TLS and valid percent escapes';
/** Variables with a `_FILE` variant, and a valid value of each. */
const SECRETS: readonly (readonly [variable: string, value: string])[] = [
  ...KEY_VARIABLES.map((variable) => [variable, 'sk-MARK'] as const),
  ['UPSTREAM_HEADERS', 'Orbit-Key: MARK'],
  ['REDIS_URL', 'redis://:MARK@h'],
  ['GATEWAY_API_KEYS', 'MARK0123456789abcdef'],
];

function secretFile(
  variable: string,
  read: () => unknown,
  good: readonly string[],
  bad: readonly string[],
  content: string,
): VariableCase {
  return {
    variable: `${variable}_FILE`,
    read,
    byDefault: undefined,
    accepts: good.map((path) => [path, path]),
    refuses: [...bad.map(fileWith), ...NO_FILES],
    rule: `the path of a readable file that holds ${content}`,
  };
}

function keyFile(variable: string): VariableCase {
  return secretFile(variable, () => providerConfig().keyFiles.get(variable), GOOD_FILES, NO_KEYS, A_KEY);
}

const TLS = 'test/fixtures/tls';
const certificate = {
  certFile: `${TLS}/certificate.pem`,
  cert: readFileSync(`${TLS}/certificate.pem`),
  keyFile: `${TLS}/key.pem`,
  key: readFileSync(`${TLS}/key.pem`),
};
const other = { keyFile: `${TLS}/other-key.pem` };
const PEM_FILE = 'the path of a readable file that holds certificates in PEM form';
const NO_CERTIFICATES = [
  ...['', 'abc', certificate.key, certificate.cert.subarray(0, 100)].map(fileWith),
  fileWith(certificate.cert.toString().replace('MII', 'AAA')),
  ...NO_FILES,
];
const A_PROXY = 'an http:// or https:// URL of a proxy, without a path and with valid percent escapes';
const NO_PROXIES = [
  'socks5://h:1080',
  'ftp://h',
  'http://',
  'http://h/path',
  'http://u:%zz@h',
  'h:x',
  'http://a b',
];

function proxy(variable: string, kind: 'httpProxy' | 'httpsProxy'): VariableCase {
  return {
    variable,
    read: () => networkConfig()[kind]?.address?.host,
    byDefault: undefined,
    accepts: [
      ['http://h:3128', 'h:3128'],
      ['h:3128', 'h:3128'],
      ['http://u:p%40@h/', 'h:80'],
      ['https://[::1]', '[::1]:443'],
    ],
    refuses: NO_PROXIES,
    rule: A_PROXY,
  };
}

function pemFile(variable: string, read: () => unknown, beside?: Record<string, string>): VariableCase {
  return {
    variable,
    read,
    byDefault: undefined,
    ...(beside && { beside }),
    accepts: [[certificate.certFile, certificate.certFile]],
    refuses: NO_CERTIFICATES,
    rule: PEM_FILE,
  };
}

/** The three files of a kind of connection. */
function tlsFiles(prefix: string, read: () => TlsFiles): VariableCase[] {
  return [
    pemFile(`${prefix}_TLS_CA_FILE`, () => read().authorities.path),
    pemFile(`${prefix}_TLS_CERT_FILE`, () => read().certificate.path, {
      [`${prefix}_TLS_KEY_FILE`]: certificate.keyFile,
    }),
    {
      ...pemFile(`${prefix}_TLS_KEY_FILE`, () => read().key.path, {
        [`${prefix}_TLS_CERT_FILE`]: certificate.certFile,
      }),
      accepts: [[certificate.keyFile, certificate.keyFile]],
      refuses: [...['', 'abc', certificate.cert].map(fileWith), ...NO_FILES],
      rule: 'the path of a readable file that holds a private key in PEM form that needs no password',
    },
  ];
}

const VARIABLES: readonly VariableCase[] = [
  wholeNumber('UPSTREAM_CONNECTION_TTL_MS', () => upstreamConfig().connectionTtlMs, 60_000, 100, 86_400_000),
  pemFile('SSL_CERT_FILE', () => networkConfig().trustedFile),
  ...tlsFiles('UPSTREAM', () => providerConfig().tlsFiles('vllm')),
  ...tlsFiles('REDIS', () => cacheConfig().redisTlsFiles),
  proxy('HTTPS_PROXY', 'httpsProxy'),
  proxy('https_proxy', 'httpsProxy'),
  proxy('HTTP_PROXY', 'httpProxy'),
  proxy('http_proxy', 'httpProxy'),
  proxy('ALL_PROXY', 'httpProxy'),
  proxy('all_proxy', 'httpsProxy'),
  ...(['HTTPS_PROXY', 'HTTP_PROXY'] as const).map((variable) =>
    secretFile(
      variable,
      () => networkConfig()[variable === 'HTTP_PROXY' ? 'httpProxy' : 'httpsProxy']?.path,
      ['http://u:p@h:3128\n'].map(fileWith),
      ['socks5://h', 'http://h/path'],
      A_PROXY,
    ),
  ),
  ...['NO_PROXY', 'no_proxy'].map((variable) => ({
    variable,
    read: () => networkConfig().noProxy,
    byDefault: '',
    accepts: [['a.test, .b.test 10.0.0.0/8', 'a.test, .b.test 10.0.0.0/8']] as const,
    refuses: ['ä'],
    rule: 'hosts, domains, addresses and networks, separated by commas',
  })),
  wholeNumber('PORT', () => serverConfig().port, 8000, 0, 65_535),
  {
    variable: 'HOST',
    read: () => serverConfig().host,
    byDefault: undefined,
    accepts: ['127.0.0.1', '::', 'fe80::1%eth0', 'gateway.test'].map((host) => [host, host]),
    refuses: ['http://gateway.test', 'a b', 'gateway/x'],
    rule: 'an IP address or a host name',
  },
  {
    variable: 'LOG_CLIENT_ADDRESS',
    read: () => serverConfig().logsClientAddress,
    byDefault: false,
    accepts: [
      ['true', true],
      ['False', false],
    ],
    refuses: ['yes', '1'],
    rule: 'true or false',
  },
  {
    variable: 'TRUSTED_PROXIES',
    read: () => serverConfig().trustedProxies,
    byDefault: [],
    accepts: [
      [
        '10.0.0.0/8, 192.0.2.1',
        [
          { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
          { address: '192.0.2.1', prefix: 32, family: 'ipv4' },
        ],
      ],
      [
        'fd00::/8,::1',
        [
          { address: 'fd00::', prefix: 8, family: 'ipv6' },
          { address: '::1', prefix: 128, family: 'ipv6' },
        ],
      ],
    ],
    refuses: [
      'proxy.test',
      '10.0.0.0/33',
      '::/129',
      '10.0.0',
      '10.0.0.1:80',
      '10.0.0.0/x',
      '*',
      '10.0.0.1 10.0.0.2',
    ],
    rule: 'IP addresses or networks such as 10.0.0.0/8, separated by commas',
  },
  {
    variable: 'GATEWAY_API_KEYS',
    read: () => gatewayConfig().apiKeys,
    byDefault: undefined,
    accepts: [
      ['0123456789abcdef', ['0123456789abcdef']],
      [`0123456789abcdef, ${'x'.repeat(200)},`, ['0123456789abcdef', 'x'.repeat(200)]],
    ],
    refuses: [
      ',',
      'MARK56789abcdef',
      '0123456789abcdef, MARK',
      '0123456789abcdef 0123456789abcdef',
      'schlüssel-schlüssel',
      Array.from({ length: 101 }, (_, at) => `0123456789abcdef${String(at)}`).join(),
    ],
    rule: GATEWAY_KEYS,
  },
  secretFile(
    'GATEWAY_API_KEYS',
    () => gatewayConfig().apiKeysFile,
    ['0123456789abcdef', '0123456789abcdef\r\nfedcba9876543210\n'].map(fileWith),
    ['MARK', '0123456789abcdef\nMARK'],
    GATEWAY_KEYS,
  ),
  {
    variable: 'LOG_LEVEL',
    read: () => serverConfig().logLevel,
    byDefault: 'info',
    accepts: [
      ...['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map(
        (level) => [level, level] as const,
      ),
      ['DEBUG', 'debug'],
    ],
    refuses: ['verbose', 'info,debug', '30', 'toString'],
    rule: 'one of fatal, error, warn, info, debug, trace, silent',
  },
  wholeNumber('SHUTDOWN_DELAY_MS', () => serverConfig().shutdownDelayMs, 0, 0, 600_000),
  {
    variable: 'METRICS_ENABLED',
    read: () => serverConfig().metricsEnabled,
    byDefault: true,
    accepts: [
      ['true', true],
      ['False', false],
    ],
    refuses: ['yes', '0'],
    rule: 'true or false',
  },
  {
    variable: 'METRICS_PORT',
    read: () => serverConfig().metricsPort,
    byDefault: undefined,
    accepts: [
      ['0', undefined],
      ['9464', 9464],
    ],
    refuses: ['-1', '65536', 'x'],
    rule: 'a whole number from 0 to 65535',
  },
  {
    variable: 'DOCS_ENABLED',
    read: () => serverConfig().docsEnabled,
    byDefault: true,
    accepts: [
      ['true', true],
      ['False', false],
    ],
    refuses: ['yes', '0'],
    rule: 'true or false',
  },
  {
    variable: 'PAGE_ENABLED',
    read: () => serverConfig().pageEnabled,
    byDefault: true,
    accepts: [
      ['true', true],
      ['False', false],
    ],
    refuses: ['yes', '0'],
    rule: 'true or false',
  },
  {
    variable: 'BASE_PATH',
    read: () => serverConfig().basePath,
    byDefault: '',
    accepts: [
      ['/llm', '/llm'],
      ['/llm/', '/llm'],
      ['/LLM/eu-1/a_b//', '/LLM/eu-1/a_b'],
      ['/', ''],
      ['/v1', '/v1'],
      ['/openai/v1', '/openai/v1'],
      ['/llm/models', '/llm/models'],
      ['/docs-2', '/docs-2'],
    ],
    refuses: [
      'llm',
      '//llm',
      '/llm//eu',
      '/llm?x=1',
      '/llm#x',
      '/l lm',
      '/llm/..',
      '/../llm',
      '/v1.2',
      '/%6clm',
      '/llm*',
      '/~llm',
      'https://gw.test/llm',
      '/models',
      '/v1/models',
      '/v1/v1/models/x',
      '/openai/models/',
      '/openai/v1/models',
      '/metrics',
      '/metrics/x',
      '/healthz',
      '/readyz',
      '/docs',
    ],
    rule: 'a path such as /llm, of letters, digits, - and _, that is none of the gateway itself',
  },
  {
    variable: 'CORS_ORIGINS',
    read: () => [...serverConfig().corsOrigins],
    byDefault: [],
    accepts: [
      ['*', ['*']],
      ['https://app.test', ['https://app.test']],
      ['http://localhost:3000, https://app.test,', ['http://localhost:3000', 'https://app.test']],
      ['HTTPS://App.Test:443/', ['https://app.test']],
      ['app://obsidian.md', ['app://obsidian.md']],
      ['tauri://localhost, capacitor://localhost/', ['tauri://localhost', 'capacitor://localhost']],
      ['chrome-extension://abc', ['chrome-extension://abc']],
      ['moz-extension://2c127fa4-62c7-7e4f', ['moz-extension://2c127fa4-62c7-7e4f']],
      ['APP://Obsidian.md:80', ['app://Obsidian.md:80']],
    ],
    refuses: [
      'app.test',
      'null',
      'https://app.test/path',
      'https://app.test?x',
      'https://app.test/#',
      'https://user@app.test',
      'https://*.app.test',
      'app://obsidian.md/path',
      'app://obsidian.md?x',
      'app://user@obsidian.md',
      'app://',
      'app://$NAME',
      'app://*',
      'app:obsidian.md',
      'file:///',
      'data:x',
      '1app://obsidian.md',
      'http://',
      'https://good.test,bad',
    ],
    rule: '* or origins such as https://app.example.com or app://name, without a path, separated by commas',
  },
  {
    variable: 'MAIN_MODEL_ENGINE',
    read: configuredNames,
    byDefault: ['openai'],
    accepts: [
      ['vllm', ['vllm']],
      ['TRT-LLM', ['trt_llm']],
      ['Azure-OpenAI', ['azure']],
      ['My engine: v1.2/x', ['My engine: v1.2/x']],
      ['x'.repeat(100), ['x'.repeat(100)]],
    ],
    refuses: ['a\nb', 'a"b', '{engine}', 'x'.repeat(101)],
    rule: 'a name of letters, digits and -_.:/, at most 100 characters long',
  },
  {
    variable: 'MODEL_ENGINES',
    read: configuredNames,
    byDefault: ['openai'],
    accepts: [
      ['vllm', ['vllm']],
      [' OpenAI, trt-llm,my_lab2 ,', ['openai', 'trt_llm', 'my_lab2']],
      [',', ['openai']],
    ],
    refuses: [
      'openai,openai',
      'trt-llm,TRT_LLM',
      'my lab',
      'a.b',
      '2b',
      `a,${'x'.repeat(51)}`,
      Array.from({ length: 21 }, (_, index) => `e${String(index)}`).join(),
    ],
    rule: 'at most 20 names of letters, digits, - and _, each once, separated by commas',
  },
  {
    variable: 'FORWARD_AUTHORIZATION_TO',
    read: () => providerConfig().credentialTarget,
    byDefault: undefined,
    beside: { MODEL_ENGINES: 'openai,trt_llm' },
    accepts: [
      ['openai', 'openai'],
      ['TRT-LLM', 'trt_llm'],
    ],
    refuses: ['openai', 'vllm'],
    rule: 'one of MODEL_ENGINES',
  },
  {
    variable: 'MODELS_METADATA',
    read: () => modelsConfig().metadata,
    byDefault: true,
    accepts: [['FALSE', false]],
    refuses: ['1'],
    rule: 'true or false',
  },
  globs('MODELS_ALLOW', () => modelsConfig().allow),
  globs('MODELS_DENY', () => modelsConfig().deny),
  {
    variable: 'MODELS_TYPES',
    read: () => modelsConfig().types,
    byDefault: [],
    accepts: [['Chat, embeddings', ['chat', 'embeddings']]],
    refuses: ['chat,embedding', 'MARK', ','],
    rule: `words of ${CAPABILITIES.join(', ')}, separated by commas`,
  },
  {
    variable: 'MODELS_STATIC',
    read: () => modelsConfig().staticList?.ids,
    byDefault: undefined,
    accepts: [['a, b/c:d ,', ['a', 'b/c:d']]],
    refuses: [',', ' , '],
    rule: 'ids separated by commas',
  },
  {
    variable: 'MODELS_STATIC_FILE',
    read: () => fileModels(modelsConfig().staticList?.path),
    byDefault: undefined,
    accepts: [
      [fileWith('["a"]'), [{ id: 'a' }]],
      [fileWith('\uFEFF{"data":[{"id":"a"},"b"]}'), [{ id: 'a' }, { id: 'b' }]],
      [fileWith('[{"id":"a","alias_of":"b","hidden":false}]'), [{ id: 'a', aliasOf: 'b', hidden: false }]],
      [
        fileWith(
          '[{"id":"a","object":"model","created":1,"owned_by":"x","context_length":8,"max_model_len":8}]',
        ),
        [{ id: 'a', created: 1, ownedBy: 'x', metadata: { context_length: 8 } }],
      ],
      [fileWith('[{"id":"a","shutdown_date":null}]'), [{ id: 'a', metadata: { shutdown_date: null } }]],
      [
        fileWith(
          '[{"id":"a","display_name":"A","name":"A","description":"B.","max_output_tokens":2,' +
            '"capabilities":["chat","vision"],"architecture":{"input_modalities":["text"]},' +
            '"pricing":{"prompt":"0.1"},"supported_parameters":["tools"],' +
            '"lifecycle":"active","deprecates_at":1790000000,"shutdown_date":"2026-12-01"}]',
        ),
        [
          {
            id: 'a',
            metadata: {
              display_name: 'A',
              description: 'B.',
              max_output_tokens: 2,
              capabilities: ['chat', 'vision'],
              architecture: { input_modalities: ['text'] },
              pricing: { prompt: '0.1' },
              supported_parameters: ['tools'],
              lifecycle: 'active',
              deprecates_at: 1_790_000_000,
              shutdown_date: '2026-12-01',
            },
          },
        ],
      ],
    ],
    refuses: [
      '/MARK/none',
      tmpdir(),
      ...[
        '',
        '["a\\ud800"]',
        '[{"id":"a\\ud800"}]',
        'MARK',
        '"MARK"',
        '{}',
        '{"data":null}',
        '[1]',
        '[null]',
        '[""]',
        '[["a"]]',
        '[{}]',
        '[{"id":""}]',
        '[{"id":1}]',
        '[{"id":"a","created":-1}]',
        '[{"id":"a","created":1.5}]',
        '[{"id":"a","created":"1"}]',
        '[{"id":"a","owned_by":""}]',
        '[{"id":"a","owned_by":7}]',
        '[{"id":"a","contextlength":8}]',
        '[{"id":"a","root":"/MARK"}]',
        '[{"id":"a","context_length":-8}]',
        '[{"id":"a","context_length":"8"}]',
        '[{"id":"a","capabilities":["chat","MARK"]}]',
        '[{"id":"a","capabilities":["chat","chat"]}]',
        '[{"id":"a","capabilities":"chat"}]',
        '[{"id":"a","lifecycle":"MARK"}]',
        '[{"id":"a","display_name":"/MARK"}]',
        '[{"id":"a","architecture":{"modality":"MARK"}}]',
        '[{"id":"a","architecture":{"input_modalities":["MARK"]}}]',
        '[{"id":"a","architecture":["text"]}]',
        '[{"id":"a","pricing":{"prompt":1}}]',
        '[{"id":"a","pricing":{"MARK":"1"}}]',
        '[{"id":"a","supported_parameters":["MARK"]}]',
        '[{"id":"a","shutdown_date":"MARK"}]',
        '[{"id":"a","deprecates_at":null}]',
        '[{"id":"a","alias_of":""}]',
        '[{"id":"a","alias_of":["MARK"]}]',
        '[{"id":"a","aliasOf":"MARK"}]',
        '[{"id":"a","hidden":"true"}]',
        '["a","b"',
        `["${'x'.repeat(10_485_760)}"]`,
      ].map(fileWith),
    ],
    rule:
      'the path of a readable file that holds JSON of at most 10 MiB: a list of ids, or of objects with an id and, where known, ' +
      'created, owned_by, display_name, description, context_length, max_output_tokens, capabilities, architecture, pricing, supported_parameters, lifecycle, deprecates_at, shutdown_date, alias_of and hidden',
  },
  {
    variable: 'MODELS_STATIC_MODE',
    read: () => modelsConfig().staticList?.mode ?? 'replace',
    byDefault: 'replace',
    beside: { MODELS_STATIC: 'a' },
    accepts: [
      ['append', 'append'],
      ['Replace', 'replace'],
      ['MERGE', 'merge'],
    ],
    refuses: ['prepend'],
    rule: 'one of replace, append, merge',
  },
  {
    variable: 'MODELS_PREFIX',
    read: () => providerConfig().prefixIds,
    byDefault: false,
    accepts: [['True', true]],
    refuses: ['yes'],
    rule: 'true or false',
  },
  {
    variable: 'MODELS_PARTIAL',
    read: () => providerConfig().allowPartial,
    byDefault: true,
    accepts: [['false', false]],
    refuses: ['no'],
    rule: 'true or false',
  },
  ...URL_VARIABLES.map(baseUrl),
  ...KEY_VARIABLES.map(apiKey),
  ...KEY_VARIABLES.map(keyFile),
  wholeNumber('KEY_FILE_INTERVAL_MS', () => providerConfig().keyFileIntervalMs, 5000, 100, 3_600_000),
  {
    variable: 'PLACEHOLDER_API_KEYS',
    read: () => [...providerConfig().placeholderApiKeys],
    byDefault: [
      'not-used',
      'null',
      'undefined',
      'none',
      'missing key',
      'empty',
      'dummy',
      'noop',
      'not-needed',
      'not-provided',
      'no-key',
      'no-key-required',
      'sk-no-key-required',
      'lm-studio',
      'ollama',
      'placeholder',
    ],
    accepts: [
      ['dummy', ['dummy']],
      ['not-used, dummy,,EMPTY ,', ['not-used', 'dummy', 'empty']],
      [',', []],
    ],
    // Any text is a list of words separated by commas.
    refuses: [],
    rule: 'words separated by commas',
  },
  wholeNumber('UPSTREAM_TIMEOUT_MS', () => upstreamConfig().timeoutMs, 4500, 1, 600_000),
  wholeNumber('UPSTREAM_MAX_RETRIES', () => upstreamConfig().maxRetries, 1, 0, 10),
  wholeNumber(
    'UPSTREAM_MAX_RESPONSE_BYTES',
    () => upstreamConfig().maxResponseBytes,
    10_485_760,
    1,
    1_073_741_824,
  ),
  wholeNumber('UPSTREAM_MAX_CONNECTIONS', () => upstreamConfig().maxConnections, 64, 1, 65_535),
  wholeNumber('UPSTREAM_MAX_PENDING', () => upstreamConfig().maxPending, 1024, 0, 1_000_000),
  wholeNumber('UPSTREAM_MAX_PAGES', () => upstreamConfig().maxPages, 100, 1, 100_000),
  {
    variable: 'UPSTREAM_HEADERS',
    read: () => providerConfig().headers.get('UPSTREAM_HEADERS'),
    byDefault: undefined,
    accepts: [
      ['Orbit-Key: a b', { 'orbit-key': 'a b' }],
      ['orbit-key:a:b\r\n\nX-Tenant:\tt ', { 'orbit-key': 'a:b', 'x-tenant': 't' }],
      ['{"Orbit-Key":"a","X-Tenant":"t"}', { 'orbit-key': 'a', 'x-tenant': 't' }],
      ['["Orbit-Key: a", "X-Tenant: t"]', { 'orbit-key': 'a', 'x-tenant': 't' }],
      ['{}', {}],
    ],
    refuses: [
      'MARK',
      ': MARK',
      'Orbit-Key:',
      'Orbit Key: MARK',
      'Orbit-Key: MÄRK',
      'Orbit-Key: MA\u0007RK',
      'Orbit-Key: MA\rX: RK',
      'a: MARK\nA: MARK',
      '{"a":1}',
      '{"a":"MARK\\r\\nb: c"}',
      '{"a":"MARK"',
      '["a: MARK", null]',
      ...[
        'Authorization',
        'X-Api-Key',
        'api-key',
        'x-goog-api-key',
        'Host',
        'Content-Length',
        'Connection',
        'Keep-Alive',
        'Proxy-Authorization',
        'TE',
        'Trailer',
        'Transfer-Encoding',
        'Upgrade',
        'Accept-Encoding',
      ].map((name) => `${name}: MARK`),
    ],
    rule: A_HEADER_LIST,
  },
  secretFile(
    'UPSTREAM_HEADERS',
    () => providerConfig().headerFiles.get('UPSTREAM_HEADERS'),
    ['Orbit-Key: a\nX-Tenant: t\n', '{"Orbit-Key":"a"}'].map(fileWith),
    ['MARK', 'Authorization: MARK'],
    A_HEADER_LIST,
  ),
  {
    variable: 'COALESCE',
    read: () => upstreamConfig().coalesce,
    byDefault: true,
    accepts: [
      ['true', true],
      ['false', false],
      ['False', false],
    ],
    refuses: ['yes', '1', 'constructor'],
    rule: 'true or false',
  },
  wholeNumber('CACHE_TTL_SECONDS', () => cacheConfig().ttlMs / 1000, 0, 0, 31_536_000),
  wholeNumber('CACHE_STALE_SECONDS', () => cacheConfig().staleMs / 1000, 0, 0, 31_536_000),
  wholeNumber('CACHE_MAX_ENTRIES', () => cacheConfig().maxEntries, 1000, 1, 1_000_000),
  wholeNumber('CACHE_MAX_BYTES', () => cacheConfig().maxBytes, 67_108_864, 1, 1_000_000_000_000),
  wholeNumber('REDIS_TIMEOUT_MS', () => cacheConfig().redisTimeoutMs, 250, 1, 60_000),
  {
    variable: 'REDIS_URL',
    read: () => cacheConfig().redisUrl,
    byDefault: undefined,
    accepts: [
      'redis://h',
      'redis://h/',
      'redis://h:6379/1',
      'rediss://u:p@h',
      'redis://u%40x:p%2F%25@h/0',
      'redis://[::1]:6379/2',
      'REDISS+Cluster://u:p@h,[::1]:7000,i:7001/',
      'redis+sentinel://:p%2C@h,i:26380/the%20name/3',
    ].map((url) => [url, url]),
    refuses: [
      'http://h',
      'redis://',
      'redis',
      'redis://h/abc',
      'redis://h/-1',
      'redis://h/1.5',
      'redis://h/1/2',
      'redis://h/%31',
      'redis://u:%zz@h',
      'redis://%zz:p@h',
      'redis://u:p%@h',
      'redis://%ff@h',
      'redis://a,b',
      'redis+cluster://a,b/1',
      'redis+cluster://a,b?x=1',
      'redis+cluster://a,,b',
      'redis+cluster://a,b:99999',
      'redis+cluster://a,::1',
      'redis+sentinel://a,b',
      'redis+sentinel://a,b/',
      'redis+sentinel://a,b/%zz',
      'redis+sentinel://a,b/name/x',
      'redis+other://a',
    ],
    rule: A_REDIS_URL,
  },
  secretFile(
    'REDIS_URL',
    () => cacheConfig().redisUrlFile,
    ['redis://:p@h\n'].map(fileWith),
    ['http://h', 'redis://h\nredis://h'],
    A_REDIS_URL,
  ),
  ...['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].map((variable) => ({
    variable,
    read: () => tracesConfig().enabled,
    byDefault: false,
    accepts: ['http://h:4318', 'https://h/v1/traces'].map((url) => [url, true] as const),
    refuses: ['h:4318', 'grpc://h:4317', 'http://user:pass@h'],
    rule: 'an http:// or https:// URL without a user name or password in it',
  })),
  {
    variable: 'OTEL_SERVICE_NAME',
    read: () => tracesConfig().serviceName,
    byDefault: 'models-gateway',
    accepts: [['mine', 'mine']],
    refuses: ['x'.repeat(256)],
    rule: 'at most 255 characters',
  },
  {
    variable: 'OTEL_SDK_DISABLED',
    read: () => tracesConfig().enabled,
    byDefault: false,
    beside: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318' },
    accepts: [
      ['true', false],
      ['FALSE', true],
    ],
    refuses: ['1', 'yes'],
    rule: 'true or false',
  },
];

beforeEach(() => {
  for (const name of variableNames()) Reflect.deleteProperty(process.env, name);
});

it('has a row for every variable', () => {
  expect(VARIABLES.map(({ variable }) => variable).sort()).toEqual(NAMES.sort());
});

describe.each(VARIABLES)('$variable', ({ variable, read, byDefault, beside, accepts }) => {
  it('has its default', () => {
    expect(read()).toEqual(byDefault);
  });

  it.each(['', ' ', '\t\n'])('is unset when it is %j', (text) => {
    process.env[variable] = text;
    expect(read()).toEqual(byDefault);
  });

  it.each(accepts)('accepts %j', (text, value) => {
    Object.assign(process.env, { ...beside, [variable]: text });
    expect(read()).toEqual(value);
    process.env[variable] = ` ${text}\n`;
    expect(read()).toEqual(value);
  });
});

describe('a malformed variable', () => {
  const refusals = VARIABLES.flatMap(({ variable, refuses, rule }) =>
    refuses.map((text) => ({ variable, text, rule })),
  );

  it.each(refusals)('$variable=$text', ({ variable, text, rule }) => {
    process.env[variable] = text;
    const [problem, ...others] = refusal().problems;
    expect(others).toEqual([]);
    expect(problem?.variable).toBe(variable);
    // What is wrong with the value may follow.
    expect(problem?.rule.split('; this ')[0]).toBe(`must be ${rule}`);
  });
});

/** What a message says that explains a refusal. */
function explanationOf(variable: string, text: string): string | undefined {
  process.env[variable] = text;
  return refusal()
    .problems.find((each) => each.variable === variable)
    ?.rule.split('; this ')[1];
}

describe('quotes that no shell has removed', () => {
  const RULE = 'must not be in quotes: they would be part of the value';
  const values = VARIABLES.flatMap(({ variable, accepts }) =>
    accepts.slice(0, 1).map(([text]) => [variable, text] as const),
  );

  it.each(values)('are refused around %s, and nothing else is said of it', (variable, text) => {
    for (const quoted of [`"${text}"`, `'${text}'`, `\`${text}\``, ` "${text}"\n`, '""']) {
      process.env[variable] = quoted;
      expect(refusal().problems).toEqual([{ variable, rule: RULE }]);
    }
  });

  it('are refused around every value at once, in one message', () => {
    for (const [variable, text] of values) process.env[variable] = `"${text}"`;
    expect(refusal().message.split('\n').slice(1).sort()).toEqual(
      values.map(([variable]) => `  ${variable} ${RULE}`).sort(),
    );
  });

  it.each(['a"b"', '"a', "a'", '"a\''])('are no matter within or at one end of a key: %s', (key) => {
    process.env['OPENAI_API_KEY'] = key;
    expect(providerConfig().keys.get('OPENAI_API_KEY')).toBe(key);
  });

  it.each(SECRETS)('are refused in the file of %s', (variable, value) => {
    for (const quoted of [`"${value}"`, `'${value}'\n`]) {
      expect(explanationOf(`${variable}_FILE`, fileWith(quoted))).toBe(
        'is in quotes, which would be part of it',
      );
    }
  });
});

describe('a line NAME=value', () => {
  const EXPLANATION = 'has the form NAME=value, and only the value belongs here';

  it.each(SECRETS)('is refused in the file of %s', (variable, value) => {
    for (const line of [
      `${variable}=${value}`,
      `export ${variable}=${value}`,
      `${variable} = ${value}`,
      `${variable}="${value}"`,
      `# mine\nX=1\n${variable}=${value}\n`,
      `api_key=${value}`,
    ]) {
      expect(explanationOf(`${variable}_FILE`, fileWith(line))).toBe(EXPLANATION);
    }
  });

  it.each(KEY_VARIABLES)('is refused as %s', (variable) => {
    expect(explanationOf(variable, `${variable}=sk-MARK`)).toBe(EXPLANATION);
  });

  it.each(['QUJD=', 'QUJD==', 'QUJD=\n', 'sk-KEY=a', 'abc=def', 'a_b=c', 'Key-1=x', '=a'])(
    'is no key that has an equals sign: %s',
    (key) => {
      process.env['OPENAI_API_KEY'] = key;
      process.env['VLLM_API_KEY_FILE'] = fileWith(key);
      expect(providerConfig().keys.get('OPENAI_API_KEY')).toBe(key.trim());
    },
  );
});

it.each(SECRETS)('a file of %s in UTF-16 is refused with the reason', (variable, value) => {
  for (const text of [value, `\uFEFF${value}`]) {
    const path = fileWith(Buffer.from(text, 'utf16le'));
    expect(explanationOf(`${variable}_FILE`, path)).toBe('is not saved as UTF-8');
  }
});

describe('a URL that a template has left incomplete', () => {
  const NO_HOST = 'has no host';
  const NO_PORT = 'has no valid port';
  const BAD_HOST = 'has no valid host';
  const PLACEHOLDER = 'holds a placeholder, or a character that must be escaped';
  const URLS = [
    'MAIN_MODEL_BASE_URL',
    'AZURE_OPENAI_ENDPOINT',
    'COHERE_BASE_URL',
    'DATABRICKS_HOST',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  ];

  describe.each(URLS)('%s', (variable) => {
    it.each([
      ['http:///v1', NO_HOST],
      ['https:////v1', NO_HOST],
      ['http://\\v1', NO_HOST],
      ['https://:8000/v1', NO_HOST],
      ['https://?a', NO_HOST],
      ['http://vllm:/v1', NO_PORT],
      ['http://vllm:0', NO_PORT],
      ['http://[::1]:/v1', NO_PORT],
      ['http://vllm:$PORT/v1', NO_PORT],
      ['http://$HOST/v1', BAD_HOST],
      ['http://undefined/v1', BAD_HOST],
      ['http://null:8000', BAD_HOST],
      ['http://.llm.svc.cluster.local/v1', BAD_HOST],
      ['http://vllm..svc', BAD_HOST],
      ['http://-vllm/v1', BAD_HOST],
      ['http://vllm-/v1', BAD_HOST],
      ['http://./v1', BAD_HOST],
      ['http://${HOST}/v1', PLACEHOLDER],
      ['http://$(HOST)/v1', PLACEHOLDER],
      ['http://{{ host }}/v1', PLACEHOLDER],
      ['https://<resource>.test', PLACEHOLDER],
      ['https://gw.test/accounts/{account}/v1', PLACEHOLDER],
      ['https://gw.test/accounts/<account>/v1', PLACEHOLDER],
      ['http://\t/v1', PLACEHOLDER],
    ])('is refused as %s, with the reason', (text, reason) => {
      expect(explanationOf(variable, text)).toBe(reason);
    });

    it.each([
      'http://vllm_1:8000/v1',
      'http://a.b-c.d_e.',
      'http://10.0.0.1:080/v1',
      'http://[fd00::1]:8000',
      'http://b\u00fccher.test',
      'https://gw.test/$metadata?a=$b:',
      'https://undefined.test/null',
    ])('may be %s', (text) => {
      process.env[variable] = text;
      expect(checkVariables).not.toThrow();
    });
  });

  it.each([
    ['redis:///0', NO_HOST],
    ['redis://', NO_HOST],
    ['rediss://:6379', NO_HOST],
    ['redis://:MARK@:6379/0', NO_HOST],
    ['redis://valkey:/0', NO_PORT],
    ['redis://:MARK@valkey:$PORT', NO_PORT],
    ['redis://$REDIS_HOST:6379', BAD_HOST],
    ['redis://${REDIS_HOST}', BAD_HOST],
    ['redis://undefined:6379', BAD_HOST],
    ['redis://%HOST%', BAD_HOST],
    ['redis+cluster://a,:6379', NO_HOST],
    ['redis+sentinel://a:6379,b:/name', NO_PORT],
    ['rediss+cluster://u:MARK@a,$HOST', BAD_HOST],
  ])('REDIS_URL=%s is refused with the reason', (text, reason) => {
    expect(explanationOf('REDIS_URL', text)).toBe(reason);
  });

  it('a password of Redis may look like a placeholder', () => {
    process.env['REDIS_URL'] = 'redis://u:a{b}$(c)@valkey:6379/0';
    expect(checkVariables).not.toThrow();
  });

  it.each(['http:///app', 'https://$HOST', 'https://${HOST}', 'http://app:'])(
    'CORS_ORIGINS=%s is refused',
    (text) => {
      process.env['CORS_ORIGINS'] = text;
      expect(refusal().problems.map(({ variable }) => variable)).toEqual(['CORS_ORIGINS']);
    },
  );
});

it('a SOCKS proxy for other programs is no matter where the gateway does not use it', () => {
  Object.assign(process.env, {
    ALL_PROXY: 'socks5://h',
    https_proxy: 'http://a:1',
    HTTP_PROXY: 'http://b:1',
  });
  expect(checkVariables).not.toThrow();
  expect(networkConfig()).toMatchObject({
    httpsProxy: { variable: 'https_proxy' },
    httpProxy: { variable: 'HTTP_PROXY' },
  });
});

it.each(['UPSTREAM', 'REDIS'])('a client certificate of %s and its key belong together', (prefix) => {
  process.env[`${prefix}_TLS_CERT_FILE`] = certificate.certFile;
  expect(refusal().problems).toEqual([
    { variable: `${prefix}_TLS_CERT_FILE`, rule: `must be set together with ${prefix}_TLS_KEY_FILE` },
  ]);
  process.env[`${prefix}_TLS_KEY_FILE`] = other.keyFile;
  expect(refusal().problems).toEqual([
    {
      variable: `${prefix}_TLS_KEY_FILE`,
      rule: `must hold the key of the certificate in ${prefix}_TLS_CERT_FILE`,
    },
  ]);
  Reflect.deleteProperty(process.env, `${prefix}_TLS_CERT_FILE`);
  expect(refusal().problems).toEqual([
    { variable: `${prefix}_TLS_KEY_FILE`, rule: `must be set together with ${prefix}_TLS_CERT_FILE` },
  ]);
});

it('MODELS_STATIC and its file must not be set together', () => {
  Object.assign(process.env, { MODELS_STATIC: 'a', MODELS_STATIC_FILE: fileWith('["a"]') });
  expect(refusal().problems).toEqual([
    { variable: 'MODELS_STATIC_FILE', rule: 'must not be set together with MODELS_STATIC' },
  ]);
});

it.each(SECRETS)('%s and its file must not be set together', (variable, value) => {
  process.env[variable] = value;
  process.env[`${variable}_FILE`] = fileWith(value);
  const { message, problems } = refusal();
  expect(problems).toEqual([
    { variable: `${variable}_FILE`, rule: `must not be set together with ${variable}` },
  ]);
  expect(message).not.toMatch(/MARK|models-gateway-/);
});

it('counts an empty variable beside a file as unset', () => {
  process.env['OPENAI_API_KEY'] = ' ';
  process.env['OPENAI_API_KEY_FILE'] = fileWith('sk-a');
  expect(checkVariables).not.toThrow();
});

describe('several malformed variables', () => {
  const BAD = {
    PORT: 'abc-MARK',
    SHUTDOWN_DELAY_MS: '-70707',
    MAIN_MODEL_BASE_URL: 'ftp://MARK.test',
    COHERE_BASE_URL: 'https://user:MARK@gw.test',
    OPENAI_API_KEY: 'sk-MARK one',
    UPSTREAM_TIMEOUT_MS: '-90909',
    UPSTREAM_HEADERS: 'Orbit-Key MARK',
    COALESCE: 'MARK-maybe',
  };

  beforeEach(() => {
    Object.assign(process.env, BAD, { HOST: '127.0.0.1', VLLM_API_KEY: 'sk-good-MARK' });
  });

  it('are named in one message, with their rules', () => {
    const [headline, ...lines] = refusal().message.split('\n');
    expect(headline).toBe('The configuration is not valid:');
    expect(lines.sort()).toEqual([
      '  COALESCE must be true or false',
      '  COHERE_BASE_URL must be an http:// or https:// URL without a user name or password in it',
      '  MAIN_MODEL_BASE_URL must be an http:// or https:// URL without a user name or password in it',
      '  OPENAI_API_KEY must be one line of visible ASCII characters without spaces',
      '  PORT must be a whole number from 0 to 65535',
      '  SHUTDOWN_DELAY_MS must be a whole number from 0 to 600000',
      '  UPSTREAM_HEADERS must be lines "Name: value", or a JSON object or array of them, each name once and none that the gateway sets itself',
      '  UPSTREAM_TIMEOUT_MS must be a whole number from 1 to 600000',
    ]);
  });

  it('never show a value', () => {
    const error = refusal();
    const shown = [error.message, error.stack, JSON.stringify(error), inspect(error, { depth: null })].join(
      '\n',
    );
    for (const value of [...Object.values(BAD), 'MARK', 'gw.test']) expect(shown).not.toContain(value);
  });

  it.each([
    ['server', serverConfig],
    ['provider', providerConfig],
    ['upstream', upstreamConfig],
  ])('are found by the %s namespace', (_name, factory) => {
    const named = refusal(factory).problems.map(({ variable }) => variable);
    expect(named.sort()).toEqual(Object.keys(BAD).sort());
  });
});

describe('a METRICS_PORT', () => {
  it.each([
    ['8000', undefined],
    ['9000', '9000'],
  ])('of %s is refused when PORT is %s', (metrics, port) => {
    process.env['METRICS_PORT'] = metrics;
    if (port !== undefined) process.env['PORT'] = port;
    expect(refusal().problems).toEqual([{ variable: 'METRICS_PORT', rule: 'must differ from PORT' }]);
  });

  it('of 0 means no port, so PORT may be 0 too', () => {
    Object.assign(process.env, { METRICS_PORT: '0', PORT: '0' });
    expect(checkVariables).not.toThrow();
  });
});

describe('several engines', () => {
  beforeEach(() => {
    process.env['MODEL_ENGINES'] = 'openai,my-lab,azure_openai';
  });

  it('have their own variables', () => {
    Object.assign(process.env, {
      MY_LAB_BASE_URL: 'http://lab.test',
      MY_LAB_API_KEY: 'sk-lab',
      MY_LAB_UPSTREAM_HEADERS: 'Orbit-Key: lab',
      OPENAI_UPSTREAM_HEADERS_FILE: fileWith('Orbit-Key: file'),
      OPENAI_API_KEY: 'sk-openai',
      OTHER_API_KEY: 'sk-other',
    });
    const { urls, keys, headers, headerFiles, headerVariables, urlVariables, keyVariables } =
      providerConfig();
    expect([...urls]).toEqual([['MY_LAB_BASE_URL', 'http://lab.test']]);
    expect(Object.fromEntries(keys)).toEqual({ OPENAI_API_KEY: 'sk-openai', MY_LAB_API_KEY: 'sk-lab' });
    expect([...headers]).toEqual([['MY_LAB_UPSTREAM_HEADERS', { 'orbit-key': 'lab' }]]);
    expect([...headerFiles.keys()]).toEqual(['OPENAI_UPSTREAM_HEADERS']);
    expect(headerVariables('my_lab')).toEqual(['MY_LAB_UPSTREAM_HEADERS']);
    expect(headerVariables('openai')).toEqual(['OPENAI_UPSTREAM_HEADERS']);
    expect(urlVariables('my_lab', ['MAIN_MODEL_BASE_URL'])).toEqual(['MY_LAB_BASE_URL']);
    expect(urlVariables('azure_openai', ['AZURE_OPENAI_ENDPOINT', 'MAIN_MODEL_BASE_URL'])).toEqual([
      'AZURE_OPENAI_ENDPOINT',
      'AZURE_BASE_URL',
      'AZURE_OPENAI_BASE_URL',
      'AZURE_ENDPOINT',
    ]);
    // A single compatible engine may use this key; among several it would go to the wrong host.
    expect(keyVariables('my_lab', ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'])).toEqual(['MY_LAB_API_KEY']);
    expect(keyVariables('openai', ['OPENAI_API_KEY'])).toEqual(['OPENAI_API_KEY']);
  });

  it('may each have a static list', () => {
    Object.assign(process.env, {
      MY_LAB_MODELS_STATIC: 'a, b',
      AZURE_OPENAI_MODELS_STATIC_FILE: fileWith('[{"id":"c","created":1}]'),
    });
    process.env['AZURE_OPENAI_MODELS_STATIC_MODE'] = 'Merge';
    const { staticList } = providerConfig();
    expect(staticList('my_lab')).toEqual({
      variable: 'MY_LAB_MODELS_STATIC',
      ids: ['a', 'b'],
      path: undefined,
      mode: 'replace',
    });
    const inFile = staticList('azure_openai');
    expect(inFile).toMatchObject({ variable: 'AZURE_OPENAI_MODELS_STATIC_FILE', mode: 'merge' });
    expect(fileModels(inFile?.path)).toMatchObject([{ id: 'c', created: 1 }]);
    expect(staticList('openai')).toBeUndefined();
    for (const name of [
      'MY_LAB_MODELS_STATIC',
      'AZURE_OPENAI_MODELS_STATIC_FILE',
      'AZURE_OPENAI_MODELS_STATIC_MODE',
    ])
      Reflect.deleteProperty(process.env, name);
  });

  it('may have two names with the variables of both', () => {
    Object.assign(process.env, { AZURE_BASE_URL: 'http://a.test', AZURE_OPENAI_BASE_URL: 'http://b.test' });
    const names = ['AZURE_BASE_URL', 'AZURE_OPENAI_BASE_URL'];
    expect([...providerConfig().urls.keys()]).toEqual(expect.arrayContaining(names));
  });

  it('may be named by their alias in FORWARD_AUTHORIZATION_TO', () => {
    process.env['FORWARD_AUTHORIZATION_TO'] = 'azure';
    expect(checkVariables).not.toThrow();
  });

  it('must not be named twice, also not by an alias', () => {
    process.env['MODEL_ENGINES'] = 'azure,openai,azure-openai';
    expect(refusal().problems.map(({ variable }) => variable)).toEqual(['MODEL_ENGINES']);
  });

  it('have none of the variables of a single engine', () => {
    Object.assign(process.env, {
      MAIN_MODEL_BASE_URL: 'http://MARK.test',
      MAIN_MODEL_API_KEY: 'MARK',
      UPSTREAM_HEADERS: 'Orbit-Key: MARK',
    });
    const { message, problems } = refusal();
    expect(problems.map(({ variable }) => variable).sort()).toEqual([
      'MAIN_MODEL_API_KEY',
      'MAIN_MODEL_BASE_URL',
      'UPSTREAM_HEADERS',
    ]);
    expect(problems[0]?.rule).toBe(
      'must not be set with several MODEL_ENGINES, which have <ENGINE>_BASE_URL each',
    );
    expect(message).not.toContain('MARK');
  });

  it('have malformed variables named', () => {
    Object.assign(process.env, { MY_LAB_BASE_URL: 'ftp://MARK', MY_LAB_API_KEY_FILE: '/MARK' });
    expect(refusal().problems.map(({ variable }) => variable)).toEqual([
      'MY_LAB_BASE_URL',
      'MY_LAB_API_KEY_FILE',
    ]);
  });
});

it('a single name in MODEL_ENGINES has its own variables, then those of MAIN_MODEL_ENGINE', () => {
  Object.assign(process.env, {
    MODEL_ENGINES: 'vllm',
    MAIN_MODEL_ENGINE: 'cohere',
    MAIN_MODEL_BASE_URL: 'http://gpu.test',
  });
  const { engines, isMultiEngine, urlVariables, keyVariables, headerVariables } = providerConfig();
  expect([engines.map(({ name }) => name), isMultiEngine]).toEqual([['vllm'], false]);
  expect(urlVariables('vllm', ['MAIN_MODEL_BASE_URL'])).toEqual(['VLLM_BASE_URL', 'MAIN_MODEL_BASE_URL']);
  expect(keyVariables('vllm', ['VLLM_API_KEY', 'OPENAI_API_KEY'])).toEqual([
    'VLLM_API_KEY',
    'OPENAI_API_KEY',
  ]);
  expect(headerVariables('vllm')).toEqual(['VLLM_UPSTREAM_HEADERS', 'UPSTREAM_HEADERS']);
});

it('an empty environment is valid', () => {
  expect(checkVariables).not.toThrow();
});

function configuredNames(): string[] {
  return providerConfig().engines.map(({ name }) => name);
}

/** The models in a file. */
function fileModels(path: string | undefined): unknown {
  return path === undefined ? undefined : STATIC_MODELS_FORM.parse(readSecretFileSync(path, Infinity) ?? '');
}

/** The error of a check that has to fail. */
function refusal(check: () => unknown = checkVariables): ConfigurationError {
  try {
    check();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the environment was accepted');
}
