import { declareEngines } from '../config/engine-variables.js';
import type { Vendor } from './vendor.js';
import { anthropic } from './vendors/anthropic.provider.js';
import { azure } from './vendors/azure.provider.js';
import { bedrock } from './vendors/bedrock.provider.js';
import { cloudflare } from './vendors/cloudflare.provider.js';
import { cohere } from './vendors/cohere.provider.js';
import { COMPATIBLE_VENDORS } from './vendors/compatible-vendors.js';
import { databricks } from './vendors/databricks.provider.js';
import { gemini } from './vendors/gemini.provider.js';
import { githubModels } from './vendors/github-models.provider.js';
import { nim } from './vendors/nim.provider.js';
import { openai } from './vendors/openai.provider.js';
import { trtLlm } from './vendors/trt-llm.provider.js';
import { vllm } from './vendors/vllm.provider.js';
import { watsonx } from './vendors/watsonx.provider.js';

/** THE list of built-in vendors: a new one is one line here, or a row of the table of compatible vendors. */
export const BUILT_IN_PROVIDERS: readonly Vendor[] = [
  openai,
  nim,
  vllm,
  trtLlm,
  anthropic,
  azure,
  cohere,
  gemini,
  githubModels,
  databricks,
  bedrock,
  watsonx,
  cloudflare,
  ...COMPATIBLE_VENDORS,
];

// When this module is loaded, so that the first check of the environment knows all variables.
declareEngines(BUILT_IN_PROVIDERS);
