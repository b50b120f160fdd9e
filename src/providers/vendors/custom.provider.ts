import type { ProviderConfig } from '../../config/provider.config.js';
import type { UpstreamConfig } from '../../config/upstream.config.js';
import type { UpstreamClient } from '../../upstream/upstream.client.js';
import type { ModelsRequest } from '../model-provider.js';
import type { Model } from '../../catalogue/model.js';
import { OpenAiCompatibleProvider } from '../http/openai-compatible.provider.js';

const EMPTY: readonly Model[] = [];

/** Any engine that is not built in: an OpenAI-compatible endpoint, or an empty list when no URL is given. */
export class CustomProvider extends OpenAiCompatibleProvider {
  protected readonly keyVariables = ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'] as const;

  /** @param engine as the operator wrote it: it stands in for the owner of models that have none */
  constructor(
    protected readonly engine: string,
    client: UpstreamClient,
    config: ProviderConfig,
    limits: UpstreamConfig,
  ) {
    super(client, config, limits);
  }

  /** Of several engines each has a name that fits into a variable, and there are few. */
  protected override get label(): string {
    return this.config.isMultiEngine ? this.engine : 'custom';
  }

  /** Among several engines, one without an address is a slip of the pen. */
  protected override get missingVariable(): string | undefined {
    return this.config.isMultiEngine ? super.missingVariable : undefined;
  }

  override async listModels(request: ModelsRequest): Promise<readonly Model[]> {
    return this.settings.url === undefined && !this.config.isMultiEngine ? EMPTY : super.listModels(request);
  }
}
