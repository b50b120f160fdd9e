import { expect, it } from '@jest/globals';
import { UNIT_REQUEST, unitProvider } from '../../../test/support/unit-provider.js';
import type { Model } from '../../catalogue/model.js';

/** The models of a provider whose pages hold these rows. */
async function modelsOf(engine: string, ...pages: readonly object[]): Promise<readonly Model[]> {
  let asked = 0;
  const provider = unitProvider(engine, undefined, () => JSON.stringify(pages[asked++]));
  const { models } = await provider.listModels(UNIT_REQUEST);
  return models;
}

/** JSON that no text can be made of. */
const NO_TEXT = { toString: null, valueOf: null };

it('a property of Cloudflare without a name is left out', async () => {
  const properties = [
    { property_id: NO_TEXT, value: 1 },
    { property_id: 'context_window', value: '8192' },
  ];
  const [model] = await modelsOf('cloudflare', { result: [{ name: 'a', properties }] });
  expect(model?.metadata).toEqual({ context_length: 8192 });
});

it('a stage of watsonx without a name is left out', async () => {
  const lifecycle = [
    { id: NO_TEXT, start_date: '2026-01-01' },
    { id: 'withdrawn', start_date: '2026-11-27' },
  ];
  const [model] = await modelsOf('watsonx', { resources: [{ model_id: 'a', lifecycle }] });
  expect(model?.metadata).toMatchObject({ shutdown_date: '2026-11-27' });
});

it('of a model and a profile of Bedrock with the same id the model is listed', async () => {
  const models = await modelsOf(
    'bedrock',
    { modelSummaries: [{ modelId: 'a', modelName: 'A' }] },
    { inferenceProfileSummaries: [{ inferenceProfileId: 'a' }, { inferenceProfileId: 'b' }] },
  );
  expect(models.map(({ id, metadata }) => [id, metadata?.display_name])).toEqual([
    ['a', 'A'],
    ['b', undefined],
  ]);
});

it.each([0, 1, 86_399])('a date on the first day of Unix time is none: %i', async (seconds) => {
  const [model] = await modelsOf('openrouter', { data: [{ id: 'a', expiration_date: seconds }] });
  expect(model).toMatchObject({ id: 'a' });
  expect(model?.metadata).toBeUndefined();
});
