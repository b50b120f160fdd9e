import { trimmedPath, withPath, withQuery } from '../http/base-url.js';
import { httpVendor } from '../http/http.provider.js';

/**
 * Gemini's own list: pages of at most 1,000 models, linked by `pageToken`. Chats take the id with and without the
 * `models/` of its `name`; clients know the shorter one.
 * @see https://ai.google.dev/api/rest/v1beta/models/list
 */
export const gemini = httpVendor({
  engine: 'gemini',
  defaultBaseUrl: 'https://generativelanguage.googleapis.com',
  listUrl: (base) => withQuery(modelsUrl(base), { pageSize: '1000' }),
  keyVariables: ['GOOGLE_API_KEY', 'GEMINI_API_KEY', 'MAIN_MODEL_API_KEY'],
  keyHeader: 'x-goog-api-key',
  // An access token of Google's OAuth, which is refused as a key.
  bearerTokens: /^ya29\./,
  cursor: { field: 'nextPageToken', parameter: 'pageToken' },
  leavesOutEmptyLists: true,
  idFields: ['name', 'id'],
  idPrefix: 'models/',
  metadata: {
    displayName: ['displayName'],
    description: ['description'],
    contextLength: ['inputTokenLimit'],
    maxOutputTokens: ['outputTokenLimit'],
    capabilities: [
      [
        'supportedGenerationMethods',
        {
          generatecontent: 'chat',
          embedcontent: 'embeddings',
          embedtext: 'embeddings',
          bidigeneratecontent: 'other',
          generateanswer: 'other',
          predict: 'other',
          predictlongrunning: 'other',
        },
      ],
      ['thinking', { true: 'reasoning' }],
    ],
  },
});

/** `{base}/v1beta/models`, whether or not the base names a version, its OpenAI-compatible part or the whole path. */
function modelsUrl(base: URL): URL {
  const path = trimmedPath(base)
    .replace(/\/models$/, '')
    .replace(/\/openai$/, '');
  return withPath(base, /\/v\d[^/]*$/.test(path) ? `${path}/models` : `${path}/v1beta/models`);
}
