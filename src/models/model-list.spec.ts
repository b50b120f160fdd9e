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

  it('is written about as fast as its models, with all metadata', () => {
    const models = Array.from({ length: 5000 }, (_, at) => ({
      id: `m${String(at)}`,
      created: 1,
      ownedBy: 'x',
      metadata: {
        display_name: 'Name',
        description: 'What it is.',
        context_length: 4096,
        max_output_tokens: 1000,
        capabilities: ['chat', 'tools'] as const,
        pricing: { prompt: '0.1' },
        lifecycle: 'active' as const,
        deprecates_at: 1,
        shutdown_date: '2027-02-01',
      },
    }));
    const copying = leastTime(() => JSON.parse(JSON.stringify(models)));
    expect(leastTime(() => new ModelList(models).withMetadata.rendered)).toBeLessThan(3 * copying);
  });

  it('keeps a null in OpenAI’s date of the end, also in a store', () => {
    const model = { id: 'a', created: 1, ownedBy: 'x', metadata: { shutdown_date: null } };
    const text = new ModelList([model]).withMetadata.rendered.body.toString('utf8');
    expect(text).toContain('"shutdown_date":null');
    expect(ModelList.parse(text).models).toEqual([model]);
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

/** CPU time, the least of several: other work of the process comes on top. */
function leastTime(work: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...times);
}
