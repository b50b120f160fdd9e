import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import '../../src/app.module.js';
import { runCommand } from '../../src/commands/run-command.js';
import type { CommandResult } from '../../src/commands/run-command.js';
import { variableNames } from '../../src/config/variables.js';
import { VERSION } from '../../src/version.js';
import { BUILD_MS, builtService } from '../support/built-service.js';
import { json, silence, startFakeUpstream } from '../support/fake-upstream.js';
import { started } from '../support/scenario.js';
import { secret, SECRET_MARK } from '../support/start-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';

type Env = Readonly<Record<string, string>>;

/** The path of a certificate or of a key. */
function pem(name: string): string {
  return `test/fixtures/tls/${name}`;
}

let given: readonly string[] = [];

afterEach(() => {
  for (const name of given) Reflect.deleteProperty(process.env, name);
});

/** What a check says of an environment with only these variables. */
async function check(env: Env, asks = false): Promise<CommandResult> {
  for (const name of [...variableNames(), ...given]) Reflect.deleteProperty(process.env, name);
  given = Object.keys(env);
  Object.assign(process.env, env);
  const result = await runCommand({ name: 'check', asks });
  expect(JSON.stringify(result)).not.toContain(SECRET_MARK);
  return result;
}

/** The warnings of a check, without the word before each. */
async function warningsOf(env: Env): Promise<string[]> {
  const { stdout } = await check(env);
  return [...stdout.matchAll(/^warning: (.*)$/gm)].map(([, text = '']) => text);
}

describe('--check', () => {
  it('says of each engine what would be asked, where, and with which variable’s key', async () => {
    const { stdout, code } = await check({
      MODEL_ENGINES: 'openai,azure_eu,my_lab,local',
      OPENAI_API_KEY: secret('openai'),
      AZURE_EU_ENGINE: 'azure',
      AZURE_EU_BASE_URL: `https://eu.test/?code=${secret('query')}`,
      AZURE_EU_UPSTREAM_HEADERS: `Orbit-Key: ${secret('header')}`,
      MY_LAB_BASE_URL: 'http://lab.test:8000/llm',
      MY_LAB_MODELS_STATIC: 'a,b',
      MY_LAB_MODELS_STATIC_MODE: 'append',
      LOCAL_MODELS_STATIC: 'c',
      FORWARD_AUTHORIZATION_TO: 'openai',
      CACHE_TTL_SECONDS: '60',
      CACHE_STALE_SECONDS: '300',
      REDIS_URL: `redis://:${secret('redis')}@127.0.0.1:1`,
      METRICS_PORT: '9464',
    });
    expect(stdout).toBe(`models-gateway ${VERSION}
  listens on     port 8000 of all addresses
  metrics        at /metrics of port 9464
  cache          60 s, and stale for 300 s, in memory and at REDIS_URL
  answers        every caller
  callers' keys  go to openai

engine openai
  kind           built in
  URL            https://api.openai.com/v1/models
  key            OPENAI_API_KEY
  headers        none
  proxy          none
  TLS files      none
  static list    none

engine azure_eu
  kind           azure, built in
  URL            https://eu.test/openai/models
  key            none
  headers        AZURE_EU_UPSTREAM_HEADERS
  proxy          none
  TLS files      none
  static list    none

engine my_lab
  kind           OpenAI-compatible, not built in
  URL            http://lab.test:8000/llm/v1/models
  key            none
  headers        none
  proxy          none
  TLS files      none
  static list    MY_LAB_MODELS_STATIC, 2 models, mode append

engine local
  kind           OpenAI-compatible, not built in
  URL            none: the static list replaces its own
  key            none
  headers        none
  proxy          none
  TLS files      none
  static list    LOCAL_MODELS_STATIC, 1 model

The configuration is valid.
`);
    expect(code).toBe(0);
  });

  it('says who may ask', async () => {
    const { stdout } = await check({ GATEWAY_API_KEYS: secret('0123456789abcdef') });
    expect(stdout).toContain('answers        callers with a key of GATEWAY_API_KEYS\n');
    expect(stdout).toContain("callers' keys  go to no provider\n");
  });

  it.each<[what: string, env: Env, missing: RegExp]>([
    [
      'a base URL',
      { MAIN_MODEL_ENGINE: 'nim' },
      /^The engine nim needs MAIN_MODEL_BASE_URL to be set\. Until then every list is a 502\.$/,
    ],
    [
      'the base URL of one of several engines',
      { MODEL_ENGINES: 'opnai,anthropic' },
      /^The engine opnai needs OPNAI_BASE_URL to be set\. Until then lists lack its models, and \/readyz is a 503\. Is the built-in engine openai meant\?$/,
    ],
    [
      'the base URL of one of several engines, all of which are wanted',
      { MODEL_ENGINES: 'my_lab,anthropic', MODELS_PARTIAL: 'false' },
      /^The engine my_lab needs MY_LAB_BASE_URL to be set\. Until then every list is a 502\.$/,
    ],
    [
      'that of an engine that is nearly a built-in one',
      { MAIN_MODEL_ENGINE: 'opnai' },
      /^The engine opnai is not built in, and MAIN_MODEL_BASE_URL is not set: the list is empty\. Is the built-in engine openai meant\?$/,
    ],
    [
      'that of an engine that is like none',
      { MAIN_MODEL_ENGINE: 'my-lab' },
      /^The engine my-lab is not built in, and MAIN_MODEL_BASE_URL is not set: the list is empty\.$/,
    ],
  ])('fails for want of %s', async (_what, env, missing) => {
    const { stdout, code } = await check(env);
    expect([...stdout.matchAll(/^missing: (.*)$/gm)].map(([, text]) => text)).toEqual([
      expect.stringMatching(missing),
    ]);
    expect(code).toBe(1);
  });

  it('misses no base URL where the operator adds models', async () => {
    const { code } = await check({
      MAIN_MODEL_ENGINE: 'my-lab',
      MODELS_STATIC: 'a',
      MODELS_STATIC_MODE: 'append',
    });
    expect(code).toBe(0);
  });

  it('asks neither a provider nor Redis', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const { code } = await check({
      MAIN_MODEL_ENGINE: 'vllm',
      MAIN_MODEL_BASE_URL: `http://${address}`,
      CACHE_TTL_SECONDS: '1',
      REDIS_URL: `redis://${address}`,
    });
    server.close();
    expect([code, connections]).toEqual([0, 0]);
  });
});

describe('a variable without effect', () => {
  const several = { MODEL_ENGINES: 'openai,anthropic' };

  it.each<[env: Env, idle: readonly string[]]>([
    [{ ...several, MAIN_MODEL_ENGINE: 'openai' }, ['MAIN_MODEL_ENGINE has no effect beside MODEL_ENGINES.']],
    [
      { CACHE_STALE_SECONDS: '60', CACHE_MAX_ENTRIES: '5', REDIS_URL: 'redis://h', REDIS_TIMEOUT_MS: '9' },
      ['CACHE_STALE_SECONDS', 'CACHE_MAX_ENTRIES', 'REDIS_URL'].map(
        (name) => `${name} has no effect without CACHE_TTL_SECONDS.`,
      ),
    ],
    [
      { CACHE_TTL_SECONDS: '9', REDIS_TIMEOUT_MS: '9' },
      ['REDIS_TIMEOUT_MS has no effect without REDIS_URL.'],
    ],
    [
      { OPENAI_BASE_URL: 'http://lab.test/v1', OPENAI_ENGINE: 'azure' },
      [
        'OPENAI_BASE_URL has no effect without MODEL_ENGINES: MAIN_MODEL_BASE_URL is read.',
        'OPENAI_ENGINE has no effect without MODEL_ENGINES: MAIN_MODEL_ENGINE is read.',
      ],
    ],
    [{ TRUSTED_PROXIES: '10.0.0.0/8' }, ['TRUSTED_PROXIES has no effect without LOG_CLIENT_ADDRESS=true.']],
    [
      { ...several, FORWARD_AUTHORIZATION_TO: 'openai', GATEWAY_API_KEYS: '0123456789abcdef' },
      ['FORWARD_AUTHORIZATION_TO has no effect beside GATEWAY_API_KEYS.'],
    ],
    [
      { MODEL_ENGINES: 'openai', FORWARD_AUTHORIZATION_TO: 'openai', MODELS_PARTIAL: 'false' },
      [
        'FORWARD_AUTHORIZATION_TO has no effect with one engine.',
        'MODELS_PARTIAL has no effect with one engine.',
      ],
    ],
    [
      { ...several, PLACEHOLDER_API_KEYS: 'x' },
      [
        'PLACEHOLDER_API_KEYS has no effect with several engines and no FORWARD_AUTHORIZATION_TO: the key of no caller is used.',
      ],
    ],
    [
      { METRICS_PORT: '9464', METRICS_ENABLED: 'false' },
      ['METRICS_PORT has no effect with METRICS_ENABLED=false.'],
    ],
    [{ MODELS_STATIC_MODE: 'append' }, ['MODELS_STATIC_MODE has no effect without MODELS_STATIC.']],
    [
      { KEY_FILE_INTERVAL_MS: '900' },
      ['KEY_FILE_INTERVAL_MS has no effect without a file that is read again.'],
    ],
    [
      { MAIN_MODEL_API_KEY: 'x' },
      ['MAIN_MODEL_API_KEY has no effect with the engine openai, which has OPENAI_API_KEY.'],
    ],
    [
      {
        MAIN_MODEL_ENGINE: 'vllm',
        MAIN_MODEL_BASE_URL: 'http://h',
        MAIN_MODEL_API_KEY: 'x',
        VLLM_API_KEY: 'y',
      },
      ['MAIN_MODEL_API_KEY has no effect with the engine vllm, which has VLLM_API_KEY.'],
    ],
    [
      { MAIN_MODEL_ENGINE: 'cohere', MAIN_MODEL_BASE_URL: 'http://h', COHERE_BASE_URL: 'http://i' },
      ['MAIN_MODEL_BASE_URL has no effect with the engine cohere, which has COHERE_BASE_URL.'],
    ],
    [
      { MODELS_STATIC: 'a', MAIN_MODEL_BASE_URL: 'http://h' },
      ['MAIN_MODEL_BASE_URL has no effect as no provider is asked.'],
    ],
    [
      {
        MODELS_STATIC: 'a',
        OPENAI_API_KEY: 'x',
        UPSTREAM_HEADERS: 'A: b',
        UPSTREAM_TLS_CA_FILE: pem('certificate.pem'),
        UPSTREAM_TLS_CERT_FILE: pem('certificate.pem'),
        UPSTREAM_TLS_KEY_FILE: pem('key.pem'),
      },
      [
        'OPENAI_API_KEY',
        'UPSTREAM_HEADERS',
        'UPSTREAM_TLS_CERT_FILE',
        'UPSTREAM_TLS_KEY_FILE',
        'UPSTREAM_TLS_CA_FILE',
      ].map((name) => `${name} has no effect as no provider is asked.`),
    ],
    [
      {
        MODEL_ENGINES: 'my_lab,openai',
        MY_LAB_MODELS_STATIC: 'a',
        MY_LAB_BASE_URL: 'http://h',
        MY_LAB_API_KEY: 'x',
        OPENAI_BASE_URL: 'http://h',
        OPENAI_API_KEY: 'x',
        OPENAI_TLS_CERT_FILE: pem('certificate.pem'),
        OPENAI_TLS_KEY_FILE: pem('key.pem'),
      },
      [
        'MY_LAB_BASE_URL has no effect as my_lab is not asked: its list is static.',
        'MY_LAB_API_KEY has no effect as my_lab is not asked: its list is static.',
        'OPENAI_TLS_CERT_FILE has no effect as openai is asked by http://.',
        'OPENAI_TLS_KEY_FILE has no effect as openai is asked by http://.',
      ],
    ],
    [
      { MODEL_ENGINES: 'my_lab,vllm', MY_LAB_MODELS_STATIC: 'a', VLLM_MODELS_STATIC: 'b', VLLM_API_KEY: 'x' },
      ['VLLM_API_KEY has no effect as no provider is asked.'],
    ],
    [
      {
        MODEL_ENGINES: 'my_lab,vllm',
        MODELS_STATIC: 'a',
        VLLM_MODELS_STATIC: 'b',
        VLLM_MODELS_STATIC_MODE: 'append',
      },
      ['VLLM_MODELS_STATIC', 'VLLM_MODELS_STATIC_MODE'].map(
        (name) => `${name} has no effect beside MODELS_STATIC.`,
      ),
    ],
    [
      { ...several, OPENAI_MODELS_STATIC_MODE: 'append', ANTHROPIC_MODELS_STATIC: 'a' },
      ['OPENAI_MODELS_STATIC_MODE has no effect without OPENAI_MODELS_STATIC.'],
    ],
    [
      {
        MAIN_MODEL_ENGINE: 'vllm',
        MAIN_MODEL_BASE_URL: 'http://h',
        UPSTREAM_TLS_CA_FILE: pem('certificate.pem'),
        UPSTREAM_TLS_CERT_FILE: pem('certificate.pem'),
        UPSTREAM_TLS_KEY_FILE: pem('key.pem'),
      },
      [
        'UPSTREAM_TLS_CERT_FILE has no effect as vllm is asked by http://.',
        'UPSTREAM_TLS_KEY_FILE has no effect as vllm is asked by http://.',
        'UPSTREAM_TLS_CA_FILE has no effect as no provider is asked by https://.',
      ],
    ],
    [
      {
        MODEL_ENGINES: 'openai,vllm',
        VLLM_BASE_URL: 'http://h',
        OPENAI_TLS_CA_FILE: pem('certificate.pem'),
        UPSTREAM_TLS_CA_FILE: pem('certificate.pem'),
      },
      ['UPSTREAM_TLS_CA_FILE has no effect as each provider has its own.'],
    ],
    [
      {
        AZURE_EU_ENGINE: 'azure',
        AZURE_EU_BASE_URL: 'https://eu.test',
        DB_ENGINE: 'postgres',
        DB_BASE_URL: 'x',
      },
      [
        'AZURE_EU_ENGINE has no effect without MODEL_ENGINES, which would name azure_eu.',
        'AZURE_EU_BASE_URL has no effect without MODEL_ENGINES, which would name azure_eu.',
      ],
    ],
    [
      { MODEL_ENGINES: 'openai', GPU_ENGINE: 'vllm', GPU_API_KEY: 'x', SEARCH_ENGINE: 'openai' },
      [
        'GPU_ENGINE has no effect, as MODEL_ENGINES does not name gpu.',
        'GPU_API_KEY has no effect, as MODEL_ENGINES does not name gpu.',
      ],
    ],
  ])('%j is named', async (env, idle) => {
    expect(await warningsOf(env)).toEqual(idle);
  });

  it.each<[env: Env]>([
    [{ CACHE_TTL_SECONDS: '9', CACHE_STALE_SECONDS: '9', REDIS_URL: 'redis://h', REDIS_TIMEOUT_MS: '9' }],
    [{ CACHE_STALE_SECONDS: '0', METRICS_PORT: '0', METRICS_ENABLED: 'false', MODELS_PARTIAL: 'true' }],
    [{ TRUSTED_PROXIES: '10.0.0.0/8', LOG_CLIENT_ADDRESS: 'true' }],
    [{ ...several, FORWARD_AUTHORIZATION_TO: 'openai', PLACEHOLDER_API_KEYS: 'x', MODELS_PARTIAL: 'false' }],
    [{ PLACEHOLDER_API_KEYS: 'x', GATEWAY_API_KEYS: '0123456789abcdef' }],
    [{ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: 'http://h', MAIN_MODEL_API_KEY: 'x' }],
    [{ MODELS_STATIC: 'a', MODELS_STATIC_MODE: 'append' }],
    [{ METRICS_PORT: '9464', DOCS_ENABLED: 'false', PAGE_ENABLED: 'false', COALESCE: 'false' }],
    [
      {
        UPSTREAM_HEADERS: 'A: b',
        OPENAI_API_KEY: 'x',
        UPSTREAM_TLS_CA_FILE: pem('certificate.pem'),
        UPSTREAM_TLS_CERT_FILE: pem('certificate.pem'),
        UPSTREAM_TLS_KEY_FILE: pem('key.pem'),
      },
    ],
    [{ MODELS_STATIC: 'a', MODELS_STATIC_MODE: 'append', OPENAI_API_KEY: 'x', UPSTREAM_HEADERS: 'A: b' }],
    [{ MODELS_STATIC: 'a', ANTHROPIC_API_KEY: 'x', VLLM_BASE_URL: 'http://h' }],
    [
      {
        MODEL_ENGINES: 'openai,vllm',
        VLLM_BASE_URL: 'http://h',
        OPENAI_API_KEY: 'x',
        UPSTREAM_TLS_CA_FILE: pem('certificate.pem'),
      },
    ],
    [
      {
        MAIN_MODEL_ENGINE: 'vllm',
        MAIN_MODEL_BASE_URL: 'http://h',
        HTTP_PROXY: 'https://proxy.test',
        NO_PROXY: 'x',
        VLLM_API_KEY: 'x',
        UPSTREAM_TLS_CA_FILE: pem('certificate.pem'),
      },
    ],
    [
      {
        MAIN_MODEL_ENGINE: 'bedrock',
        AWS_REGION: 'eu-central-1',
        MAIN_MODEL_BASE_URL: 'http://h',
        UPSTREAM_TLS_CA_FILE: pem('certificate.pem'),
      },
    ],
  ])('%j has none', async (env) => {
    const warnings = await warningsOf(env);
    expect(warnings.filter((each) => each.includes('has no effect'))).toEqual([]);
  });
});

describe('--check --ask', () => {
  it('asks each provider once, and says what came of it', async () => {
    const good = await started(startFakeUpstream(json({ data: [{ id: 'a' }, { id: 'b' }] })));
    const bad = await started(
      startFakeUpstream((request, response) => {
        json({ error: { message: `No ${String(request.headers.authorization)}` } }, 401)(request, response);
      }),
    );
    const slow = await started(startFakeUpstream(silence));
    const { stdout, code } = await check(
      {
        MODEL_ENGINES: 'vllm,my_lab,slow,local,nim',
        VLLM_BASE_URL: good.url,
        MY_LAB_BASE_URL: bad.url,
        MY_LAB_API_KEY: secret('lab'),
        SLOW_BASE_URL: slow.url,
        LOCAL_MODELS_STATIC: 'c',
        UPSTREAM_TIMEOUT_MS: '3000',
      },
      true,
    );
    const table = stdout.slice(stdout.indexOf('\nengine  '));
    const rows = table.split('\n').map((row) => row.split(/ {2,}/));
    expect(rows.slice(1, 7)).toEqual([
      ['engine', 'status', 'time', 'models'],
      ['vllm', '200', expect.stringMatching(/^\d+ ms$/), '2'],
      ['my_lab', '401', expect.stringMatching(/^\d+ ms$/), '-'],
      ['slow', 'upstream_timeout', expect.stringMatching(/^\d+ ms$/), '-'],
      ['local', 'not asked', '-', '1'],
      ['nim', 'not asked', '-', '-'],
    ]);
    expect(table).toMatch(
      /^my_lab: .* answered 401 to the key from MY_LAB_API_KEY: No \[redacted\]\. Check/m,
    );
    expect(table).toMatch(/^slow: The provider gave no complete answer within 3000 ms\./m);
    expect(table).toMatch(/^nim: The engine nim needs NIM_BASE_URL to be set\.$/m);
    expect([good, bad, slow].map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
    expect(code).toBe(1);
  });

  it('succeeds when every provider gives a list', async () => {
    const { url } = await started(startFakeUpstream(json({ data: [] })));
    const { stdout, code } = await check({ MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: url }, true);
    expect(stdout).toMatch(/^vllm {4}200 {5}\d+ ms +0$/m);
    expect(code).toBe(0);
  });
});

describe('the warnings of --check --ask', () => {
  const LIST = json({ data: [{ id: 'meta/llama' }, { id: 'gpt-4o' }] });

  async function warningsWith(env: Env): Promise<string[]> {
    const { url } = await started(startFakeUpstream(LIST));
    const base = { MAIN_MODEL_ENGINE: 'vllm', MAIN_MODEL_BASE_URL: url };
    const several = { MODEL_ENGINES: 'vllm,lab', VLLM_BASE_URL: url, LAB_BASE_URL: url };
    const { stdout } = await check({ ...('MODELS_PREFIX' in env ? several : base), ...env }, true);
    return [...stdout.matchAll(/^warning: (.*)$/gm)].map(([, text = '']) => text);
  }

  it.each<[env: Env, warnings: readonly string[]]>([
    [{}, []],
    [{ MODELS_ALLOW: 'meta/*', MODELS_DENY: 'gpt-*' }, []],
    [
      { MODELS_ALLOW: 'meta/*,mistral-*,claude-*', MODELS_DENY: '*embed*' },
      [
        'No model matches these patterns of MODELS_ALLOW: mistral-*, claude-*',
        'No model matches these patterns of MODELS_DENY: *embed*',
      ],
    ],
    [
      { MODELS_PREFIX: 'true', MODELS_ALLOW: 'lab/gpt-*,gpt-*,vllm/*' },
      ['No model matches these patterns of MODELS_ALLOW: gpt-*'],
    ],
    [
      {
        MODELS_PREFIX: 'true',
        LAB_MODELS_STATIC: 'own',
        LAB_MODELS_STATIC_MODE: 'append',
        MODELS_STATIC: 'all',
        MODELS_STATIC_MODE: 'append',
        MODELS_ALLOW: 'lab/own,all,vllm/gpt-4o,vllm/own',
      },
      ['No model matches these patterns of MODELS_ALLOW: vllm/own'],
    ],
    [{ MODELS_STATIC: 'a,b', MODELS_ALLOW: 'a,c' }, ['No model matches these patterns of MODELS_ALLOW: c']],
  ])('name what fits no model of the lists: %j', async (env, warnings) => {
    const { MODELS_STATIC: list, MODELS_STATIC_MODE: mode } = env;
    const isStatic = list !== undefined && mode === undefined;
    expect(await warningsWith(env)).toEqual([
      ...(isStatic ? ['MAIN_MODEL_BASE_URL has no effect as no provider is asked.'] : []),
      ...warnings,
    ]);
  });

  const file = join(temporaryFolder(), 'models.json');
  it('name an alias of no model', async () => {
    await writeFile(file, JSON.stringify([{ id: 'nick', alias_of: 'gpt-5' }]));
    expect(await warningsWith({ MODELS_STATIC_FILE: file, MODELS_STATIC_MODE: 'merge' })).toEqual([
      'MODELS_STATIC_FILE: the alias nick is left out, because it leads to no model of the list: gpt-5',
    ]);
  });

  it('are not there while a list is missing', async () => {
    const good = await started(startFakeUpstream(LIST));
    const bad = await started(startFakeUpstream(json({}, 500)));
    const env = {
      MODELS_ALLOW: 'x',
      MODEL_ENGINES: 'vllm,lab',
      VLLM_BASE_URL: good.url,
      LAB_BASE_URL: bad.url,
    };
    const { stdout, code } = await check({ ...env, UPSTREAM_MAX_RETRIES: '0' }, true);
    expect(stdout).not.toContain('warning:');
    expect(code).toBe(1);
  });
});

describe('the program', () => {
  const folder = temporaryFolder();
  let main: string;

  beforeAll(async () => {
    main = await builtService();
  }, BUILD_MS);

  function run(args: readonly string[], env: Env = {}): Promise<CommandResult> {
    // The file itself, as the `bin` of the package.
    return new Promise((resolve) => {
      execFile(
        main,
        args,
        { cwd: folder, env: { PATH: process.env['PATH'], ...env } },
        (error, stdout, stderr) => {
          const code = typeof error?.code === 'number' ? error.code : 0;
          resolve({ stdout, stderr, code: error === null ? 0 : code });
        },
      );
    });
  }

  it('has an exit code for each outcome, and nothing of the log in its output', async () => {
    await writeFile(join(folder, '.env'), `MAIN_MODEL_ENGINE=cohere\nCOHERE_API_KEY=${secret('env')}\n`);
    const [help, version, good, missing, invalid, unknown] = await Promise.all([
      run(['--help']),
      run(['--version']),
      run(['--check']),
      run(['--check'], { MAIN_MODEL_ENGINE: 'nim' }),
      run(['--check'], { PORT: secret('port'), LOG_LEVEL: 'trace' }),
      run(['--chek']),
    ]);
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--check --ask') });
    expect(version).toEqual({ code: 0, stderr: '', stdout: `${VERSION}\n` });
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toMatch(/\n {2}key +COHERE_API_KEY\n/);
    expect(missing).toMatchObject({ code: 1, stderr: '' });
    expect(invalid).toEqual({
      code: 1,
      stdout: '',
      stderr: 'The configuration is not valid:\n  PORT must be a whole number from 0 to 65535\n',
    });
    expect(unknown).toEqual({
      code: 2,
      stdout: '',
      stderr: 'models-gateway: --chek is no option. Is --check meant? --help lists the options.\n',
    });
    for (const { stdout, stderr } of [good, missing, invalid])
      expect(stdout + stderr).not.toMatch(/SECRET0|\{/);
  });
});
