import { afterEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
// They register the variables of the vendors and of every namespace.
import '../providers/built-in-providers.js';
import './config.module.js';
import { builtInNames } from './engines.js';
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
    ['MODELS_DENNY', 'MODELS_DENY'],
    ['MODELS_DNEY', 'MODELS_DENY'],
    ['CHACHE_TTL_SECONDS', 'CACHE_TTL_SECONDS'],
    ['GATEWEY_API_KEYS_FILE', 'GATEWAY_API_KEYS_FILE'],
    ['OPNAI_API_KEY', 'OPENAI_API_KEY'],
  ])('%s is named with the one that is meant', (variable, meant) => {
    expect(misspellingsIn({ [variable]: 'x' })).toEqual([`${variable}: ${meant}`]);
  });

  it.each([
    { MODELS_ALOW: 'x', MODELS_ALLOW: 'y' },
    { MODELS_ALOW: 'x', MODELS_ALLOW: 'y', MODELS_DNEY: ' ' },
    { MODELS_ALOW: 'x', MODELS_DENY: 'y' },
  ])('is named beside the one that is meant too, and not where it is empty: %j', (env) => {
    expect(misspellingsIn(env)).toEqual(['MODELS_ALOW: MODELS_ALLOW']);
  });

  const key = '0123456789abcdef';
  it.each([
    { OPENAI_APIKEY: 'x', OPENAI_API_KEY: 'y' },
    { OPENAI_API_KEYS: 'x', OPENAI_API_KEY: 'y' },
    { GATEWAY_API_KEY: 'x', GATEWAY_API_KEYS: key },
    { REDIS_URI: 'x', REDIS_URL: 'redis://h' },
  ])('is another program’s where it holds a key beside the right one: %j', (env) => {
    expect(misspellingsIn(env)).toEqual([]);
  });

  it.each(['BASH_PATH', 'LOG_LABEL', 'LOG_LEAVE', 'BASE_PASS', 'REDIS_SSL', 'CORE_ORIGINS', 'MODELS_DANK'])(
    '%s differs by a whole word',
    (variable) => {
      expect(misspellingsIn({ [variable]: 'x' })).toEqual([]);
    },
  );

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
    // Other programs call the key so: here it is not read.
    expect(misspellingsIn({ MAIN_MODEL_ENGINE: 'together', TOGETHERAI_API_KEY: 'x' })).toEqual([
      'TOGETHERAI_API_KEY: TOGETHER_API_KEY',
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
  'other CI systems': named(`
    CI_API_V4_URL CI_BUILDS_DIR CI_COMMIT_SHA CI_CONFIG_PATH CI_JOB_TOKEN CI_PROJECT_PATH CI_REGISTRY_PASSWORD
    GITLAB_CI GITLAB_FEATURES GITLAB_USER_LOGIN FF_NETWORK_PER_BUILD
    JENKINS_HOME JENKINS_URL BUILD_ID BUILD_NUMBER BUILD_TAG BUILD_URL JOB_NAME JOB_BASE_NAME NODE_NAME NODE_LABELS
    EXECUTOR_NUMBER WORKSPACE STAGE_NAME RUN_DISPLAY_URL HUDSON_URL
    CIRCLECI CIRCLE_BRANCH CIRCLE_BUILD_URL CIRCLE_JOB CIRCLE_TOKEN TRAVIS TRAVIS_BRANCH DRONE DRONE_REPO
    BUILDKITE BUILDKITE_AGENT_NAME BUILDKITE_LABEL BITBUCKET_BRANCH BITBUCKET_BUILD_NUMBER
    TF_BUILD SYSTEM_ACCESSTOKEN SYSTEM_TEAMPROJECT AGENT_NAME AGENT_TEMPDIRECTORY BUILD_SOURCESDIRECTORY
    TEAMCITY_VERSION CODEBUILD_BUILD_ID APPVEYOR SEMAPHORE CIRRUS_CI NETLIFY COVERAGE_FILE CACHE_DIR CACHE_PATH
    LOG_LABEL LOG_TABLE LOG_FILE LOG_PATH LOG_DIR LOGS_PATH BASH_PATH BASH_ENV BUILD_PATH BIN_PATH BASE_DIR BASE_REF
  `),
  platforms: named(`
    DYNO HEROKU_APP_NAME STACK PORT0 REDIS_TLS_URL REDISCLOUD_URL REDISTOGO_URL REDIS_PRIVATE_URL REDIS_PUBLIC_URL
    REDISHOST REDISPORT REDISUSER REDISPASSWORD REDIS_PASSWORD REDIS_USER REDIS_CONNECTION_STRING
    K_SERVICE K_REVISION K_CONFIGURATION FUNCTION_TARGET GAE_ENV GCP_PROJECT GOOGLE_CLOUD_REGION
    FLY_APP_NAME FLY_REGION FLY_MACHINE_ID PRIMARY_REGION RAILWAY_ENVIRONMENT RAILWAY_PROJECT_ID RAILWAY_STATIC_URL
    RENDER RENDER_EXTERNAL_URL RENDER_SERVICE_ID VERCEL VERCEL_ENV VERCEL_URL VERCEL_REGION CF_PAGES
    ECS_CONTAINER_METADATA_URI ECS_CONTAINER_METADATA_URI_V4 ECS_AGENT_URI LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR
    WEBSITE_HOSTNAME WEBSITE_SITE_NAME WEBSITES_PORT APPSETTING_PORT IDENTITY_ENDPOINT IDENTITY_HEADER MSI_ENDPOINT
    AZURE_AUTHORITY_HOST AZURE_FEDERATED_TOKEN_FILE AZURE_CLIENT_SECRET AZURE_OPENAI_DEPLOYMENT AZURE_API_KEY
    VCAP_APPLICATION VCAP_SERVICES MEMORY_LIMIT CF_INSTANCE_INDEX NOMAD_ALLOC_ID NOMAD_PORT_http NOMAD_TASK_NAME
    INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET LISTEN_PID LISTEN_FDS MAINPID DD_API_KEY DD_ENV DD_TRACE_AGENT_PORT
    NEW_RELIC_LICENSE_KEY SENTRY_DSN SENTRY_ENVIRONMENT HONEYCOMB_API_KEY VAULT_ADDR VAULT_TOKEN CONSUL_HTTP_ADDR
    MY_POD_IP HOST_IP HOST_NAME NODE_IP SERVER_PORT SERVER_HOST HTTP_PORT HTTPS_PORT METRICS_PATH METRICS_HOST
    CORS_HEADERS CORS_METHODS CORS_ALLOW_ORIGIN TRUST_PROXY TRUSTED_HOSTS ALLOWED_ORIGINS ALLOWED_HOSTS
    DATABRICKS_HOST DATABRICKS_RUNTIME_VERSION KUBECONFIG HELM_HOME SSL_CERT_PATH REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
  `),
  'shells and desktops': named(`
    BASH BASHOPTS BASH_VERSION BASH_VERSINFO BASH_FUNC_x ZDOTDIR ZSH FPATH MANPATH INFOPATH CDPATH PROMPT_COMMAND
    HISTFILE HISTSIZE HISTCONTROL PS1 IFS HOSTTYPE MACHTYPE OSTYPE TMUX TMUX_PANE STY WINDOWID VTE_VERSION
    DBUS_SESSION_BUS_ADDRESS DESKTOP_SESSION GDMSESSION GNOME_DESKTOP_SESSION_ID KDE_FULL_SESSION WAYLAND_DISPLAY
    XAUTHORITY XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_DIRS XMODIFIERS QT_IM_MODULE GTK_MODULES LS_COLORS LESSOPEN
    WSL_DISTRO_NAME WSLENV WT_SESSION ConEmuPID APPDATA LOCALAPPDATA COMPUTERNAME ComSpec HOMEDRIVE HOMEPATH LOGONSERVER
    PATHEXT PROCESSOR_LEVEL PROCESSOR_ARCHITECTURE ProgramData SystemRoot USERDOMAIN USERPROFILE windir TEMP
    VIRTUAL_ENV CONDA_PREFIX PYENV_ROOT PYTHONPATH GOPATH GOROOT CARGO_HOME RUSTUP_HOME JAVA_HOME MAVEN_OPTS
    SDKMAN_DIR RBENV_ROOT VOLTA_HOME FNM_DIR PNPM_HOME BUN_INSTALL DENO_DIR ASDF_DIR DIRENV_DIR NIX_PATH GPG_TTY
    SSH_CONNECTION SSH_TTY SUDO_USER MAIL LOGLEVELS DEBUG VERBOSE NO_COLOR FORCE_COLOR CLICOLOR BASE_URI
  `),
  'programs for language models': named(`
    LITELLM_MASTER_KEY LITELLM_SALT_KEY LITELLM_LOG OPENAI_API_BASE_URL OPENAI_API_BASE_URLS OPENAI_API_TYPE
    OPENAI_API_VERSION OPENAI_API_HOST OPENAI_MODEL OPENAI_ORGANIZATION OPENAI_PROJECT OPENAI_PROXY OPENAI_LOG
    AZURE_API_BASE AZURE_API_VERSION AZURE_AD_TOKEN AZURE_OPENAI_MODEL GEMINI_MODEL GOOGLE_MODEL GOOGLE_CSE_ID
    ANTHROPIC_MODEL ANTHROPIC_SMALL_FAST_MODEL ANTHROPIC_CUSTOM_HEADERS CLAUDE_CODE_USE_BEDROCK CLAUDE_API_KEY
    AWS_BEARER_TOKEN_BEDROCK AWS_PROFILE AWS_SESSION_TOKEN BEDROCK_MODEL CO_API_KEY COHERE_MODEL HF_HUB_TOKEN
    HF_HUB_OFFLINE HF_DATASETS_CACHE HUGGING_FACE_HUB_TOKEN HUGGINGFACEHUB_API_TOKEN TRANSFORMERS_CACHE
    VLLM_USE_V1 VLLM_PORT VLLM_LOGGING_LEVEL VLLM_ATTENTION_BACKEND OLLAMA_MODELS OLLAMA_ORIGINS OLLAMA_KEEP_ALIVE
    OLLAMA_BASE_URLS OLLAMA_DEBUG LANGCHAIN_API_KEY LANGSMITH_TRACING LANGFUSE_HOST TAVILY_API_KEY SERPER_API_KEY
    WEBUI_SECRET_KEY ENABLE_OLLAMA_API MODEL_NAME MODEL_ID MODEL_PATH MODELS_PATH MODELS_DIR MODELS_CONFIG
    MODEL_ENGINE_ID MODEL_TYPE MODEL_PROVIDER DEFAULT_MODELS MAIN_MODEL MAIN_MODEL_NAME GROK_API_KEY GROK_API_BASE
    ZHIPUAI_API_KEY QWEN_API_KEY ARK_API_KEY KIMI_API_KEY YI_API_KEY STABILITY_API_KEY REPLICATE_API_TOKEN
    ELEVENLABS_API_KEY VOYAGE_API_KEY JINA_API_KEY PINECONE_API_KEY NGC_API_KEY NIM_CACHE_PATH WANDB_PROJECT
    UPSTREAM_URL UPSTREAM_HOST UPSTREAM_PORT CACHE_URL CACHE_TYPE CACHE_SIZE GATEWAY_URL GATEWAY_PORT GATEWAY_TOKEN
  `),
};

/** Variables of which only the names matter. */
function named(names: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, 'x']),
  );
}

const file = join(temporaryFolder(), 'key');
it('a name beside the file of the right one is not taken for a misspelt one', () => {
  const env = { MAIN_MODEL_ENGINE: 'groq', GROQ_APIKEY: 'x' };
  expect(misspellingsIn(env)).toEqual(['GROQ_APIKEY: GROQ_API_KEY']);
  writeFileSync(file, 'x');
  expect(misspellingsIn({ ...env, GROQ_API_KEY_FILE: file })).toEqual([]);
});

describe('what other programs set', () => {
  const env = Object.fromEntries(Object.values(ENVIRONMENTS).flatMap((each) => Object.entries(each)));

  it.each(builtInNames())('is not taken for a misspelt variable of %s', (engine) => {
    expect(misspeltVariables([{ name: engine, kind: engine }], env)).toEqual([]);
  });

  it('is not taken for one of engines by name', () => {
    const engines = ['my_lab', 'azure_eu', 'gpu'].map((name) => ({ name, kind: undefined }));
    expect(misspeltVariables(engines, env)).toEqual([]);
  });
});
