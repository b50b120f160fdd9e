import type { ConfigType } from '@nestjs/config';
import { IsBaseUrl, IsCommaSeparated, IsSecret, IsText } from './rules.js';
import { registerVariables } from './variables.js';

class ProviderVariables {
  @IsText(/^[\w.:/ -]{1,100}$/, 'a name of letters, digits and -_.:/, at most 100 characters long')
  MAIN_MODEL_ENGINE = 'openai';

  @IsBaseUrl()
  MAIN_MODEL_BASE_URL?: string;

  @IsBaseUrl()
  AZURE_OPENAI_ENDPOINT?: string;

  @IsText(/^[\w.-]+$/, 'an API version such as 2024-06-01')
  AZURE_OPENAI_API_VERSION?: string;

  @IsBaseUrl()
  COHERE_BASE_URL?: string;

  @IsSecret()
  MAIN_MODEL_API_KEY?: string;

  @IsSecret()
  OPENAI_API_KEY?: string;

  @IsSecret()
  NVIDIA_API_KEY?: string;

  @IsSecret()
  VLLM_API_KEY?: string;

  @IsSecret()
  ANTHROPIC_API_KEY?: string;

  @IsSecret()
  AZURE_OPENAI_API_KEY?: string;

  @IsSecret()
  COHERE_API_KEY?: string;

  @IsCommaSeparated()
  PLACEHOLDER_API_KEYS: string[] = ['not-used'];
}

/** Which provider is asked, where, and the credentials the operator lends to callers without any. */
export const providerConfig = registerVariables('provider', ProviderVariables, (variables) => ({
  engine: variables.MAIN_MODEL_ENGINE,
  placeholderApiKeys: new Set(variables.PLACEHOLDER_API_KEYS),
  variables,
}));
export type ProviderConfig = ConfigType<typeof providerConfig>;
/** The variables that hold a provider's base URL, and those that hold a key. */
export type UrlVariable = 'MAIN_MODEL_BASE_URL' | 'AZURE_OPENAI_ENDPOINT' | 'COHERE_BASE_URL';
export type KeyVariable = Extract<keyof ProviderVariables, `${string}_API_KEY`>;
