import { COMPATIBLE_METADATA } from '../http/compatible-metadata.js';
import { openAiCompatible } from '../http/openai-compatible.js';
import type { CompatibleVendor } from '../http/openai-compatible.js';
import { deepInfraRow, routedRow, vercelRow } from './reshaped-rows.js';

/** A vendor, or a server of the operator's own, whose list differs from OpenAI's in small things only. */
interface Row extends Omit<CompatibleVendor, 'variables'> {
  /** The variables that may hold the operator's key, the first one that is set wins; `MAIN_MODEL_API_KEY` comes last. */
  readonly keyVariables?: readonly string[];
  /** Whether the vendor's documentation, SDK or source has the list; otherwise others have seen it. */
  readonly isDocumented: boolean;
  /** Where the row's facts come from. */
  readonly source: string;
}

/** THE table of compatible vendors: a new one is one row here, or below. */
const ROWS: readonly Row[] = [
  {
    engine: 'mistral',
    defaultBaseUrl: 'https://api.mistral.ai/v1',
    keyVariables: ['MISTRAL_API_KEY'],
    isDocumented: true,
    source: 'npm package @mistralai/mistralai',
  },
  {
    engine: 'groq',
    defaultBaseUrl: 'https://api.groq.com/openai/v1',
    keyVariables: ['GROQ_API_KEY'],
    isDocumented: true,
    source: 'npm package groq-sdk',
  },
  {
    engine: 'together',
    defaultBaseUrl: 'https://api.together.ai/v1',
    keyVariables: ['TOGETHER_API_KEY'],
    ownerFields: ['owned_by', 'organization'],
    isDocumented: true,
    source: 'npm package together-ai',
  },
  {
    engine: 'fireworks',
    defaultBaseUrl: 'https://api.fireworks.ai/inference/v1',
    keyVariables: ['FIREWORKS_API_KEY'],
    isDocumented: false,
    source: 'https://github.com/vercel/ai packages/fireworks; the rows are not confirmed',
  },
  {
    engine: 'openrouter',
    defaultBaseUrl: 'https://openrouter.ai/api/v1',
    keyVariables: ['OPENROUTER_API_KEY'],
    // Asked bare, it leaves out what writes no text.
    listQuery: { output_modalities: 'all' },
    metadata: { ...COMPATIBLE_METADATA, displayName: ['name'] },
    isDocumented: true,
    source: 'npm package @openrouter/sdk',
  },
  {
    engine: 'deepseek',
    defaultBaseUrl: 'https://api.deepseek.com/v1',
    keyVariables: ['DEEPSEEK_API_KEY'],
    isDocumented: true,
    source: 'https://api-docs.deepseek.com/api/list-models',
  },
  {
    engine: 'xai',
    defaultBaseUrl: 'https://api.x.ai/v1',
    keyVariables: ['XAI_API_KEY'],
    isDocumented: true,
    source: 'https://docs.rs/crate/api_xai',
  },
  {
    engine: 'ollama',
    defaultBaseUrl: 'http://localhost:11434/v1',
    exampleSettings: { MAIN_MODEL_BASE_URL: 'http://ollama:11434/v1' },
    defaultTag: ':latest',
    defaultNamespace: 'library/',
    // Ollama itself checks no key: one is for a proxy in front of it.
    isDocumented: true,
    source: 'https://github.com/ollama/ollama/blob/main/openai/openai.go',
  },
  {
    engine: 'huggingface',
    defaultBaseUrl: 'https://router.huggingface.co/v1',
    keyVariables: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'],
    reshape: routedRow,
    isDocumented: true,
    source: 'https://github.com/huggingface/hub-docs/blob/main/docs/inference-providers/hub-api.md',
  },
  {
    engine: 'cerebras',
    defaultBaseUrl: 'https://api.cerebras.ai/v1',
    keyVariables: ['CEREBRAS_API_KEY'],
    isDocumented: true,
    source: 'npm package @cerebras/cerebras_cloud_sdk',
  },
  {
    engine: 'sambanova',
    defaultBaseUrl: 'https://api.sambanova.ai/v1',
    keyVariables: ['SAMBANOVA_API_KEY'],
    // Its owner may be an e-mail address.
    ownerFields: [],
    isDocumented: false,
    source: 'not confirmed',
  },
  {
    engine: 'triton',
    defaultBaseUrl: 'http://localhost:9000/v1',
    exampleSettings: { MAIN_MODEL_BASE_URL: 'http://triton:9000/v1' },
    // It may ask for a header of any name: see UPSTREAM_HEADERS.
    isDocumented: true,
    source:
      'https://github.com/triton-inference-server/server/blob/main/python/openai/openai_frontend/frontend/fastapi/routers/models.py',
  },
  {
    engine: 'perplexity',
    defaultBaseUrl: 'https://api.perplexity.ai/v1',
    keyVariables: ['PERPLEXITY_API_KEY'],
    // It is not known whether the list has them.
    addedIds: ['sonar', 'sonar-pro', 'sonar-reasoning-pro', 'sonar-deep-research'],
    isDocumented: true,
    source:
      'https://docs.perplexity.ai/api-reference/models-get; https://mastra.ai/models/providers/perplexity.md',
  },
];

/**
 * Vendors whose names were once those of engines that are not built in. Where `MAIN_MODEL_BASE_URL` is set, they still
 * have the same variables of keys.
 */
const LATER_ROWS: readonly Row[] = [
  {
    engine: 'moonshot',
    defaultBaseUrl: 'https://api.moonshot.ai/v1',
    keyVariables: ['MOONSHOT_API_KEY'],
    isDocumented: true,
    source: 'https://platform.moonshot.ai/docs/api/list-models',
  },
  {
    engine: 'siliconflow',
    defaultBaseUrl: 'https://api.siliconflow.com/v1',
    keyVariables: ['SILICONFLOW_API_KEY'],
    isDocumented: true,
    source: 'https://docs.siliconflow.com/en/api-reference/models/get-model-list',
  },
  {
    engine: 'nebius',
    defaultBaseUrl: 'https://api.tokenfactory.nebius.com/v1',
    keyVariables: ['NEBIUS_API_KEY'],
    isDocumented: true,
    source: 'https://docs.tokenfactory.nebius.com/api-reference/models/list-models',
  },
  {
    engine: 'dashscope',
    defaultBaseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keyVariables: ['DASHSCOPE_API_KEY'],
    isDocumented: true,
    source: 'https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope',
  },
  {
    engine: 'vercel',
    defaultBaseUrl: 'https://ai-gateway.vercel.sh/v1',
    keyVariables: ['AI_GATEWAY_API_KEY'],
    reshape: vercelRow,
    metadata: {
      ...COMPATIBLE_METADATA,
      displayName: ['name'],
      maxOutputTokens: ['max_tokens'],
      // `language` means completions to others.
      capabilities: [
        [
          'type',
          {
            language: 'chat',
            embedding: 'embeddings',
            reranking: 'rerank',
            image: 'image_generation',
            speech: 'speech',
            transcription: 'transcription',
            video: 'other',
            realtime: 'other',
          },
        ],
        ['tags', { 'tool-use': 'tools', vision: 'vision', reasoning: 'reasoning' }],
      ],
    },
    isDocumented: true,
    source: 'https://vercel.com/docs/ai-gateway/models-and-providers',
  },
  {
    engine: 'deepinfra',
    defaultBaseUrl: 'https://api.deepinfra.com/v1/openai',
    keyVariables: ['DEEPINFRA_API_KEY'],
    reshape: deepInfraRow,
    isDocumented: false,
    source: 'https://github.com/RooCodeInc/Roo-Code, which reads its list',
  },
  {
    engine: 'novita',
    defaultBaseUrl: 'https://api.novita.ai/openai',
    keyVariables: ['NOVITA_API_KEY'],
    isDocumented: false,
    source: 'clients that read its list',
  },
  {
    engine: 'zai',
    defaultBaseUrl: 'https://api.z.ai/api/paas/v4',
    keyVariables: ['ZAI_API_KEY', 'ZHIPU_API_KEY'],
    isDocumented: false,
    source: 'clients that read its list',
  },
  {
    engine: 'baseten',
    defaultBaseUrl: 'https://inference.baseten.co/v1',
    keyVariables: ['BASETEN_API_KEY'],
    isDocumented: false,
    source: 'clients that read its list',
  },
  {
    engine: 'scaleway',
    defaultBaseUrl: 'https://api.scaleway.ai/v1',
    keyVariables: ['SCALEWAY_API_KEY'],
    isDocumented: false,
    source: 'clients that read its list',
  },
  {
    engine: 'ovhcloud',
    defaultBaseUrl: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
    keyVariables: ['OVHCLOUD_API_KEY'],
    isDocumented: false,
    source: 'clients that read its list',
  },
  {
    engine: 'volcengine',
    defaultBaseUrl: 'https://ark.cn-beijing.volces.com/api/v3',
    keyVariables: ['ARK_API_KEY'],
    isDocumented: false,
    source: 'clients that read its list',
  },
  {
    engine: 'ollama_cloud',
    defaultBaseUrl: 'https://ollama.com/v1',
    keyVariables: ['OLLAMA_API_KEY'],
    defaultTag: ':latest',
    defaultNamespace: 'library/',
    isDocumented: false,
    source: 'https://docs.ollama.com/cloud; its list is that of a local server',
  },
  {
    engine: 'friendli',
    defaultBaseUrl: 'https://api.friendli.ai/serverless/v1',
    keyVariables: ['FRIENDLI_TOKEN'],
    isDocumented: false,
    source: 'clients that read its list',
  },
  {
    engine: 'wandb',
    defaultBaseUrl: 'https://api.inference.wandb.ai/v1',
    keyVariables: ['WANDB_API_KEY'],
    isDocumented: false,
    source: 'clients that read its list',
  },
  {
    engine: 'lmstudio',
    defaultBaseUrl: 'http://localhost:1234/v1',
    exampleSettings: { MAIN_MODEL_BASE_URL: 'http://lmstudio:1234/v1' },
    isDocumented: true,
    source: 'https://lmstudio.ai/docs/developer/openai-compat/models',
  },
  {
    engine: 'llama_cpp',
    defaultBaseUrl: 'http://localhost:8080/v1',
    exampleSettings: { MAIN_MODEL_BASE_URL: 'http://llama-cpp:8080/v1' },
    isDocumented: true,
    source: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
  },
  {
    engine: 'localai',
    defaultBaseUrl: 'http://localhost:8080/v1',
    exampleSettings: { MAIN_MODEL_BASE_URL: 'http://localai:8080/v1' },
    isDocumented: true,
    source: 'https://github.com/mudler/LocalAI/blob/master/core/http/endpoints/openai/list.go',
  },
  {
    engine: 'litellm',
    defaultBaseUrl: 'http://localhost:4000/v1',
    exampleSettings: { MAIN_MODEL_BASE_URL: 'http://litellm:4000/v1' },
    keyVariables: ['LITELLM_API_KEY'],
    isDocumented: true,
    source: 'https://docs.litellm.ai/docs/proxy/model_management',
  },
];

/** All rows, also for the document that says whose list is documented. */
export const COMPATIBLE_ROWS: readonly Row[] = [
  ...ROWS,
  ...LATER_ROWS.map((row) => ({ ...row, otherHostKeyVariables: ['OPENAI_API_KEY'] })),
];

/** The compatible vendors, built in. */
export const COMPATIBLE_VENDORS = COMPATIBLE_ROWS.map(
  ({ source: _source, isDocumented: _isDocumented, keyVariables = [], ...row }) =>
    openAiCompatible({ ...row, keyVariables: [...keyVariables, 'MAIN_MODEL_API_KEY'] }),
);
