import { HttpProvider } from '../http/http.provider.js';
import { openAiListUrl } from '../http/openai-compatible.js';
import type { ModelProvider } from '../model-provider.js';
import type { ProviderContext } from '../vendor.js';

/** The variables that may hold the key of such an engine when it is the only one. */
export const CUSTOM_KEY_VARIABLES: readonly string[] = ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'];

/**
 * The provider of an engine that is not built in: an OpenAI-compatible endpoint.
 * @param engine as the operator wrote it: it is the owner of models that have none
 */
export function customProvider(engine: string, context: ProviderContext): ModelProvider {
  const { isMultiEngine } = context.config;
  return new HttpProvider(
    {
      engine,
      // Of several engines each has a name that fits into a variable, and there are few.
      label: isMultiEngine ? engine : 'custom',
      listUrl: openAiListUrl(),
      keyVariables: CUSTOM_KEY_VARIABLES,
      // Among several engines, one without an address is a mistake.
      isEmptyWithoutUrl: !isMultiEngine,
    },
    context,
  );
}
