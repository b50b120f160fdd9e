import { describe, expect, it } from '@jest/globals';
import {
  azureDeploymentsUrl,
  azureModelsUrl,
  databricksEndpointsUrl,
  geminiModelsUrl,
  githubModelsUrl,
  openAiModelsUrl,
  versionedModelsUrl,
  withDefaultPath,
  withQuery,
} from './base-url.js';

describe('openAiModelsUrl', () => {
  it.each([
    ['https://api.openai.com', 'https://api.openai.com/v1/models'],
    ['https://api.openai.com/', 'https://api.openai.com/v1/models'],
    ['https://api.openai.com/v1', 'https://api.openai.com/v1/models'],
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1/models'],
    ['https://api.openai.com/v1///', 'https://api.openai.com/v1/models'],
    ['https://api.openai.com/v1/models', 'https://api.openai.com/v1/models'],
    ['https://api.openai.com/v1/models/', 'https://api.openai.com/v1/models'],
    ['http://localhost:8000', 'http://localhost:8000/v1/models'],
    ['http://[::1]:8000/v1', 'http://[::1]:8000/v1/models'],
    ['https://gw.test/llm', 'https://gw.test/llm/v1/models'],
    ['https://gw.test/llm/', 'https://gw.test/llm/v1/models'],
    ['https://gw.test/llm/v1', 'https://gw.test/llm/v1/models'],
    ['https://gw.test/V1', 'https://gw.test/V1/models'],
    ['https://gw.test/models', 'https://gw.test/models'],
    ['https://gw.test/api/paas/v4', 'https://gw.test/api/paas/v4/models'],
    ['https://gw.test/api/paas/v4/', 'https://gw.test/api/paas/v4/models'],
    ['https://gw.test/v1beta/openai', 'https://gw.test/v1beta/openai/models'],
    ['https://gw.test/v1beta/openai/', 'https://gw.test/v1beta/openai/models'],
    ['https://gw.test/openai/v1', 'https://gw.test/openai/v1/models'],
    // A segment is a version only from its beginning on, and only with a digit.
    ['https://gw.test/env1', 'https://gw.test/env1/v1/models'],
    ['https://gw.test/vendor', 'https://gw.test/vendor/v1/models'],
    ['https://v1.gw.test', 'https://v1.gw.test/v1/models'],
    ['https://gw.test/my-models', 'https://gw.test/my-models/v1/models'],
    ['https://gw.test/v1?tenant=a', 'https://gw.test/v1/models?tenant=a'],
    ['https://gw.test?tenant=a&tenant=b%2Fc', 'https://gw.test/v1/models?tenant=a&tenant=b%2Fc'],
    ['https://gw.test/v1/models?tenant=a', 'https://gw.test/v1/models?tenant=a'],
    ['https://gw.test/?base=/v1', 'https://gw.test/v1/models?base=/v1'],
    ['https://gw.test/a%2Fb/v1', 'https://gw.test/a%2Fb/v1/models'],
    ['https://gw.test/v1#models', 'https://gw.test/v1/models'],
    ['https://gw.test/llm/chat/completions', 'https://gw.test/llm/v1/models'],
    ['https://gw.test/v1/CHAT/Completions', 'https://gw.test/v1/models'],
    ['https://gw.test/v1//chat//completions//', 'https://gw.test/v1/models'],
    ['https://gw.test/v1beta/openai/chat/completions', 'https://gw.test/v1beta/openai/models'],
    // Only what a request ends in is cut back, and only whole segments.
    ['https://gw.test/chat/v1', 'https://gw.test/chat/v1/models'],
    ['https://gw.test/messages/llm', 'https://gw.test/messages/llm/v1/models'],
    ['https://gw.test/v1/my-responses', 'https://gw.test/v1/my-responses/models'],
    ['https://gw.test/v1/chat', 'https://gw.test/v1/chat/models'],
  ])('%s becomes %s', (base, expected) => {
    expect(openAiModelsUrl(new URL(base)).href).toBe(expected);
  });
});

describe.each(['chat/completions', 'completions', 'responses', 'embeddings', 'messages'])(
  'a base URL that ends in /%s',
  (end) => {
    it.each<[name: string, list: (base: URL) => URL, base: string, expected: string]>([
      ['openAiModelsUrl', openAiModelsUrl, 'https://gw.test/v1', 'https://gw.test/v1/models'],
      ['openAiModelsUrl', openAiModelsUrl, 'https://gw.test', 'https://gw.test/v1/models'],
      [
        'versionedModelsUrl',
        (url) => versionedModelsUrl(url, 'v1', 'v2'),
        'https://gw.test/v1',
        'https://gw.test/v1/models',
      ],
      [
        'azureModelsUrl',
        (url) => azureModelsUrl(url, '2024-06-01', '2024-06-01'),
        'https://gw.test/openai/v1',
        'https://gw.test/openai/v1/models',
      ],
      [
        'azureModelsUrl',
        (url) => azureModelsUrl(url, undefined, '2024-06-01'),
        'https://gw.test/openai/deployments/my-gpt',
        'https://gw.test/openai/models?api-version=2024-06-01',
      ],
      [
        'azureDeploymentsUrl',
        (url) => azureDeploymentsUrl(url, undefined, ['2022-12-01']),
        'https://gw.test/openai/v1',
        'https://gw.test/openai/deployments?api-version=2022-12-01',
      ],
      ['geminiModelsUrl', geminiModelsUrl, 'https://gw.test/v1beta/openai', 'https://gw.test/v1beta/models'],
      [
        'githubModelsUrl',
        githubModelsUrl,
        'https://gw.test/orgs/orbit/inference',
        'https://gw.test/catalog/models',
      ],
      [
        'databricksEndpointsUrl',
        databricksEndpointsUrl,
        'https://gw.test/serving-endpoints',
        'https://gw.test/api/2.0/serving-endpoints',
      ],
    ])('is cut back by %s', (_name, list, base, expected) => {
      expect(list(new URL(`${base}/${end}`)).href).toBe(expected);
      expect(list(new URL(`${base}/${end}/`)).href).toBe(expected);
      const tenant = (url: string): string => `${url}${url.includes('?') ? '&' : '?'}tenant=a`;
      const withTenant = list(new URL(`${base}/${end}/?tenant=a`));
      withTenant.searchParams.sort();
      expect(withTenant.href).toBe(tenant(expected));
    });
  },
);

describe('versionedModelsUrl', () => {
  it.each([
    ['https://api.anthropic.com', 'https://api.anthropic.com/v1/models'],
    ['https://api.anthropic.com/', 'https://api.anthropic.com/v1/models'],
    ['https://api.anthropic.com/v1', 'https://api.anthropic.com/v1/models'],
    ['https://api.anthropic.com/v1/', 'https://api.anthropic.com/v1/models'],
    ['https://api.anthropic.com/v1/models', 'https://api.anthropic.com/v1/models'],
    ['https://api.anthropic.com/v1/models/', 'https://api.anthropic.com/v1/models'],
    ['https://gw.test/anthropic', 'https://gw.test/anthropic/v1/models'],
    ['https://gw.test/anthropic/v1/?tenant=a', 'https://gw.test/anthropic/v1/models?tenant=a'],
    ['https://gw.test/v2', 'https://gw.test/v2/v1/models'],
    ['https://gw.test/v1/anthropic', 'https://gw.test/v1/anthropic/v1/models'],
    ['https://gw.test/env1', 'https://gw.test/env1/v1/models'],
  ])('%s becomes %s where the version is v1', (base, expected) => {
    expect(versionedModelsUrl(new URL(base), 'v1').href).toBe(expected);
  });

  it.each([
    ['https://api.cohere.com', 'https://api.cohere.com/v1/models'],
    ['https://api.cohere.com/v1', 'https://api.cohere.com/v1/models'],
    ['https://api.cohere.com/v1/', 'https://api.cohere.com/v1/models'],
    ['https://api.cohere.com/v2', 'https://api.cohere.com/v1/models'],
    ['https://api.cohere.com/v2/', 'https://api.cohere.com/v1/models'],
    ['https://api.cohere.com/v2/models', 'https://api.cohere.com/v1/models'],
    ['https://vault.test/cohere/v2?tenant=a', 'https://vault.test/cohere/v1/models?tenant=a'],
    ['https://api.cohere.com/v3', 'https://api.cohere.com/v3/v1/models'],
    ['https://api.cohere.com/v2/chat', 'https://api.cohere.com/v1/models'],
    ['https://api.cohere.com/v1/embed/', 'https://api.cohere.com/v1/models'],
    ['https://vault.test/cohere/v2/rerank?tenant=a', 'https://vault.test/cohere/v1/models?tenant=a'],
    ['https://vault.test/chat', 'https://vault.test/chat/v1/models'],
  ])('%s becomes %s where v2 stands for v1', (base, expected) => {
    expect(versionedModelsUrl(new URL(base), 'v1', 'v2').href).toBe(expected);
  });
});

describe('azureModelsUrl', () => {
  const DATED = 'https://res.openai.azure.com/openai/models?api-version=2024-06-01';
  const V1 = 'https://res.openai.azure.com/openai/v1/models';

  it.each([
    ['https://res.openai.azure.com', DATED],
    ['https://res.openai.azure.com/', DATED],
    ['https://res.openai.azure.com/openai', DATED],
    ['https://res.openai.azure.com/openai/', DATED],
    ['https://res.openai.azure.com/openai/models', DATED],
    ['https://res.openai.azure.com/openai/deployments', DATED],
    ['https://res.openai.azure.com/openai/deployments/my-gpt', DATED],
    ['https://res.openai.azure.com/openai/deployments/my-gpt/chat/completions', DATED],
    ['https://res.openai.azure.com/openai/v1', V1],
    ['https://res.openai.azure.com/openai/v1/', V1],
    ['https://res.openai.azure.com/openai/v1/models', V1],
    ['https://gw.test/azure', 'https://gw.test/azure/openai/models?api-version=2024-06-01'],
    ['https://gw.test/azure/openai/v1', 'https://gw.test/azure/openai/v1/models'],
    ['https://gw.test?tenant=a', 'https://gw.test/openai/models?tenant=a&api-version=2024-06-01'],
    ['https://gw.test/openai/v1?tenant=a', 'https://gw.test/openai/v1/models?tenant=a'],
    [
      'https://gw.test/openai/deployments/my-gpt/chat/completions?api-version=2023-05-15',
      'https://gw.test/openai/models?api-version=2023-05-15',
    ],
  ])('%s becomes %s', (endpoint, expected) => {
    expect(azureModelsUrl(new URL(endpoint), undefined, '2024-06-01').href).toBe(expected);
  });

  it.each([
    ['https://gw.test', 'https://gw.test/openai/models?api-version=2024-10-21'],
    ['https://gw.test?api-version=2023-05-15', 'https://gw.test/openai/models?api-version=2024-10-21'],
    ['https://gw.test/openai/v1', 'https://gw.test/openai/v1/models'],
  ])('a configured version makes %s %s', (endpoint, expected) => {
    expect(azureModelsUrl(new URL(endpoint), '2024-10-21', '2024-06-01').href).toBe(expected);
  });
});

describe('azureDeploymentsUrl', () => {
  const VERSIONS = ['2023-03-15-preview', '2022-12-01'] as const;
  const USUAL = 'https://res.openai.azure.com/openai/deployments?api-version=2023-03-15-preview';

  it.each([
    ['https://res.openai.azure.com', undefined, USUAL],
    ['https://res.openai.azure.com/', '2024-06-01', USUAL],
    ['https://res.openai.azure.com/openai', undefined, USUAL],
    ['https://res.openai.azure.com/openai/v1/', undefined, USUAL],
    ['https://res.openai.azure.com/openai/models', undefined, USUAL],
    ['https://res.openai.azure.com/openai/deployments/my-gpt/chat/completions', undefined, USUAL],
    ['https://res.openai.azure.com?api-version=2024-10-21', undefined, USUAL],
    ['https://gw.test/a', '2022-12-01', 'https://gw.test/a/openai/deployments?api-version=2022-12-01'],
    [
      'https://gw.test?api-version=2022-12-01',
      undefined,
      'https://gw.test/openai/deployments?api-version=2022-12-01',
    ],
  ])('%s with version %s becomes %s', (endpoint, version, expected) => {
    expect(azureDeploymentsUrl(new URL(endpoint), version, VERSIONS).href).toBe(expected);
  });
});

describe('geminiModelsUrl', () => {
  const NATIVE = 'https://generativelanguage.googleapis.com/v1beta/models';

  it.each([
    ['https://generativelanguage.googleapis.com', NATIVE],
    ['https://generativelanguage.googleapis.com/v1beta', NATIVE],
    ['https://generativelanguage.googleapis.com/v1beta/openai/', NATIVE],
    ['https://generativelanguage.googleapis.com/v1beta/openai/models', NATIVE],
    ['https://generativelanguage.googleapis.com/v1beta/models', NATIVE],
    ['https://gw.test/google/v1?tenant=a', 'https://gw.test/google/v1/models?tenant=a'],
    ['https://gw.test/google', 'https://gw.test/google/v1beta/models'],
  ])('%s becomes %s', (base, expected) => {
    expect(geminiModelsUrl(new URL(base)).href).toBe(expected);
  });
});

describe('githubModelsUrl', () => {
  it.each([
    ['https://models.github.ai', 'https://models.github.ai/catalog/models'],
    ['https://models.github.ai/inference', 'https://models.github.ai/catalog/models'],
    ['https://models.github.ai/orgs/orbit/inference/', 'https://models.github.ai/catalog/models'],
    ['https://models.github.ai/catalog', 'https://models.github.ai/catalog/models'],
    ['https://models.github.ai/catalog/models', 'https://models.github.ai/catalog/models'],
    ['https://gw.test/gh?tenant=a', 'https://gw.test/gh/catalog/models?tenant=a'],
  ])('%s becomes %s', (base, expected) => {
    expect(githubModelsUrl(new URL(base)).href).toBe(expected);
  });
});

describe('databricksEndpointsUrl', () => {
  it.each([
    ['https://adb-1.test', 'https://adb-1.test/api/2.0/serving-endpoints'],
    ['https://adb-1.test/serving-endpoints', 'https://adb-1.test/api/2.0/serving-endpoints'],
    ['https://adb-1.test/api/2.0/serving-endpoints/', 'https://adb-1.test/api/2.0/serving-endpoints'],
    ['https://gw.test/dbx?o=1', 'https://gw.test/dbx/api/2.0/serving-endpoints?o=1'],
  ])('%s becomes %s', (base, expected) => {
    expect(databricksEndpointsUrl(new URL(base)).href).toBe(expected);
  });
});

describe('withDefaultPath', () => {
  const USUAL = new URL('https://api.groq.com/openai/v1');

  it.each([
    ['https://api.groq.com', 'https://api.groq.com/openai/v1'],
    ['https://api.groq.com/?tenant=a', 'https://api.groq.com/openai/v1?tenant=a'],
    ['https://api.groq.com/chat/completions', 'https://api.groq.com/openai/v1'],
    ['https://api.groq.com/v2', 'https://api.groq.com/v2'],
    ['https://gw.test/', 'https://gw.test/'],
  ])('%s becomes %s', (base, expected) => {
    expect(withDefaultPath(new URL(base), USUAL).href).toBe(expected);
  });
});

describe('withQuery', () => {
  it.each([
    ['https://gw.test/v1/models', 'https://gw.test/v1/models?limit=1000&after_id=a%2Fb'],
    ['https://gw.test/v1/models?tenant=a', 'https://gw.test/v1/models?tenant=a&limit=1000&after_id=a%2Fb'],
    ['https://gw.test/v1/models?limit=5', 'https://gw.test/v1/models?limit=1000&after_id=a%2Fb'],
  ])('sets the parameters of %s', (url, expected) => {
    expect(withQuery(new URL(url), { limit: '1000', after_id: 'a/b' }).href).toBe(expected);
  });
});

it.each([
  ['openAiModelsUrl', openAiModelsUrl],
  ['versionedModelsUrl', (url: URL) => versionedModelsUrl(url, 'v1')],
  ['azureModelsUrl', (url: URL) => azureModelsUrl(url, '2024-10-21', '2024-06-01')],
  ['azureDeploymentsUrl', (url: URL) => azureDeploymentsUrl(url, undefined, ['2022-12-01'])],
  ['geminiModelsUrl', geminiModelsUrl],
  ['githubModelsUrl', githubModelsUrl],
  ['databricksEndpointsUrl', databricksEndpointsUrl],
  ['withDefaultPath', (url: URL) => withDefaultPath(url, url)],
  ['withQuery', (url: URL) => withQuery(url, { limit: '1000' })],
])('%s leaves the URL alone that it takes', (_name, change) => {
  const url = new URL('https://gw.test/llm/?tenant=a#part');
  change(url);
  expect(url.href).toBe('https://gw.test/llm/?tenant=a#part');
});
