import { identityOf, OWN_FORMAT } from '../../catalogue/metadata-format.js';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import { MODALITIES } from '../../catalogue/model-metadata.js';
import type { Path } from '../../catalogue/row.js';

/** What takes or gives something else than text, in the words of most vendors. */
const INPUTS = { image: 'vision', audio: 'audio' } as const;
const OUTPUTS = {
  text: 'text_generation',
  image: 'image_generation',
  audio: 'speech',
  speech: 'speech',
  embedding: 'embeddings',
  embeddings: 'embeddings',
  rerank: 'rerank',
  transcription: 'transcription',
  video: 'other',
} as const;

/** What is no word of the answer may be a kind of file. */
const WORDS = { ...identityOf(MODALITIES), embedding: 'embeddings', pdf: 'file', document: 'file' } as const;

/**
 * The extensions of OpenAI's format that its compatible vendors and servers write. Each field has one meaning among
 * all that write it, so that one format serves them all; `name`, for example, is an id here and a title there.
 */
export const COMPATIBLE_METADATA: Required<MetadataFormat> = {
  displayName: ['display_name'],
  description: ['description'],
  contextLength: [
    'max_model_len', // vLLM, SGLang, NIM
    'context_length', // Together, OpenRouter, Fireworks, SambaNova
    'context_window', // Groq
    'max_context_length', // Mistral, LM Studio
    'meta.n_ctx', // llama.cpp
  ],
  maxOutputTokens: [
    'max_output_tokens',
    'max_completion_tokens', // Groq, SambaNova
    'top_provider.max_completion_tokens', // OpenRouter
  ],
  capabilities: [
    ...OWN_FORMAT.capabilities,
    [
      'capabilities', // Mistral, llama.cpp
      {
        completion_chat: 'chat',
        completion: 'completions',
        function_calling: 'tools',
        audio_transcription: 'transcription',
        audio_speech: 'speech',
      },
    ],
    ['capabilities.completion_chat', { false: 'other' }], // Mistral
    [
      'type', // Together, LM Studio
      {
        chat: 'chat',
        language: 'completions',
        embedding: 'embeddings',
        embeddings: 'embeddings',
        rerank: 'rerank',
        image: 'image_generation',
        moderation: 'moderation',
        transcribe: 'transcription',
        audio: 'other',
        video: 'other',
      },
    ],
    // OpenRouter, Hugging Face
    ['architecture.input_modalities', INPUTS],
    ['architecture.output_modalities', OUTPUTS],
    [
      'supported_parameters',
      { tools: 'tools', reasoning: 'reasoning', structured_outputs: 'structured_output' },
    ],
    // Gateways that show what xAI says of language models
    ['input_modalities', INPUTS],
    ['output_modalities', OUTPUTS],
    // Fireworks
    ['supports_chat', { true: 'chat', false: 'other' }],
    ['supports_image_input', { true: 'vision' }],
    ['supports_tools', { true: 'tools' }],
  ],
  // OpenRouter, Hugging Face; gateways that show what xAI says of language models
  inputModalities: [
    ['architecture.input_modalities', WORDS],
    ['input_modalities', WORDS],
  ],
  outputModalities: [
    ['architecture.output_modalities', WORDS],
    ['output_modalities', WORDS],
  ],
  pricing: ['pricing'], // OpenRouter
  supportedParameters: ['supported_parameters'], // OpenRouter
  lifecycle: OWN_FORMAT.lifecycle,
  deprecatesAt: [
    'deprecates_at',
    'deprecation', // Mistral
    'shutdown_date', // OpenAI
    'expiration_date', // OpenRouter
  ],
  shutdownDate: [
    'shutdown_date', // OpenAI
    'expiration_date', // OpenRouter
  ],
};

/** What lists of modalities say, for formats that keep them elsewhere. */
export function modalitiesAt(
  inputs: Path,
  outputs: Path,
): Required<Pick<MetadataFormat, 'capabilities' | 'inputModalities' | 'outputModalities'>> {
  return {
    capabilities: [
      [inputs, INPUTS],
      [outputs, OUTPUTS],
    ],
    inputModalities: [[inputs, WORDS]],
    outputModalities: [[outputs, WORDS]],
  };
}
