import type { Type } from '@nestjs/common';
import { AnthropicProvider } from './anthropic.provider.js';
import { AzureProvider } from './azure.provider.js';
import { BedrockProvider } from './bedrock.provider.js';
import { CohereProvider } from './cohere.provider.js';
import { COMPATIBLE_VENDORS } from '../catalogue/compatible-vendors.js';
import { compatibleProvider } from './compatible.provider.js';
import { DatabricksProvider } from './databricks.provider.js';
import { GeminiProvider } from './gemini.provider.js';
import { GithubModelsProvider } from './github-models.provider.js';
import type { ModelProvider } from './model-provider.js';
import { NimProvider } from './nim.provider.js';
import { OpenAiProvider } from './openai.provider.js';
import { PerplexityProvider } from './perplexity.provider.js';
import { TrtLlmProvider } from './trt-llm.provider.js';
import { VllmProvider } from './vllm.provider.js';

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
