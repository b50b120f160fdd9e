import { COMPATIBLE_METADATA } from '../http/compatible-metadata.js';
import type { HttpVendor } from '../http/http-vendor.js';
import { openAiCompatible } from '../http/openai-compatible.js';

/** A vendor, or a server of the operator's own, whose list differs from OpenAI's in small things only. */
interface CompatibleVendor extends Omit<HttpVendor, 'listUrl' | 'variables'> {
  /** The variables that may hold the operator's key, the first one that is set wins; `MAIN_MODEL_API_KEY` comes last. */
  readonly keyVariables?: readonly string[];
  /** Where the row's facts come from. */
  readonly source: string;
}

/** THE table of compatible vendors: a new one is one row here. */
const ROWS: readonly CompatibleVendor[] = [
  {
    engine: 'mistral',
    defaultBaseUrl: 'https://api.mistral.ai/v1',
    keyVariables: ['MISTRAL_API_KEY'],
    source: 'npm package @mistralai/mistralai',
  },
  {
    engine: 'groq',
    defaultBaseUrl: 'https://api.groq.com/openai/v1',
    keyVariables: ['GROQ_API_KEY'],
    source: 'npm package groq-sdk',
  },
  {
    engine: 'together',
    defaultBaseUrl: 'https://api.together.ai/v1',
    keyVariables: ['TOGETHER_API_KEY'],
    ownerFields: ['owned_by', 'organization'],
    source: 'npm package together-ai',
  },
  {
    engine: 'fireworks',
    defaultBaseUrl: 'https://api.fireworks.ai/inference/v1',
    keyVariables: ['FIREWORKS_API_KEY'],
    source: 'https://github.com/vercel/ai packages/fireworks; the rows are not confirmed',
  },
  {
    engine: 'openrouter',
    defaultBaseUrl: 'https://openrouter.ai/api/v1',
    keyVariables: ['OPENROUTER_API_KEY'],
    metadata: { ...COMPATIBLE_METADATA, displayName: ['name'] },
    source: 'npm package @openrouter/sdk',
  },
  {
    engine: 'deepseek',
    defaultBaseUrl: 'https://api.deepseek.com/v1',
    keyVariables: ['DEEPSEEK_API_KEY'],
    source: 'https://api-docs.deepseek.com/api/list-models',
  },
  {
    engine: 'xai',
    defaultBaseUrl: 'https://api.x.ai/v1',
    keyVariables: ['XAI_API_KEY'],
    source: 'https://docs.rs/crate/api_xai',
  },
  {
    engine: 'ollama',
    defaultBaseUrl: 'http://localhost:11434/v1',
    exampleSettings: { MAIN_MODEL_BASE_URL: 'http://ollama:11434/v1' },
    defaultTag: ':latest',
    // Ollama itself checks no key: one is for a proxy in front of it.
    source: 'https://github.com/ollama/ollama/blob/main/openai/openai.go',
  },
  {
    engine: 'huggingface',
    defaultBaseUrl: 'https://router.huggingface.co/v1',
    keyVariables: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'],
    source: 'https://github.com/huggingface/hub-docs/blob/main/docs/inference-providers/hub-api.md',
  },
  {
    engine: 'cerebras',
    defaultBaseUrl: 'https://api.cerebras.ai/v1',
    keyVariables: ['CEREBRAS_API_KEY'],
    source: 'npm package @cerebras/cerebras_cloud_sdk',
  },
  {
    engine: 'sambanova',
    defaultBaseUrl: 'https://api.sambanova.ai/v1',
    keyVariables: ['SAMBANOVA_API_KEY'],
    // Its owner may be an e-mail address.
    ownerFields: [],
    source: 'not confirmed',
  },
  {
    engine: 'triton',
    defaultBaseUrl: 'http://localhost:9000/v1',
    exampleSettings: { MAIN_MODEL_BASE_URL: 'http://triton:9000/v1' },
    // It may ask for a header of any name: see UPSTREAM_HEADERS.
    source:
      'https://github.com/triton-inference-server/server/blob/main/python/openai/openai_frontend/frontend/fastapi/routers/models.py',
  },
];

/** The compatible vendors, built in. */
export const COMPATIBLE_VENDORS = ROWS.map(({ source: _source, keyVariables = [], ...row }) =>
  openAiCompatible({ ...row, keyVariables: [...keyVariables, 'MAIN_MODEL_API_KEY'] }),
);
