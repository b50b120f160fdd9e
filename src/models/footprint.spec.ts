import { beforeAll, describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AnthropicList } from './http/anthropic-list.js';
import { CodedBodies } from './http/coded-bodies.js';
import { CODINGS } from '../content/content-coding.js';
import type { RenderedBody } from './http/rendered-body.js';
import { ModelList } from './model-list.js';
import { withPrefix } from './sources/prefixed-list-source.js';

/** So many that what the process does besides makes no difference. */
const ENOUGH_BYTES = 25_000_000;
const MODELS = 3000;

let collectGarbage: () => void;

beforeAll(async () => {
  setFlagsFromString('--expose-gc');
  collectGarbage = runInNewContext('gc') as () => void;
  // What the test files before this one left, such as their modules, becomes garbage in several rounds.
  for (let least = Infinity, used = await usedBytes(); used < least * 0.999; used = await usedBytes())
    least = used;
});

/** The memory in use, once all garbage is gone: what finalizers give up goes in the second round. */
async function usedBytes(): Promise<number> {
  collectGarbage();
  await setImmediate();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** As a provider's answer is: every text is an object of its own. */
function parsedList(name: string, fields: object): ModelList {
  const data = Array.from({ length: MODELS }, (_, index) => ({
    id: `${name}/model-${String(index)}-instruct`,
    object: 'model',
    created: 1_700_000_000 + index,
    owned_by: `vendor-of-${name}`,
    ...fields,
  }));
  return ModelList.parse(JSON.stringify({ object: 'list', data }));
}

const METADATA = {
  display_name: 'A model with a name for people',
  context_length: 131_072,
  max_output_tokens: 8192,
  capabilities: ['chat', 'vision', 'tools', 'structured_output'],
  lifecycle: 'active',
  deprecates_at: 1_900_000_000,
};

const NO_HANG_UP = { onHangUp: () => undefined };

describe.each<[string, object, (list: ModelList) => unknown]>([
  ['as it is read', {}, () => undefined],
  ['with metadata', METADATA, () => undefined],
  ['with other letters', { owned_by: 'поставщик моделей' }, () => undefined],
  ['rendered', {}, (list) => [list.plain.rendered, list.withMetadata.rendered]],
  ['of which every model was asked for', {}, (list) => list.models.map(({ id }) => list.plain.find(id))],
  [
    'in pages of Anthropic’s',
    METADATA,
    (list) => {
      const pages = new AnthropicList(list.models, list.footprint);
      pages.page({ limit: 20, afterId: undefined, beforeId: undefined, stages: ['active', 'deprecated'] });
      return pages;
    },
  ],
  ['with a prefix', {}, (list) => withPrefix(list, 'engine')],
])('the footprint of a list %s', (_name, fields, use) => {
  it('is what it takes in memory, or somewhat more', async () => {
    const make = (name: string): { list: ModelList; made: unknown } => {
      const list = parsedList(name, fields);
      return { list, made: use(list) };
    };
    const count = Math.ceil(ENOUGH_BYTES / make('warm-up').list.footprint.bytes);
    const before = await usedBytes();
    const kept = Array.from({ length: count }, (_, index) => make(`lab-${String(index)}`));
    const taken = (await usedBytes()) - before;
    const estimated = kept.reduce((sum, { list }) => sum + list.footprint.bytes, 0);
    expect(estimated / taken).toBeGreaterThan(1);
    expect(estimated / taken).toBeLessThan(1.6);
  });
});

it('the compressed forms of a body add what they take in memory, or somewhat more', async () => {
  // Small enough to count the objects around them, too.
  const codings = new Map(
    [...CODINGS.keys()].map((each) => [each, () => Promise.resolve(Buffer.alloc(2000))]),
  );
  const coded = new CodedBodies(undefined, codings);
  const bodies = (name: string): RenderedBody[] => {
    const list = parsedList(name, { description: 'x'.repeat(500) });
    lists.push(list);
    return list.models.flatMap(({ id }) => list.withMetadata.find(id) ?? []);
  };
  const lists: ModelList[] = [];
  const compress = async (body: RenderedBody): Promise<void> => {
    for (const coding of codings.keys()) await coded.formOf(body, `${coding}, identity;q=0`, NO_HANG_UP);
  };
  for (const body of bodies('warm-up')) await compress(body);
  const kept = bodies('lab');
  const bytes = (): number => lists.reduce((sum, { footprint }) => sum + footprint.bytes, 0);
  const [before, estimated] = [await usedBytes(), bytes()];
  for (const body of kept) await compress(body);
  const ratio = (bytes() - estimated) / ((await usedBytes()) - before);
  expect(ratio).toBeGreaterThan(1);
  expect(ratio).toBeLessThan(1.6);
});
