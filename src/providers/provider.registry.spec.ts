import { describe, expect, it } from '@jest/globals';
import { ownVariables } from '../config/engine-variables.js';
import { namesOf } from '../config/engines.js';
import { BUILT_IN_PROVIDERS } from './built-in-providers.js';
import { directRoute, NO_TLS_FILES } from '../../test/support/route.js';
import { LargeBodies } from '../upstream/large-bodies/large-bodies.js';
import { ProviderRegistry } from './provider.registry.js';
import type { ProviderContext } from './vendor.js';
import { customProvider } from './vendors/custom.provider.js';

/** As the configuration has it for several engines. */
const CONTEXT: ProviderContext = {
  client: {
    get: () => Promise.reject(new Error('No request was expected.')),
    largeBodies: new LargeBodies(),
    routeTo: ({ origin }) => directRoute(origin),
  },
  config: {
    isMultiEngine: true,
    urls: new Map(),
    urlVariables: (names, declared) => ownVariables(names, 'BASE_URL', declared),
    keyVariables: (names, declared) => ownVariables(names, 'API_KEY', declared),
    headerVariables: () => [],
    tlsFiles: () => NO_TLS_FILES,
  },
  limits: { maxPages: 1 },
};

/** A registry as the environment variable makes it; its providers send no request. */
function registryOf(...engines: string[]): ProviderRegistry {
  return new ProviderRegistry(
    { engines, credentialTarget: undefined, staticModels: () => undefined },
    { replacement: undefined },
    BUILT_IN_PROVIDERS.map(({ Provider }) => new Provider(CONTEXT)),
    (engine) => customProvider(engine, CONTEXT),
  );
}

describe('ProviderRegistry', () => {
  it.each([
    ...BUILT_IN_PROVIDERS.flatMap(({ engine, aliases = [] }) =>
      [engine, ...aliases].map((name) => [name, engine] as const),
    ),
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
    const { configured, builtIn } = registryOf(name);
    expect(configured.map(({ identity }) => identity.engine)).toEqual([engine]);
    expect(builtIn).toContain(configured[0]);
  });

  it.each(['my-custom-engine', 'open_ai', 'openai2', 'trtllm', 'azure openai', '__proto__', 'constructor'])(
    'takes %s for a custom one, under its own name',
    (name) => {
      const { configured, builtIn } = registryOf(name);
      expect(configured.map(({ identity }) => identity.engine)).toEqual([name]);
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
