import { describe, expect, it } from '@jest/globals';
import { editsBetween, nearestName } from './spelling.js';

describe('editsBetween', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abd', 1],
    ['abc', 'abcd', 1],
    ['abc', 'acb', 1],
    ['abc', 'bca', 2],
    ['kitten', 'sitting', 3],
  ])('between %j and %j are %i', (one, other, edits) => {
    expect(editsBetween(one, other)).toBe(edits);
    expect(editsBetween(other, one)).toBe(edits);
  });
});

describe('nearestName', () => {
  const names = ['openai', 'openrouter', 'vllm', 'xai', 'azure_openai'];

  it.each([
    ['opnai', 'openai'],
    ['open_ai', 'openai'],
    ['opneai', 'openai'],
    ['vlm', 'vllm'],
    ['azureopenai', 'azure_openai'],
    ['openrouters', 'openrouter'],
  ])('of %s is %s', (text, nearest) => {
    expect(nearestName(text, names)).toBe(nearest);
  });

  it.each(['openai', 'my_lab', 'lab', 'vl', ''])('of %j is none', (text) => {
    expect(nearestName(text, names)).toBeUndefined();
  });
});
