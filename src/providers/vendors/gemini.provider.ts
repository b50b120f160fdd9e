import { Injectable } from '@nestjs/common';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import type { Credential } from '../../credentials/credential.js';
import { geminiModelsUrl, withQuery } from '../http/base-url.js';
import { HttpProvider } from '../http/http.provider.js';
import type { Row } from '../../catalogue/row.js';

/** An access token of Google's OAuth, which is refused as a key. */
const OAUTH_TOKEN_PREFIX = 'ya29.';

/**
 * Gemini's own list: pages of at most 1,000 models, linked by `pageToken`. Chats take the id with and without the
 * `models/` of its `name`; the shorter one is what clients know.
 * @see https://ai.google.dev/api/rest/v1beta/models/list
 */
@Injectable()
export class GeminiProvider extends HttpProvider {
  protected readonly engine = 'gemini';
  protected readonly keyVariables = ['GOOGLE_API_KEY', 'GEMINI_API_KEY', 'MAIN_MODEL_API_KEY'] as const;
  protected readonly baseUrlVariables = ['MAIN_MODEL_BASE_URL'] as const;
  protected override readonly defaultBaseUrl = 'https://generativelanguage.googleapis.com';
  protected override readonly leavesOutEmptyLists = true;
  protected override readonly idFields = ['name', 'id'];
  protected override readonly idPrefix = 'models/';
  protected override readonly metadata: MetadataFormat = {
    displayName: ['displayName'],
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
  };

  protected listUrl(base: URL): URL {
    return withQuery(geminiModelsUrl(base), { pageSize: '1000' });
  }

  protected override credentialHeaders({ authorization, token }: Credential): Record<string, string> {
    if (token === undefined) return { authorization };
    return token.startsWith(OAUTH_TOKEN_PREFIX)
      ? { authorization: `Bearer ${token}` }
      : { 'x-goog-api-key': token };
  }

  protected override nextPage({ nextPageToken: token }: Row, first: URL): URL | undefined {
    return typeof token === 'string' && token !== '' ? withQuery(first, { pageToken: token }) : undefined;
  }
}
