import type { ConfigType } from '@nestjs/config';
import { IsBaseUrl, IsCommaSeparated, IsOneOf, IsSecret, IsText, IsWholeNumber } from './rules.js';
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

  @IsOneOf('models', 'deployments')
  AZURE_OPENAI_LIST = 'models';

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

  @IsSecret()
  GOOGLE_API_KEY?: string;

  @IsSecret()
  GEMINI_API_KEY?: string;

  @IsSecret()
  MISTRAL_API_KEY?: string;

  @IsSecret()
  GROQ_API_KEY?: string;

  @IsSecret()
  TOGETHER_API_KEY?: string;

  @IsSecret()
  FIREWORKS_API_KEY?: string;

  @IsSecret()
  OPENROUTER_API_KEY?: string;

  @IsSecret()
  DEEPSEEK_API_KEY?: string;

  @IsSecret()
  XAI_API_KEY?: string;

  @IsSecret()
  HF_TOKEN?: string;

  @IsSecret()
  HUGGINGFACE_API_KEY?: string;

  @IsSecret()
  CEREBRAS_API_KEY?: string;

  @IsSecret()
  SAMBANOVA_API_KEY?: string;

  @IsSecret()
  GITHUB_TOKEN?: string;

  @IsSecret()
  DATABRICKS_TOKEN?: string;

  @IsWholeNumber(100, 3_600_000)
  KEY_FILE_INTERVAL_MS = 5000;

  @IsCommaSeparated()
  PLACEHOLDER_API_KEYS: string[] = ['not-used'];
}

/** The variables that hold a provider's base URL, those that hold a key, and those that name a file with one. */
export type UrlVariable = 'MAIN_MODEL_BASE_URL' | 'AZURE_OPENAI_ENDPOINT' | 'COHERE_BASE_URL';
export type KeyVariable = Extract<keyof ProviderVariables, `${string}_API_KEY` | `${string}_TOKEN`>;
export type KeyFileVariable = `${KeyVariable}_FILE`;

/** Which provider is asked, where, and the credentials the operator lends to callers without any. */
export const providerConfig = registerVariables('provider', ProviderVariables, (variables) => ({
  engine: variables.MAIN_MODEL_ENGINE,
  placeholderApiKeys: new Set(variables.PLACEHOLDER_API_KEYS),
  keys: setVariables(variables, /^(.+_(?:API_KEY|TOKEN))$/),
  /** The paths of files with keys, each by the variable that would hold the key itself. */
  keyFiles: setVariables(variables, /^(.+_(?:API_KEY|TOKEN))_FILE$/),
  /** How often those files are read again. */
  keyFileIntervalMs: variables.KEY_FILE_INTERVAL_MS,
  variables,
}));
export type ProviderConfig = ConfigType<typeof providerConfig>;

/** The variables that match and are set; the pattern's group is the variable of the key. */
function setVariables(variables: ProviderVariables, pattern: RegExp): ReadonlyMap<KeyVariable, string> {
  return new Map(
    Object.entries(variables).flatMap(([name, value]: [string, unknown]) => {
      const variable = pattern.exec(name)?.[1] as KeyVariable | undefined;
      return variable !== undefined && typeof value === 'string' ? [[variable, value] as const] : [];
    }),
  );
}
