import { afterEach, describe, expect, it } from '@jest/globals';
import { providerConfig } from '../../src/config/provider.config.js';
import { directRoute } from '../support/route.js';
import { SecretFiles } from '../../src/credentials/secret-files.js';
import { LargeBodies } from '../../src/upstream/large-bodies/large-bodies.js';
import { BUILT_IN_PROVIDERS } from '../../src/providers/built-in-providers.js';
import { ProviderRegistry } from '../../src/providers/provider.registry.js';
import { providerFactory } from '../../src/providers/providers.module.js';

const given = new Set<string>();

afterEach(() => {
  for (const name of given) Reflect.deleteProperty(process.env, name);
});

/** A registry as these variables make it; its providers send no request. */
function registryFor(env: Readonly<Record<string, string>>): ProviderRegistry {
  for (const name of Object.keys(env)) given.add(name);
  Object.assign(process.env, env);
  const client = {
    get: () => Promise.reject(new Error('No request was expected.')),
    largeBodies: new LargeBodies(),
    routeTo: ({ origin }: URL) => directRoute(origin),
  };
  const config = providerConfig();
  return new ProviderRegistry(
    config,
    { staticList: undefined },
    providerFactory({ client, config, limits: { maxPages: 1 } }),
    new SecretFiles({ keyFileIntervalMs: 1000 }),
  );
}

const ALIASES = BUILT_IN_PROVIDERS.flatMap(({ engine, aliases = [] }) =>
  [engine, ...aliases].map((name) => [name, engine] as const),
);

describe('MAIN_MODEL_ENGINE', () => {
  it.each([
    ...ALIASES,
    ['OpenAI', 'openai'],
    ['vLLM', 'vllm'],
    ['trt-llm', 'trt_llm'],
    ['TRT-LLM', 'trt_llm'],
    ['TRT_LLM', 'trt_llm'],
    ['azure_openai', 'azure'],
    ['azure-openai', 'azure'],
    ['Azure-OpenAI', 'azure'],
    ['Groq', 'groq'],
    ['GitHub-Models', 'github_models'],
  ])('takes %s for %s', (name, engine) => {
    const { configured } = registryFor({ MAIN_MODEL_ENGINE: name });
    expect(configured.map(({ identity }) => [identity.engine, identity.kind, identity.label])).toEqual([
      [engine, undefined, engine],
    ]);
  });

  it.each(['my-custom-engine', 'open_ai', 'openai2', 'trtllm', 'azure openai', '__proto__', 'constructor'])(
    'takes %s for a custom one, under its own name',
    (name) => {
      const { configured } = registryFor({ MAIN_MODEL_ENGINE: name });
      expect(configured.map(({ identity }) => [identity.engine, identity.label])).toEqual([[name, 'custom']]);
    },
  );
});

describe('MODEL_ENGINES', () => {
  it('may name several, in their order', () => {
    const { configured, credentialTarget } = registryFor({ MODEL_ENGINES: 'my_lab,anthropic,openai' });
    expect(configured.map(({ identity }) => identity.engine)).toEqual(['my_lab', 'anthropic', 'openai']);
    expect(credentialTarget).toBeUndefined();
  });

  it.each(ALIASES)('takes %s for %s, under that name', (name, engine) => {
    const { configured } = registryFor({ MODEL_ENGINES: `${name},my_lab` });
    expect(configured[0]?.identity).toMatchObject({
      engine: name,
      kind: name === engine ? undefined : engine,
      label: name,
    });
  });

  it('may name several of one kind', () => {
    const { configured, credentialTarget } = registryFor({
      MODEL_ENGINES: 'azure_eu,azure,azure_us',
      AZURE_EU_ENGINE: 'azure-openai',
      AZURE_US_ENGINE: 'azure',
      AZURE_EU_BASE_URL: 'https://eu.test',
      AZURE_EU_API_VERSION: '2025-01-01',
      AZURE_OPENAI_ENDPOINT: 'https://own.test',
      AZURE_US_ENDPOINT: 'https://us.test',
      AZURE_US_LIST: 'deployments',
      FORWARD_AUTHORIZATION_TO: 'azure-us',
    });
    expect(configured.map(({ identity, settings }) => [identity, settings])).toMatchObject([
      [
        { engine: 'azure_eu', kind: 'azure', label: 'azure_eu' },
        {
          url: new URL('https://eu.test/openai/models?api-version=2025-01-01'),
          keyVariables: ['AZURE_EU_API_KEY'],
          headerVariables: ['AZURE_EU_UPSTREAM_HEADERS'],
          missingVariable: undefined,
        },
      ],
      [
        { engine: 'azure', kind: undefined, label: 'azure' },
        {
          url: new URL('https://own.test/openai/models?api-version=2024-06-01'),
          keyVariables: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
        },
      ],
      [
        { engine: 'azure_us', kind: 'azure', label: 'azure_us' },
        { url: new URL('https://us.test/openai/deployments?api-version=2023-03-15-preview') },
      ],
    ]);
    expect(credentialTarget).toBe(configured[2]);
  });

  it('says what a provider of another name lacks by that name', () => {
    const { configured } = registryFor({
      MODEL_ENGINES: 'eu,us,bedrock',
      EU_ENGINE: 'azure',
      US_ENGINE: 'bedrock',
    });
    expect(configured.map(({ settings }) => settings?.missingVariable)).toEqual([
      'EU_BASE_URL',
      'US_REGION',
      'AWS_REGION',
    ]);
    const regional = registryFor({ US_REGION: 'us-gov-west-1', AWS_REGION: 'eu-west-1' }).configured;
    expect(regional.map(({ settings }) => settings?.url?.host)).toEqual([
      undefined,
      'bedrock.us-gov-west-1.amazonaws.com',
      'bedrock.eu-west-1.amazonaws.com',
    ]);
  });

  it.each([
    ['azure', 'azure'],
    ['azure-openai', 'azure_openai'],
  ])('lets FORWARD_AUTHORIZATION_TO=%s be the account of that name', (name, engine) => {
    const { credentialTarget } = registryFor({
      MODEL_ENGINES: 'azure_openai,azure',
      AZURE_ENGINE: 'azure',
      FORWARD_AUTHORIZATION_TO: name,
    });
    expect(credentialTarget?.identity.engine).toBe(engine);
  });

  it.each([
    ['gemini', 'google', 'GOOGLE_API_KEY', {}],
    ['google', 'gemini', 'GOOGLE_API_KEY', { GOOGLE_ENGINE: 'gemini' }],
    ['nvidia', 'nim', 'NVIDIA_API_KEY', {}],
  ])('refuses %s beside %s, as both would get one key', (one, other, variable, env) => {
    expect(() => registryFor({ MODEL_ENGINES: `openai,${one},${other}`, ...env })).toThrow(
      new RegExp(
        `^The configuration is not valid:\n {2}MODEL_ENGINES must not name both .+: ${variable} would be`,
      ),
    );
  });
});

it('no vendor has the name of another one', () => {
  const names = ALIASES.map(([name]) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z\d]+(_[a-z\d]+)*$/);
});
