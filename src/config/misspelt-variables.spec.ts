import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// Registers the variables of every namespace and of the vendors.
import '../app.module.js';
import { misspeltVariables } from './misspelt-variables.js';
import { providerConfig } from './provider.config.js';

const given = new Set<string>();

afterEach(() => {
  for (const name of given) Reflect.deleteProperty(process.env, name);
  given.clear();
});

/** What is said of an environment, whose engines it names itself. */
function misspellingsIn(env: Readonly<Record<string, string>>): string[] {
  for (const [name, value] of Object.entries(env)) {
    given.add(name);
    process.env[name] = value;
  }
  return misspeltVariables(providerConfig().engines, env).map(
    ({ variable, meant }) => `${variable}: ${meant}`,
  );
}

describe('a variable that looks like one of ours', () => {
  it.each([
    ['MODELS_ALOW', 'MODELS_ALLOW'],
    ['MODEL_ALLOW', 'MODELS_ALLOW'],
    ['models_deny', 'MODELS_DENY'],
    ['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT_MS'],
    ['UPSTREAM_TIMEOUT_SECONDS', 'UPSTREAM_TIMEOUT_MS'],
    ['CACHE_TTL', 'CACHE_TTL_SECONDS'],
    ['CACHE_TTL_MS', 'CACHE_TTL_SECONDS'],
    ['OPENAI_APIKEY', 'OPENAI_API_KEY'],
    ['OPENAI_API_KEY_FIEL', 'OPENAI_API_KEY_FILE'],
    ['GATEWAY_API_KEY', 'GATEWAY_API_KEYS'],
    ['MODEL_ENGINE', 'MODEL_ENGINES'],
    ['MAIN_MODEL_ENIGNE', 'MAIN_MODEL_ENGINE'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['REDIS_URI', 'REDIS_URL'],
    ['MERTICS_PORT', 'METRICS_PORT'],
  ])('%s is named with the one that is meant', (variable, meant) => {
    expect(misspellingsIn({ [variable]: 'x' })).toEqual([`${variable}: ${meant}`]);
  });

  it('is none beside the one that is meant, or when it is empty', () => {
    expect(misspellingsIn({ MODELS_ALOW: 'x', MODELS_ALLOW: 'y', MODELS_DNEY: ' ' })).toEqual([]);
  });

  it('may be one of an engine by its name', () => {
    const env = { MODEL_ENGINES: 'my_lab,azure_eu', AZURE_EU_ENGINE: 'azure' };
    expect(
      misspellingsIn({ ...env, MY_LAB_BASEURL: 'x', AZURE_EU_API_VERSON: 'x', AZURE_UE_API_KEY: 'x' }),
    ).toEqual([
      'MY_LAB_BASEURL: MY_LAB_BASE_URL',
      'AZURE_EU_API_VERSON: AZURE_EU_API_VERSION',
      'AZURE_UE_API_KEY: AZURE_EU_API_KEY',
    ]);
  });

  it('is no matter where it looks like one of a vendor that is not asked', () => {
    expect(misspellingsIn({ TOGETHERAI_API_KEY: 'x', COHERE_APIKEY: 'x' })).toEqual([]);
    expect(misspellingsIn({ MAIN_MODEL_ENGINE: 'cohere', COHERE_APIKEY: 'x' })).toEqual([
      'COHERE_APIKEY: COHERE_API_KEY',
    ]);
  });
});

/** Names, and values where these matter. */
const ENVIRONMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Kubernetes: {
    HOME: '/home/node',
    HOSTNAME: 'models-gateway-7d4b9c-x2x9z',
    NODE_ENV: 'production',
    NODE_VERSION: '24.1.0',
    YARN_VERSION: '1.22.22',
    PATH: '/usr/local/bin:/usr/bin',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    KUBERNETES_PORT: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
    KUBERNETES_PORT_443_TCP_PORT: '443',
    KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
    // Services with names near to ours.
    METRIC_PORT: 'tcp://10.96.0.9:9090',
    METRIC_SERVICE_HOST: '10.96.0.9',
    METRIC_SERVICE_PORT: '9090',
    REDIS_PORT: 'tcp://10.96.0.7:6379',
    REDIS_PORT_6379_TCP: 'tcp://10.96.0.7:6379',
    REDIS_SERVICE_HOST: '10.96.0.7',
    MODELS_GATEWAY_PORT_80_TCP_ADDR: '10.96.0.8',
    UPSTREAM_SERVICE_PORT_HTTP: '80',
    POD_NAME: 'x',
    POD_IP: '10.0.0.1',
    POD_NAMESPACE: 'x',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector:4317',
    OTEL_SERVICE_NAMESPACE: 'x',
    OTEL_RESOURCE_ATTRIBUTES: 'x',
    AWS_REGION: 'eu-central-1',
    AWS_REGIONS: 'x',
    AWS_ROLE_ARN: 'arn',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/token',
    AWS_STS_REGIONAL_ENDPOINTS: 'regional',
    AZURE_CLIENT_ID: 'x',
    AZURE_TENANT_ID: 'x',
    GOOGLE_CLOUD_PROJECT: 'x',
    GOOGLE_APPLICATION_CREDENTIALS: '/x',
    NVIDIA_VISIBLE_DEVICES: 'all',
    SSL_CERT_DIR: '/etc/ssl/certs',
  },
  "a developer's shell": {
    SHELL: '/bin/zsh',
    USER: 'x',
    LOGNAME: 'x',
    PWD: '/x',
    OLDPWD: '/x',
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    TERM_PROGRAM: 'vscode',
    TERM_PROGRAM_VERSION: '1',
    EDITOR: 'vim',
    PAGER: 'less',
    SHLVL: '1',
    HOST: '',
    TMPDIR: '/tmp',
    XDG_RUNTIME_DIR: '/run/user/1000',
    SSH_AUTH_SOCK: '/x',
    DISPLAY: ':0',
    HOMEBREW_PREFIX: '/opt',
    NVM_DIR: '/x',
    NODE_OPTIONS: '--max-old-space-size=4096',
    NODE_EXTRA_CA_CERTS: '/x',
    NPM_TOKEN: 'x',
    npm_config_user_agent: 'npm',
    npm_config_noproxy: 'x',
    npm_lifecycle_event: 'start',
    npm_package_version: '0.1.0',
    HTTP_PROXY: 'http://p:3128',
    FTP_PROXY: 'http://p:3128',
    ftp_proxy: 'http://p:3128',
    RSYNC_PROXY: 'http://p:3128',
    GH_TOKEN: 'x',
    CF_TOKEN: 'x',
    AI_API_KEY: 'x',
    OPENAI_BASE_URL: 'https://api.openai.com/v1',
    OPENAI_API_BASE: 'https://api.openai.com/v1',
    OPENAI_ORG_ID: 'x',
    OPENAI_API_KEY: 'x',
    OPENAI_API_KEYS: 'x',
    ANTHROPIC_BASE_URL: 'x',
    ANTHROPIC_AUTH_TOKEN: 'x',
    ZHIPUAI_API_KEY: 'x',
    TOGETHERAI_API_KEY: 'x',
    GROK_API_KEY: 'x',
    HF_HOME: '/x',
    OLLAMA_HOST: 'x',
    VLLM_HOST_IP: 'x',
    DOCKER_HOST: 'unix:///x',
    REDIS_HOST: 'localhost',
    REDIS_SSL: 'true',
    REDIS_DB: '0',
    DATABASE_URL: 'postgres://x',
    LOG_FORMAT: 'json',
    BASE_URL: 'http://x',
    PUBLIC_URL: 'http://x',
    POST: '1',
    PORTS: '1',
  },
  'GitHub Actions': {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'x',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_BASE_REF: 'main',
    GITHUB_ENV: '/x',
    GITHUB_HEAD_REF: 'x',
    GITHUB_OUTPUT: '/x',
    GITHUB_PATH: '/x',
    GITHUB_REPOSITORY: 'x/x',
    GITHUB_SHA: 'x',
    GITHUB_STEP_SUMMARY: '/x',
    GITHUB_TOKENS: 'x',
    GITHUB_WORKSPACE: '/x',
    RUNNER_ARCH: 'X64',
    RUNNER_TEMP: '/x',
    RUNNER_TOOL_CACHE: '/x',
    ACTIONS_CACHE_URL: 'x',
    ACTIONS_RUNTIME_TOKEN: 'x',
    ACTIONS_ID_TOKEN_REQUEST_URL: 'x',
    INPUT_TOKEN: 'x',
    JAVA_HOME_17_X64: '/x',
    GOROOT_1_22_X64: '/x',
    ANDROID_HOME: '/x',
    AGENT_TOOLSDIRECTORY: '/x',
    ImageOS: 'ubuntu24',
    DEPLOYMENT_BASEPATH: '/x',
    DOTNET_NOLOGO: '1',
    PIPX_BIN_DIR: '/x',
    LEIN_HOME: '/x',
    SELENIUM_JAR_PATH: '/x',
  },
};

const ENGINES = ['openai', 'huggingface', 'xai', 'bedrock', 'github_models', 'ollama', 'watsonx', 'vllm'];

it('a name beside the file of the right one is not taken for a misspelt one', () => {
  const env = { MAIN_MODEL_ENGINE: 'groq', GROK_API_KEY: 'x' };
  expect(misspellingsIn(env)).toEqual(['GROK_API_KEY: GROQ_API_KEY']);
  const folder = mkdtempSync(join(tmpdir(), 'models-gateway-'));
  const file = join(folder, 'key');
  writeFileSync(file, 'x');
  expect(misspellingsIn({ ...env, GROQ_API_KEY_FILE: file })).toEqual([]);
  rmSync(folder, { recursive: true });
});

describe.each(Object.entries(ENVIRONMENTS))('the environment of %s', (_name, env) => {
  it.each(ENGINES)('holds nothing that is taken for a misspelt variable of %s', (engine) => {
    expect(misspellingsIn({ ...env, MAIN_MODEL_ENGINE: engine })).toEqual([]);
  });

  it('holds nothing that is taken for one of several engines', () => {
    expect(misspellingsIn({ ...env, MODEL_ENGINES: ENGINES.join() })).toEqual([]);
  });
});
