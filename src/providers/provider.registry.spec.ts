import { describe, expect, it } from '@jest/globals';
import { ConfigService } from '@nestjs/config';
import { COMPATIBLE_VENDORS } from './compatible-vendors.js';
import { CustomProvider } from './custom.provider.js';
import { BUILT_IN_PROVIDERS } from './index.js';
import { ProviderRegistry } from './provider.registry.js';

/** A registry as the environment variable makes it; none of its providers is asked anything. */
function registryOf(engine: string): ProviderRegistry {
  return new ProviderRegistry(
    new ConfigService({ provider: { engine } }),
    BUILT_IN_PROVIDERS.map((Provider) => new Provider()),
    Reflect.construct(CustomProvider, [undefined, { engine }]) as CustomProvider,
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
    expect(configured.engine).toBe(engine);
    expect(builtIn).toContain(configured);
  });

  it.each(['my-custom-engine', 'open_ai', 'openai2', 'trtllm', 'azure openai', '__proto__', 'constructor'])(
    'takes %s for a custom one, under its own name',
    (name) => {
      const { configured, builtIn } = registryOf(name);
      expect(configured).toBeInstanceOf(CustomProvider);
      expect(configured.engine).toBe(name);
      expect(builtIn).not.toContain(configured);
    },
  );

  it('has one instance of each provider, and no name twice', () => {
    const registry = registryOf('openai');
    expect(registry.find('azure')).toBe(registry.find('AZURE-openai'));
    const names = registry.builtIn.flatMap(({ engine, aliases }) => [engine, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z\d]+(_[a-z\d]+)*$/);
  });
});
