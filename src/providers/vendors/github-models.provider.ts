import { Injectable } from '@nestjs/common';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import { githubModelsUrl } from '../http/base-url.js';
import { MODALITIES } from '../http/compatible-metadata.js';
import { HttpProvider } from '../http/http.provider.js';

/**
 * GitHub Models: the catalogue, a bare array beside the `/inference` that clients are given as their base URL.
 * @see https://docs.github.com/en/rest/models/catalog
 */
@Injectable()
export class GithubModelsProvider extends HttpProvider {
  protected readonly engine = 'github_models';
  protected readonly keyVariables = ['GITHUB_TOKEN', 'MAIN_MODEL_API_KEY'] as const;
  protected readonly baseUrlVariables = ['MAIN_MODEL_BASE_URL'] as const;
  protected override readonly defaultBaseUrl = 'https://models.github.ai';
  protected override readonly fixedHeaders = {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
  };
  protected override readonly ownerFields = ['publisher'];
  protected override readonly metadata: MetadataFormat = {
    displayName: ['name'],
    contextLength: ['limits.max_input_tokens'],
    maxOutputTokens: ['limits.max_output_tokens'],
    capabilities: [
      ['capabilities', { 'tool-calling': 'tools', reasoning: 'reasoning' }],
      ['supported_input_modalities', MODALITIES.inputs],
      ['supported_output_modalities', MODALITIES.outputs],
    ],
  };

  protected listUrl(base: URL): URL {
    return githubModelsUrl(base);
  }
}
