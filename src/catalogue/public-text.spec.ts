import { describe, expect, it } from '@jest/globals';
import { descriptionText, displayText, oneLine, shortened } from './public-text.js';

/** What shows where a server runs, or who runs it. */
const PRIVATE = [
  '/models/llama',
  './llama.gguf',
  '~/llama',
  '../llama',
  '(/models/llama)',
  'Llama at /srv',
  'Llama at ~user',
  's3://bucket',
  'file:/x',
  'C:\\models',
  'a/b/c',
  '$HOME/llama',
  '%USERPROFILE% model',
  'mailto:a',
  'ops@acme.test',
  'ops @ acme',
  'ops＠acme.test',
  '／models／llama',
  '\u2044models\u2044llama',
  'a\u2215b\u29f8c',
  '%2Fmodels%2fllama',
  '&#47;models',
  '&SOL;models',
  'ops%40acme.test',
  'ops&#64;acme.test',
  'ops&commat;acme.test',
];

describe('displayText', () => {
  it.each([
    ['Llama 3.1 8B', 'Llama 3.1 8B'],
    ['  GPT-4o\n', 'GPT-4o'],
    ['meta/llama-3.1', 'meta/llama-3.1'],
    ['Text/image model', 'Text/image model'],
    ['70 % smaller', '70 % smaller'],
    ['Costs $5', 'Costs $5'],
    ['v1.5. A model', 'v1.5. A model'],
    ['Modèle 3 (β) – 模型', 'Modèle 3 (β) – 模型'],
    ['x'.repeat(200), 'x'.repeat(200)],
  ])('takes %j', (value, expected) => {
    expect(displayText(value)).toBe(expected);
  });

  it.each([
    undefined,
    null,
    7,
    ['A'],
    '',
    ' \t',
    'x'.repeat(201),
    'two\nlines',
    'zero\u200bwidth',
    'right\u202eto left',
    'half \ud83d',
    'line\u2028separator',
    'paragraph\u2029separator',
    ...PRIVATE,
  ])('takes no %j', (value) => {
    expect(displayText(value)).toBeUndefined();
  });
});

describe('descriptionText', () => {
  it.each([
    ['A model. It is fast.', 'A model. It is fast.'],
    ['A model\r\n\twith  blanks\u0000 and\u200bmore', 'A model with blanks and more'],
    ['See [the *card*](https://acme.test/card) for more.', 'See the *card* for more.'],
    ['[A](https://a.test) or [b](/b).', 'A or b.'],
    ['Good. Mail ops@acme.test! Never read.', 'Good.'],
    ['Good! Is it? See https://acme.test. More.', 'Good! Is it?'],
    ['Version 1.5 is v2.0/3 of it. Kept.', 'Version 1.5 is v2.0/3 of it. Kept.'],
  ])('makes of %j %j', (value, expected) => {
    expect(descriptionText(value)).toBe(expected);
  });

  it.each([undefined, null, 7, ['A'], '', ' \n', '[](x)/a', ...PRIVATE])('takes no %j', (value) => {
    expect(descriptionText(value)).toBeUndefined();
  });

  it('leaves a link alone whose text or address is too long', () => {
    const long = `[${'t'.repeat(201)}](a)`;
    expect(descriptionText(long)).toBe(long);
    expect(descriptionText(`[t](${'a'.repeat(500)})`)).toBe('t');
    expect(descriptionText(`[t](${'a'.repeat(501)})`)).toMatch(/^\[t\]\(/);
  });

  it('has whole sentences while they fit, 500 characters at most', () => {
    const sentence = `${'a'.repeat(248)}.`;
    const two = `${sentence} ${sentence}`;
    expect(descriptionText(two)).toBe(two);
    expect(descriptionText(`${two} And more of it.`)).toMatch(/…$/);
    expect(descriptionText('x'.repeat(500))).toBe('x'.repeat(500));
    const cut = descriptionText(`Short. ${'word '.repeat(200)}`);
    expect(cut).toMatch(/^Short\. (word )+word…$/);
    expect(cut?.length).toBeLessThanOrEqual(500);
    expect(cut?.length).toBeGreaterThan(490);
  });

  it('sees what is private behind a sentence that does not fit any more', () => {
    expect(descriptionText(`${'word '.repeat(120)}. ops@acme.test`)).not.toContain('@');
  });

  it('does not look at more than 4000 characters', () => {
    expect(descriptionText(`${' '.repeat(3998)}ab`)).toBe('ab');
    expect(descriptionText(`${' '.repeat(4000)}a`)).toBeUndefined();
  });
});

it.each([
  ['a\n\n b\u0000c', 'a b c'],
  [' a ', 'a'],
  ['\u200b', ''],
])('oneLine makes of %j %j', (text, expected) => {
  expect(oneLine(text)).toBe(expected);
});

it.each([
  ['abc def', 7, 'abc def'],
  ['abc def', 6, 'abc…'],
  ['abc  def', 7, 'abc…'],
  ['abcdef', 5, 'abcd…'],
  ['abc\u{1f600}def', 5, 'abc…'],
  ['abc\u{1f600}def', 6, 'abc\u{1f600}…'],
])('shortened makes of %j with at most %d characters %j', (text, maxLength, expected) => {
  expect(shortened(text, maxLength)).toBe(expected);
});
