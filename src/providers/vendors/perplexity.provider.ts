import { staticVendor } from '../static.provider.js';

/**
 * Perplexity, which has no list of its models; `MODELS_STATIC` replaces this one.
 * @see https://mastra.ai/models/providers/perplexity.md
 */
export const perplexity = staticVendor('perplexity', [
  'sonar',
  'sonar-pro',
  'sonar-reasoning-pro',
  'sonar-deep-research',
]);
