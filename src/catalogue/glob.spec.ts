import { describe, expect, it } from '@jest/globals';
import { idlePatterns, matchesGlob } from './glob.js';

describe('matchesGlob', () => {
  it.each([
    ['gpt-4o', 'gpt-4o'],
    ['gpt-*', 'gpt-4o'],
    ['gpt-*', 'gpt-'],
    ['*', 'a/b:c@d.e'],
    ['*', ''],
    ['', ''],
    ['meta/*', 'meta/llama-3.1/8b'],
    ['*embed*', 'text-embedding-3-small'],
    ['*embed*', 'embed'],
    ['ft:*', 'ft:gpt-4o:acme::x'],
    ['a?c', 'abc'],
    ['a?c', 'a/c'],
    ['*-?b', 'llama-3.1-8b'],
    ['**', 'a'],
    ['a*b*c', 'aXbXbXc'],
    ['*ab', 'aab'],
    ['[ab]', '[ab]'],
    ['!a', '!a'],
    ['a.b', 'a.b'],
    ['a+', 'a+'],
    ['a\\*', 'a\\b'],
    ['a*', 'a\nb'],
    ['*.gguf', '.gguf'],
  ])('%s matches %j', (pattern, text) => {
    expect(matchesGlob(text, pattern)).toBe(true);
  });

  it.each([
    ['gpt-4', 'gpt-4o'],
    ['gpt-4o', 'gpt-4'],
    ['gpt-*', 'xgpt-4'],
    ['*-mini', 'gpt-mini-x'],
    ['GPT-*', 'gpt-4o'],
    ['a?c', 'ac'],
    ['?', ''],
    ['', 'a'],
    ['[ab]', 'a'],
    ['a.b', 'aXb'],
    ['!a', 'b'],
    ['{a,b}', 'a'],
  ])('%s does not match %j', (pattern, text) => {
    expect(matchesGlob(text, pattern)).toBe(false);
  });

  it('is fast for an id that is crafted against several stars', () => {
    // With a regular expression this would take longer than the universe is old.
    expect(matchesGlob('a'.repeat(20_000), `${'*a'.repeat(60)}*b`)).toBe(false);
  });
});

it('idlePatterns are those that match no model', () => {
  const models = [{ id: 'gpt-4o' }, { id: 'whisper-1' }];
  expect(idlePatterns(['gpt-*', 'o1*', 'whisper-1', 'GPT*'], models)).toEqual(['o1*', 'GPT*']);
  expect(idlePatterns(['*'], [])).toEqual(['*']);
});
