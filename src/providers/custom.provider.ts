import { Injectable } from '@nestjs/common';
import type { ModelProvider, ModelsRequest } from './model-provider.js';
import type { ModelCatalogue } from './model.js';
import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';

const EMPTY: ModelCatalogue = { models: [] };

/** Any engine that is not built in: an OpenAI-compatible endpoint, or an empty list when no URL is given. */
@Injectable()
export class CustomProvider extends OpenAiCompatibleProvider implements ModelProvider {
  readonly keyVariables = ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'] as const;

  /** As the operator wrote it: it stands in for the owner of models that have none. */
  get engine(): string {
    return this.config.engine;
  }

  override get missingVariable(): undefined {
    return undefined;
  }

  override async listModels(request: ModelsRequest): Promise<ModelCatalogue> {
    return this.url === undefined ? EMPTY : super.listModels(request);
  }
}
