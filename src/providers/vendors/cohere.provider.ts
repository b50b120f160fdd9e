import { Injectable } from '@nestjs/common';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import { versionedModelsUrl, withQuery } from '../http/base-url.js';
import { HttpProvider } from '../http/http.provider.js';
import type { Row } from '../../catalogue/row.js';

/**
 * Cohere: pages of at most 1,000 models under `/v1` only, linked by `next_page_token`; the id is the `name`.
 * @see https://docs.cohere.com/reference/list-models
 */
@Injectable()
export class CohereProvider extends HttpProvider {
  protected readonly engine = 'cohere';
  protected readonly keyVariables = ['COHERE_API_KEY'] as const;
  protected readonly baseUrlVariables = ['COHERE_BASE_URL', 'MAIN_MODEL_BASE_URL'] as const;
  protected override readonly defaultBaseUrl = 'https://api.cohere.com';
  protected override readonly idFields = ['name', 'id'];
  protected override readonly metadata: MetadataFormat = {
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
  };

  protected listUrl(base: URL): URL {
    return withQuery(versionedModelsUrl(base, 'v1', 'v2'), { page_size: '1000' });
  }

  protected override nextPage({ next_page_token: token }: Row, first: URL): URL | undefined {
    return typeof token === 'string' && token !== '' ? withQuery(first, { page_token: token }) : undefined;
  }
}
