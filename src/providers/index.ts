import type { Type } from '@nestjs/common';
import { AnthropicProvider } from './anthropic.provider.js';
import { AzureProvider } from './azure.provider.js';
import { CohereProvider } from './cohere.provider.js';
import type { ModelProvider } from './model-provider.js';
import { NimProvider } from './nim.provider.js';
import { OpenAiProvider } from './openai.provider.js';
import { TrtLlmProvider } from './trt-llm.provider.js';
import { VllmProvider } from './vllm.provider.js';

/** THE list of built-in providers: a new one is one line here. */
export const BUILT_IN_PROVIDERS: readonly Type<ModelProvider>[] = [
  OpenAiProvider,
  NimProvider,
  VllmProvider,
  TrtLlmProvider,
  AnthropicProvider,
  AzureProvider,
  CohereProvider,
];
