import { identityOf, OWN_FORMAT } from '../../catalogue/metadata-format.js';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import { MODALITIES } from '../../catalogue/model-metadata.js';
import type { Path } from '../../catalogue/row.js';

/** What takes or gives something else than text, in the words of most vendors. */
const INPUTS = { image: 'vision', audio: 'audio' } as const;
/** A chat takes text beside the images that its vendor mentions. */
const WHETHER = { true: 'text', false: 'text' } as const;
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

/** The words for modalities; a PDF and a document are files. */
const WORDS = { ...identityOf(MODALITIES), embedding: 'embeddings', pdf: 'file', document: 'file' } as const;

/**
 * The extensions of OpenAI's format that its compatible vendors and servers write. Each field has one meaning among
 * all that write it, so that one format serves them all; `name`, for example, is an id here and a title there.
 */
export const COMPATIBLE_METADATA: Required<MetadataFormat> = {
  displayName: ['display_name'],
  description: ['description', 'metadata.description'], // DeepInfra has the latter
  contextLength: [
    'max_model_len', // vLLM, SGLang, NIM
    'context_length', // Together, OpenRouter, Fireworks, SambaNova
    'context_window', // Groq
    'max_context_length', // Mistral, LM Studio
    'max_context_window', // Lemonade
    'context_size', // Novita
    'meta.n_ctx', // llama.cpp
    'metadata.context_length', // DeepInfra
  ],
  maxOutputTokens: [
    'max_output_tokens',
    'max_completion_tokens', // Groq, SambaNova
    'top_provider.max_completion_tokens', // OpenRouter
    'metadata.max_tokens', // DeepInfra
  ],
  capabilities: [
    ...OWN_FORMAT.capabilities,
    [
      'capabilities', // Mistral, llama.cpp, llama-swap
      {
        completion_chat: 'chat',
        completion: 'completions',
        function_calling: 'tools',
        audio_transcription: 'transcription',
        audio_transcriptions: 'transcription',
        audio_speech: 'speech',
        reranker: 'rerank',
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
        llm: 'text_generation',
        vlm: 'text_generation',
      },
    ],
    ['type', { vlm: 'vision' }], // LM Studio
    [
      'model_type', // Xinference, Novita
      {
        llm: 'text_generation',
        chat: 'chat',
        embedding: 'embeddings',
        rerank: 'rerank',
        image: 'image_generation',
        audio: 'other',
        video: 'other',
      },
    ],
    [
      'model_ability', // Xinference
      {
        chat: 'chat',
        generate: 'completions',
        vision: 'vision',
        tools: 'tools',
        reasoning: 'reasoning',
        audio2text: 'transcription',
        text2audio: 'speech',
        text2image: 'image_generation',
      },
    ],
    [
      'labels', // Lemonade
      {
        chat: 'chat',
        'chat-transcription': 'chat',
        embeddings: 'embeddings',
        reranking: 'rerank',
        vision: 'vision',
        reasoning: 'reasoning',
        'tool-calling': 'tools',
        transcription: 'transcription',
        tts: 'speech',
        image: 'image_generation',
      },
    ],
    // Lemonade's servers of one purpose, whose models may have no label
    ['recipe', { whispercpp: 'transcription', kokoro: 'speech', 'sd-cpp': 'image_generation' }],
    [
      'features', // Novita
      { 'function-calling': 'tools', 'structured-outputs': 'structured_output', reasoning: 'reasoning' },
    ],
    ['metadata.tags', { vision: 'vision', reasoning: 'reasoning' }], // DeepInfra
    // Moonshot
    ['supports_image_in', { true: 'vision' }],
    ['supports_reasoning', { true: 'reasoning' }],
    // OpenRouter's short form of both lists of modalities
    ['architecture.modality', { 'audio->text': 'transcription' }],
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
    // Hugging Face
    ['supports_structured_output', { true: 'structured_output' }],
  ],
  // OpenRouter, Hugging Face; gateways that show what xAI says of language models
  inputModalities: [
    ['architecture.input_modalities', WORDS],
    ['input_modalities', WORDS],
    // Moonshot
    ['supports_image_in', { true: 'image' }],
    ['supports_image_in', WHETHER],
    ['supports_video_in', { true: 'video' }],
    ['supports_video_in', WHETHER],
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
