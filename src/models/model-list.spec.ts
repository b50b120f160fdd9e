import { describe, expect, it } from '@jest/globals';
import { ModelList } from './model-list.js';

const LIST = new ModelList([
  { id: 'meta/llama-3.1-8b-instruct', created: 1_700_000_000, ownedBy: 'meta' },
  { id: 'ft:gpt-4o:acme::x@v1', created: 0, ownedBy: 'Triton Inference Server' },
  { id: 'modèle "a"\\b', created: 1, ownedBy: 'x' },
]);

describe('ModelList', () => {
  it('is a list of OpenAI, in the order of the provider', () => {
    expect(LIST.plain.rendered.body.toString('utf8')).toBe(
      '{"object":"list","data":[' +
        '{"id":"meta/llama-3.1-8b-instruct","object":"model","created":1700000000,"owned_by":"meta"},' +
        '{"id":"ft:gpt-4o:acme::x@v1","object":"model","created":0,"owned_by":"Triton Inference Server"},' +
        '{"id":"modèle \\"a\\"\\\\b","object":"model","created":1,"owned_by":"x"}]}',
    );
  });

  it('may be empty', () => {
    const empty = new ModelList([]);
    expect(empty.plain.rendered.body.toString('utf8')).toBe('{"object":"list","data":[]}');
    expect(empty.plain.find('')).toBeUndefined();
  });

  it.each(['meta/llama-3.1-8b-instruct', 'ft:gpt-4o:acme::x@v1', 'modèle "a"\\b'])('finds %s', (id) => {
    const { data } = JSON.parse(LIST.plain.rendered.body.toString('utf8')) as { data: { id: string }[] };
    const found = JSON.parse(LIST.plain.find(id)?.body.toString('utf8') ?? 'null') as unknown;
    expect(found).toEqual(data.find((model) => model.id === id));
    expect(found).toMatchObject({ id, object: 'model' });
  });

  it.each(['', 'llama-3.1-8b-instruct', 'META/llama-3.1-8b-instruct', '__proto__', 'constructor'])(
    'does not find "%s"',
    (id) => {
      expect(LIST.plain.find(id)).toBeUndefined();
    },
  );
});
