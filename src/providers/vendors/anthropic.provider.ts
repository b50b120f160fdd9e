import { OWN_FORMAT } from '../../catalogue/metadata-format.js';
import { versionedModelsUrl, withQuery } from '../http/base-url.js';
import { httpVendor } from '../http/http.provider.js';

/**
 * Anthropic: pages of at most 1,000 models, linked by `after_id`.
 * @see https://platform.claude.com/docs/en/api/models/list
 */
export const anthropic = httpVendor({
  engine: 'anthropic',
  defaultBaseUrl: 'https://api.anthropic.com',
  listUrl: (base) => withQuery(versionedModelsUrl(base, 'v1'), { limit: '1000' }),
  keyVariables: ['ANTHROPIC_API_KEY'],
  keyHeader: 'x-api-key',
  limitHeaderPrefix: 'anthropic-ratelimit-',
  limitHeaderWords: ['unified', '5h', '7d', 'priority', 'fast'],
  requestIdHeaders: ['request-id'],
  // Anthropic's API refuses its OAuth tokens in `x-api-key`, and takes them as Bearer only with this beta.
  bearerTokens: /^sk-ant-oat/,
  bearerHeaders: { 'anthropic-beta': 'oauth-2025-04-20' },
  fixedHeaders: { 'anthropic-version': '2023-06-01' },
  cursor: { field: 'last_id', parameter: 'after_id', moreField: 'has_more' },
  metadata: {
    displayName: ['display_name'],
    contextLength: ['max_input_tokens'],
    maxOutputTokens: ['max_tokens'],
    capabilities: [
      [
        'capabilities',
        { image_input: 'vision', structured_outputs: 'structured_output', thinking: 'reasoning' },
      ],
    ],
    lifecycle: OWN_FORMAT.lifecycle,
    deprecatesAt: ['deprecated_at', 'retires_at'],
    shutdownDate: ['retires_at'],
  },
});
