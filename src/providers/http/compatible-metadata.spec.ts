import { expect, it } from '@jest/globals';
import { metadataReader } from '../../catalogue/metadata-format.js';
import { COMPATIBLE_METADATA, modalitiesAt } from './compatible-metadata.js';

const read = metadataReader(COMPATIBLE_METADATA);

it.each<[string, Record<string, unknown>, object]>([
  ['vLLM', { max_model_len: 8192 }, { context_length: 8192 }],
  ['llama.cpp', { meta: { n_ctx: 4096 } }, { context_length: 4096 }],
  [
    'Groq',
    { context_window: 131_072, max_completion_tokens: 8192 },
    { context_length: 131_072, max_output_tokens: 8192 },
  ],
  [
    'Mistral',
    {
      description: 'A model.',
      max_context_length: 32_768,
      capabilities: { completion_chat: true, function_calling: true, vision: false },
      deprecation: '2026-11-30T00:00:00Z',
    },
    {
      description: 'A model.',
      context_length: 32_768,
      capabilities: ['chat', 'tools'],
      deprecates_at: 1_795_996_800,
    },
  ],
  ['Mistral, of no chat', { capabilities: { completion_chat: false } }, { capabilities: ['other'] }],
  [
    'Together',
    { display_name: 'A', context_length: 8, type: 'language' },
    { display_name: 'A', context_length: 8, capabilities: ['completions'] },
  ],
  [
    'LM Studio',
    { type: 'vlm', max_context_length: 8 },
    {
      context_length: 8,
      capabilities: ['text_generation', 'vision'],
      architecture: { input_modalities: ['text', 'image'] },
    },
  ],
  ['Xinference', { model_ability: ['chat', 'tools'] }, { capabilities: ['chat', 'tools'] }],
  ['Lemonade', { recipe: 'whispercpp' }, { capabilities: ['transcription'] }],
  [
    'Novita',
    { model_type: 'chat', context_size: 8, features: ['function-calling'] },
    { context_length: 8, capabilities: ['chat', 'tools'] },
  ],
  [
    'DeepInfra',
    { metadata: { description: 'A.', context_length: 8, max_tokens: 4, tags: ['reasoning'] } },
    { description: 'A.', context_length: 8, max_output_tokens: 4, capabilities: ['reasoning'] },
  ],
  [
    'Moonshot',
    { supports_image_in: true, supports_video_in: false },
    { capabilities: ['vision'], architecture: { input_modalities: ['text', 'image'] } },
  ],
  [
    'OpenRouter',
    {
      context_length: 8,
      top_provider: { max_completion_tokens: 4 },
      architecture: { input_modalities: ['text', 'pdf', 'image'], output_modalities: ['text'] },
      pricing: { prompt: '0.1' },
      supported_parameters: ['tools'],
      expiration_date: '2026-11-30',
    },
    {
      context_length: 8,
      max_output_tokens: 4,
      capabilities: ['text_generation', 'vision', 'tools'],
      architecture: { input_modalities: ['text', 'image', 'file'], output_modalities: ['text'] },
      pricing: { prompt: '0.1' },
      supported_parameters: ['tools'],
      deprecates_at: 1_795_996_800,
      shutdown_date: '2026-11-30',
    },
  ],
  [
    'Fireworks',
    { supports_chat: false, supports_image_input: false, supports_tools: true },
    { capabilities: ['tools', 'other'] },
  ],
])('the metadata of %s are read', (_name, row, expected) => {
  expect(read({ id: 'a', ...row })).toEqual(expected);
});

it('modalities are read elsewhere, too', () => {
  const elsewhere = metadataReader(modalitiesAt('takes.in', 'gives'));
  expect(elsewhere({ takes: { in: ['TEXT', 'IMAGE', 'document'] }, gives: ['embedding'] })).toEqual({
    capabilities: ['embeddings', 'vision'],
    architecture: { input_modalities: ['text', 'image', 'file'], output_modalities: ['embeddings'] },
  });
});
