import { describe, expect, it } from '@jest/globals';
import { requestedIds } from './model-path.js';

describe('requestedIds', () => {
  it.each([
    ['/v1/models/gpt-4o', 'gpt-4o'],
    ['/v1/models/meta/llama-3.1-8b-instruct', 'meta/llama-3.1-8b-instruct'],
    ['/v1/models/meta%2Fllama-3.1-8b-instruct', 'meta/llama-3.1-8b-instruct'],
    ['/v1/models/a%2fb/c', 'a/b/c'],
    ['/v1/models/ft:gpt-4o:acme::x@v1.0', 'ft:gpt-4o:acme::x@v1.0'],
    ['/v1/models/ft%3Agpt%40v1', 'ft:gpt@v1'],
    ['/v1/models/mod%C3%A8le%20a+b', 'modèle a+b'],
    ['/v1/models/a%2Fb?x=y/z', 'a/b'],
    ['/v1/models/a#b', 'a'],
    ['/v1/models/a%3Fb%23c', 'a?b#c'],
    ['/v1/models/a//b', 'a//b'],
    ['/v1/models/a%252Fb', 'a%2Fb'],
    ['/v1/models/..%2Fetc', '../etc'],
    // A malformed escape stands for itself.
    ['/v1/models/100%', '100%'],
    ['/v1/models/a%zzb', 'a%zzb'],
    ['/v1/models/a%2', 'a%2'],
    ['/v1/models/a%E0%A4', 'a%E0%A4'],
    ['//v1/models/a/b', 'a/b'],
    ['/v1//models/a/b', 'a/b'],
    ['///v1///models/a', 'a'],
    ['/v1/models', ''],
    ['/', ''],
  ])('%s means %s, else the same with a slash in front', (url, id) => {
    expect(requestedIds(url)).toEqual([id, `/${id}`]);
  });

  it.each([
    ['/v1/models/a/', 'a/', 'a'],
    ['/v1/models/a/b/?x', 'a/b/', 'a/b'],
    ['/v1/models/a%2F', 'a/', 'a'],
    ['/v1/models//opt/models/llama', '/opt/models/llama', 'opt/models/llama'],
    ['/v1/models/%2Fopt%2Fmodels%2Fllama', '/opt/models/llama', 'opt/models/llama'],
    ['/v1/models//a', '/a', 'a'],
    ['/v1/models///a', '//a', 'a'],
  ])('%s means %s, else %s', (url, likeliest, last) => {
    const ids = requestedIds(url);
    expect(ids.at(0)).toBe(likeliest);
    expect(ids.slice(-2)).toEqual([last, `/${last}`]);
  });

  it('tries an id with a leading slash before the one without, whatever the slashes at the end', () => {
    expect(requestedIds('/v1/models//opt/llama//')).toEqual([
      '/opt/llama//',
      '/opt/llama',
      'opt/llama',
      '/opt/llama',
    ]);
  });
});
