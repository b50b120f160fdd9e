import type { UrlVariable } from '../../config/provider.config.js';
import { openAiModelsUrl } from './base-url.js';
import { HttpProvider } from './http.provider.js';

/** What all servers share that speak OpenAI's Models API: one page, `Authorization` passed on verbatim. */
export abstract class OpenAiCompatibleProvider extends HttpProvider {
  protected readonly baseUrlVariables: readonly [UrlVariable, ...UrlVariable[]] = ['MAIN_MODEL_BASE_URL'];

  protected listUrl(base: URL): URL {
    return openAiModelsUrl(base);
  }
}
