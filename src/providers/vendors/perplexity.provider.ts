import { Injectable } from '@nestjs/common';
import { StaticProvider } from '../static.provider.js';

/**
 * Perplexity has no list of its models, so it is written down here; `MODELS_STATIC` replaces it.
 * @see https://mastra.ai/models/providers/perplexity.md
 */
@Injectable()
export class PerplexityProvider extends StaticProvider {
  constructor() {
    const ids = ['sonar', 'sonar-pro', 'sonar-reasoning-pro', 'sonar-deep-research'];
    super(
      { engine: 'perplexity', aliases: [], label: 'perplexity' },
      ids.map((id) => ({ id, metadata: undefined })),
    );
  }
}
