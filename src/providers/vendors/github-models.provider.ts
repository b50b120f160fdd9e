import { trimmedPath, withPath } from '../http/base-url.js';
import { modalitiesAt } from '../http/compatible-metadata.js';
import { httpVendor } from '../http/http.provider.js';

const MODALITIES = modalitiesAt('supported_input_modalities', 'supported_output_modalities');

/**
 * GitHub Models: the catalogue, a bare array beside the `/inference` that clients have as their base URL.
 * @see https://docs.github.com/en/rest/models/catalog
 */
export const githubModels = httpVendor({
  engine: 'github_models',
  defaultBaseUrl: 'https://models.github.ai',
  listUrl: catalogueUrl,
  keyVariables: ['GITHUB_TOKEN', 'MAIN_MODEL_API_KEY'],
  fixedHeaders: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
  ownerFields: ['publisher'],
  metadata: {
    ...MODALITIES,
    displayName: ['name'],
    description: ['summary'],
    contextLength: ['limits.max_input_tokens'],
    maxOutputTokens: ['limits.max_output_tokens'],
    capabilities: [
      ['capabilities', { 'tool-calling': 'tools', reasoning: 'reasoning' }],
      ...MODALITIES.capabilities,
    ],
  },
});

/** `{base}/catalog/models`, also where the base is that of the chats, an organisation's included. */
function catalogueUrl(base: URL): URL {
  const path = trimmedPath(base).replace(/(\/catalog(\/models)?|(\/orgs\/[^/]+)?\/inference)$/, '');
  return withPath(base, `${path}/catalog/models`);
}
