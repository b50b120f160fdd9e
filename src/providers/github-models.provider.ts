import { Injectable } from '@nestjs/common';
import { githubModelsUrl } from './base-url.js';
import { HttpProvider } from './http.provider.js';

/**
 * GitHub Models: the catalogue, a bare array beside the `/inference` that clients are given as their base URL.
 * @see https://docs.github.com/en/rest/models/catalog
 */
@Injectable()
export class GithubModelsProvider extends HttpProvider {
  readonly engine = 'github_models';
  readonly keyVariables = ['GITHUB_TOKEN', 'MAIN_MODEL_API_KEY'] as const;
  protected readonly baseUrlVariables = ['MAIN_MODEL_BASE_URL'] as const;
  protected override readonly defaultBaseUrl = 'https://models.github.ai';
  protected override readonly fixedHeaders = {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
  };
  protected override readonly ownerFields = ['publisher'];

  protected listUrl(base: URL): URL {
    return githubModelsUrl(base);
  }
}
