import { versionedModelsUrl, withQuery } from '../http/base-url.js';
import { httpVendor } from '../http/http.provider.js';

/**
 * Cohere: pages of at most 1,000 models under `/v1` only, linked by `next_page_token`; the id is the `name`.
 * @see https://docs.cohere.com/reference/list-models
 */
export const cohere = httpVendor({
  engine: 'cohere',
  urlVariables: ['COHERE_BASE_URL', 'MAIN_MODEL_BASE_URL'],
  defaultBaseUrl: 'https://api.cohere.com',
  listUrl: (base) => withQuery(versionedModelsUrl(base, 'v1', 'v2'), { page_size: '1000' }),
  keyVariables: ['COHERE_API_KEY'],
  cursor: { field: 'next_page_token', parameter: 'page_token' },
  idFields: ['name', 'id'],
  metadata: {
    contextLength: ['context_length'],
    capabilities: [
      [
        'endpoints',
        {
          chat: 'chat',
          generate: 'completions',
          embed: 'embeddings',
          rerank: 'rerank',
          classify: 'classification',
          summarize: 'other',
          rate: 'other',
        },
      ],
      [
        'features',
        { tools: 'tools', vision: 'vision', reasoning: 'reasoning', json_schema: 'structured_output' },
      ],
    ],
    lifecycle: [['is_deprecated', { false: 'active', true: 'deprecated' }]],
  },
});
