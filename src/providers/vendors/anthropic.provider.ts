import { Injectable } from '@nestjs/common';
import { OWN_FORMAT } from '../../catalogue/metadata-format.js';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import type { Credential } from '../../credentials/credential.js';
import { versionedModelsUrl, withQuery } from '../http/base-url.js';
import { HttpProvider } from '../http/http.provider.js';
import type { Row } from '../../catalogue/row.js';

/** Anthropic's API refuses its OAuth tokens in `x-api-key`, and takes them as Bearer only with this beta. */
const OAUTH_TOKEN_PREFIX = 'sk-ant-oat';
const OAUTH_BETA = 'oauth-2025-04-20';

/**
 * Anthropic: pages of at most 1,000 models, linked by `after_id`.
 * @see https://platform.claude.com/docs/en/api/models/list
 */
@Injectable()
export class AnthropicProvider extends HttpProvider {
  protected readonly engine = 'anthropic';
  protected readonly keyVariables = ['ANTHROPIC_API_KEY'] as const;
  protected readonly baseUrlVariables = ['MAIN_MODEL_BASE_URL'] as const;
  protected override readonly defaultBaseUrl = 'https://api.anthropic.com';
  protected override readonly fixedHeaders = { 'anthropic-version': '2023-06-01' };
  protected override readonly metadata: MetadataFormat = {
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
  };

  protected listUrl(base: URL): URL {
    return withQuery(versionedModelsUrl(base, 'v1'), { limit: '1000' });
  }

  protected override credentialHeaders({ authorization, token }: Credential): Record<string, string> {
    if (token === undefined) return { authorization };
    if (!token.startsWith(OAUTH_TOKEN_PREFIX)) return { 'x-api-key': token };
    return { authorization: `Bearer ${token}`, 'anthropic-beta': OAUTH_BETA };
  }

  protected override nextPage({ has_more: hasMore, last_id: lastId }: Row, first: URL): URL | undefined {
    return hasMore === true && typeof lastId === 'string'
      ? withQuery(first, { after_id: lastId })
      : undefined;
  }
}
