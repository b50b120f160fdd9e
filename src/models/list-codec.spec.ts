import { expect, it } from '@jest/globals';
import { listCodec } from './list-codec.js';
import { ModelList } from './model-list.js';

const LIST = new ModelList([{ id: 'a', created: 1, ownedBy: 'x', metadata: { context_length: 8192 } }]);

/** A text that equals another one, and is not the same value. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

it('reads what it has written', () => {
  const codec = listCodec();
  expect(codec.decode(codec.encode(LIST) ?? '').withMetadata.rendered.body).toEqual(
    LIST.withMetadata.rendered.body,
  );
});

it('writes no list that lacks a part', () => {
  expect(listCodec().encode(new ModelList(LIST.models, undefined, 'half of it'))).toBeUndefined();
});

it('reads equal texts once, and each other text anew', () => {
  const codec = listCodec();
  const [text, other] = [codec.encode(LIST) ?? '', codec.encode(new ModelList([])) ?? ''];
  const list = codec.decode(text);
  const empty = codec.decode(other);
  expect(codec.decode(copyOf(text))).toBe(list);
  expect(empty.models).toEqual([]);
  expect(codec.decode(text.replace('8192', '8193')).models).toMatchObject([
    { metadata: { context_length: 8193 } },
  ]);
});

it('reads a text of any length, also one that it does not remember', () => {
  const codec = listCodec();
  const models = Array.from({ length: 2 }, (_, index) => ({
    id: `${String(index)}${'x'.repeat(5_000_000)}`,
    created: 1,
    ownedBy: 'x',
  }));
  expect(codec.decode(codec.encode(new ModelList(models)) ?? '').models.map(({ id }) => id.length)).toEqual([
    5_000_001, 5_000_001,
  ]);
});

it('refuses what is no list, each time', () => {
  const codec = listCodec();
  for (const text of ['{}', '{}', '{"object":"list","data":[{}]}', 'no JSON'])
    expect(() => codec.decode(text)).toThrow();
});
