import { trimmedPath, versionedModelsUrl, withPath, withQuery } from '../http/base-url.js';
import { httpVendor } from '../http/http.provider.js';

/**
 * Cohere: pages of at most 1,000 models under `/v1` only, linked by `next_page_token`; the id is the `name`.
 * @see https://docs.cohere.com/reference/list-models
 */
export const cohere = httpVendor({
  engine: 'cohere',
  urlVariables: ['COHERE_BASE_URL', 'MAIN_MODEL_BASE_URL'],
  defaultBaseUrl: 'https://api.cohere.com',
  listUrl: (base) => withQuery(modelsUrl(base), { page_size: '1000' }),
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

/** `{base}/v1/models`, also where the base names the other version, or ends in the path of a request. */
function modelsUrl(base: URL): URL {
  const path = trimmedPath(base).replace(/(?<=\/v\d)\/(?:chat|embed|rerank)$/, '');
  return versionedModelsUrl(withPath(base, path), 'v1', 'v2');
}
