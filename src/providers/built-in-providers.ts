import type { Type } from '@nestjs/common';
import { AnthropicProvider } from './vendors/anthropic.provider.js';
import { AzureProvider } from './vendors/azure.provider.js';
import { BedrockProvider } from './vendors/bedrock.provider.js';
import { CohereProvider } from './vendors/cohere.provider.js';
import { COMPATIBLE_VENDORS } from './vendors/compatible-vendors.js';
import { compatibleProvider } from './http/compatible.provider.js';
import { DatabricksProvider } from './vendors/databricks.provider.js';
import { GeminiProvider } from './vendors/gemini.provider.js';
import { GithubModelsProvider } from './vendors/github-models.provider.js';
import type { ModelProvider } from './model-provider.js';
import { NimProvider } from './vendors/nim.provider.js';
import { OpenAiProvider } from './vendors/openai.provider.js';
import { PerplexityProvider } from './vendors/perplexity.provider.js';
import { TrtLlmProvider } from './vendors/trt-llm.provider.js';
import { VllmProvider } from './vendors/vllm.provider.js';

/** THE list of built-in providers: a new one is one line here, or a row of COMPATIBLE_VENDORS. */
export const BUILT_IN_PROVIDERS: readonly Type<ModelProvider>[] = [
  OpenAiProvider,
  NimProvider,
  VllmProvider,
  TrtLlmProvider,
  AnthropicProvider,
  AzureProvider,
  CohereProvider,
  GeminiProvider,
  GithubModelsProvider,
  DatabricksProvider,
  PerplexityProvider,
  BedrockProvider,
  ...COMPATIBLE_VENDORS.map(compatibleProvider),
];
