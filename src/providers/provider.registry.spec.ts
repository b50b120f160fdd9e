import { describe, expect, it } from '@jest/globals';
import { namesOf } from '../config/rules/engines.js';
import { ownVariables } from '../config/engine-variables.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { COMPATIBLE_VENDORS } from './vendors/compatible-vendors.js';
import { CustomProvider } from './vendors/custom.provider.js';
import { BUILT_IN_PROVIDERS } from './built-in-providers.js';
import { ProviderRegistry } from './provider.registry.js';

/** As the configuration has it for several. */
const keyVariables: ProviderConfig['keyVariables'] = (names, declared) =>
  ownVariables(names, 'API_KEY', declared);

const CONFIG = {
  variables: {},
  isMultiEngine: true,
  urls: new Map(),
  keyVariables,
  urlVariables: (_names: unknown, declared: readonly string[]) => declared,
  headerVariables: () => [],
};

/** A registry as the environment variable makes it; none of its providers is asked anything. */
function registryOf(...engines: string[]): ProviderRegistry {
  return new ProviderRegistry(
    { engines, credentialTarget: undefined, staticModels: () => undefined },
    { replacement: undefined },
    BUILT_IN_PROVIDERS.map((Provider) => new Provider({}, CONFIG, { maxPages: 1 })),
    (engine) => Reflect.construct(CustomProvider, [engine, {}, CONFIG, { maxPages: 1 }]) as CustomProvider,
  );
}

describe('ProviderRegistry', () => {
  it.each([
    ['openai', 'openai'],
    ['OpenAI', 'openai'],
    ['nim', 'nim'],
    ['NIM', 'nim'],
    ['vllm', 'vllm'],
    ['vLLM', 'vllm'],
    ['trt_llm', 'trt_llm'],
    ['trt-llm', 'trt_llm'],
    ['TRT-LLM', 'trt_llm'],
    ['TRT_LLM', 'trt_llm'],
    ['anthropic', 'anthropic'],
    ['azure', 'azure'],
    ['azure_openai', 'azure'],
    ['azure-openai', 'azure'],
    ['Azure-OpenAI', 'azure'],
    ['cohere', 'cohere'],
    ...COMPATIBLE_VENDORS.map(({ engine }) => [engine, engine] as const),
    ['Groq', 'groq'],
    ['gemini', 'gemini'],
    ['github_models', 'github_models'],
    ['GitHub-Models', 'github_models'],
    ['databricks', 'databricks'],
  ])('takes %s for %s', (name, engine) => {
    const { configured, builtIn } = registryOf(name);
    expect(configured.map(({ identity }) => identity.engine)).toEqual([engine]);
    expect(builtIn).toContain(configured[0]);
  });

  it.each(['my-custom-engine', 'open_ai', 'openai2', 'trtllm', 'azure openai', '__proto__', 'constructor'])(
    'takes %s for a custom one, under its own name',
    (name) => {
      const { configured, builtIn } = registryOf(name);
      expect(configured).toEqual([expect.any(CustomProvider)]);
      expect(configured[0]?.identity.engine).toBe(name);
      expect(builtIn).not.toContain(configured[0]);
    },
  );

  it('takes several, in their order', () => {
    const { configured, credentialTarget } = registryOf('my_lab', 'anthropic', 'openai');
    expect(configured.map(({ identity }) => identity.engine)).toEqual(['my_lab', 'anthropic', 'openai']);
    expect(credentialTarget).toBeUndefined();
  });

  it.each([
    ['gemini', 'google', 'GOOGLE_API_KEY'],
    ['nvidia', 'nim', 'NVIDIA_API_KEY'],
    ['azure', 'azure_openai', 'AZURE_OPENAI_API_KEY'],
  ])('refuses %s beside %s, as both would get one key', (one, other, variable) => {
    expect(() => registryOf('openai', one, other)).toThrow(
      new RegExp(
        `^The configuration is not valid:\n {2}MODEL_ENGINES must not name both .+: ${variable} would be`,
      ),
    );
  });

  it('knows the names that the configuration takes for the same engine', () => {
    for (const { identity } of registryOf('openai').builtIn) {
      const { engine, aliases } = identity;
      expect(namesOf(engine)).toEqual([engine, ...aliases]);
    }
  });

  it('has one instance of each provider, and no name twice', () => {
    const registry = registryOf('openai');
    expect(registry.find('azure')).toBe(registry.find('AZURE-openai'));
    const names = registry.builtIn.flatMap(({ identity }) => [identity.engine, ...identity.aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z\d]+(_[a-z\d]+)*$/);
  });
});
