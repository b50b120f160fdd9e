import { describe, expect, it } from '@jest/globals';
import {
  openAiModelsUrl,
  versionedModelsUrl,
  withDefaultPath,
  withDefaultQuery,
  withPath,
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
    ])('is cut back by %s', (_name, list, base, expected) => {
      expect(list(new URL(`${base}/${end}`)).href).toBe(expected);
      expect(list(new URL(`${base}/${end}/`)).href).toBe(expected);
      expect(list(new URL(`${base}/${end}/?tenant=a`)).href).toBe(`${expected}?tenant=a`);
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
    ['https://gw.test/V1', 'https://gw.test/v1/models'],
    ['https://gw.test/v1//models', 'https://gw.test/v1/models'],
    ['https://gw.test//llm//v1', 'https://gw.test/llm/v1/models'],
    ['https://gw.test/https://vault.test/v1', 'https://gw.test/https://vault.test/v1/models'],
    ['https://gw.test/v1/anthropic', 'https://gw.test/v1/anthropic/v1/models'],
    ['https://gw.test/env1', 'https://gw.test/env1/v1/models'],
  ])('%s becomes %s where the version is v1', (base, expected) => {
    expect(versionedModelsUrl(new URL(base), 'v1').href).toBe(expected);
  });

  it.each([
    ['https://gw.test', 'https://gw.test/v2/models'],
    ['https://gw.test/v2/models', 'https://gw.test/v2/models'],
    ['https://gw.test/v1', 'https://gw.test/v1/v2/models'],
  ])('%s becomes %s where the version is v2', (base, expected) => {
    expect(versionedModelsUrl(new URL(base), 'v2').href).toBe(expected);
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
    ['https://vault.test/chat', 'https://vault.test/chat/v1/models'],
  ])('%s becomes %s where v2 stands for v1', (base, expected) => {
    expect(versionedModelsUrl(new URL(base), 'v1', 'v2').href).toBe(expected);
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
  ['https://gw.test/v1/models', 'https://gw.test/v1/models?limit=9&sort=id'],
  ['https://gw.test/v1/models?limit=', 'https://gw.test/v1/models?limit=&sort=id'],
  ['https://gw.test/v1/models?sort=a&limit=5&x=1', 'https://gw.test/v1/models?sort=a&limit=5&x=1'],
])('withDefaultQuery sets the parameters that %s lacks', (url, expected) => {
  expect(withDefaultQuery(new URL(url), { limit: '9', sort: 'id' }).href).toBe(expected);
});

it.each([
  ['openAiModelsUrl', openAiModelsUrl],
  ['versionedModelsUrl', (url: URL) => versionedModelsUrl(url, 'v1')],
  ['withDefaultPath', (url: URL) => withDefaultPath(url, url)],
  ['withPath', (url: URL) => withPath(url, '/other')],
  ['withQuery', (url: URL) => withQuery(url, { limit: '1000' })],
  ['withDefaultQuery', (url: URL) => withDefaultQuery(url, { limit: '1000' })],
])('%s leaves the URL alone that it takes', (_name, change) => {
  const url = new URL('https://gw.test/llm/?tenant=a#part');
  change(url);
  expect(url.href).toBe('https://gw.test/llm/?tenant=a#part');
});
