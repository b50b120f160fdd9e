import type { ConfigType } from '@nestjs/config';
import { VENDOR_KEY_VARIABLES } from '../providers/vendors/compatible-vendors.js';
import type { VendorKeyVariable } from '../providers/vendors/compatible-vendors.js';
import { ownVariables, withVariablesOf } from './engine-variables.js';
import type { EngineNames, Suffix } from './engine-variables.js';
import { engineNames, namesOf, IsEngineNames, IsEngineOf, IsForOneEngine } from './rules/engines.js';
import { IsHeaders } from './rules/headers.js';
import type { Headers } from './rules/headers.js';
import { IsCommaSeparated, IsOneOf, IsBooleanText, IsText, IsWholeNumber } from './rules/scalars.js';
import { IsKey } from './rules/secrets.js';
import { staticModelsOf } from './static-models.js';
import type { StaticModel } from './static-models.js';
import { IsBaseUrl, IsHost } from './rules/urls.js';
import { registerVariables } from './variables.js';

const AWS_REGION = /^[a-z]{2}[a-z\d-]{1,48}$/;

class ProviderVariables {
  @IsText(/^[\w.:/ -]{1,100}$/, 'a name of letters, digits and -_.:/, at most 100 characters long')
  MAIN_MODEL_ENGINE = 'openai';

  @IsEngineNames()
  MODEL_ENGINES: string[] = [];

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_BASE_URL')
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

  @IsHost()
  DATABRICKS_HOST?: string;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_API_KEY')
  @IsKey()
  MAIN_MODEL_API_KEY?: string;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_API_KEY_FILE')
  MAIN_MODEL_API_KEY_FILE?: string;

  @IsKey()
  OPENAI_API_KEY?: string;

  @IsKey()
  NVIDIA_API_KEY?: string;

  @IsKey()
  VLLM_API_KEY?: string;

  @IsKey()
  ANTHROPIC_API_KEY?: string;

  @IsKey()
  AZURE_OPENAI_API_KEY?: string;

  @IsKey()
  COHERE_API_KEY?: string;

  @IsKey()
  GOOGLE_API_KEY?: string;

  @IsKey()
  GEMINI_API_KEY?: string;

  @IsKey()
  GITHUB_TOKEN?: string;

  @IsKey()
  DATABRICKS_TOKEN?: string;

  @IsKey()
  AWS_BEARER_TOKEN_BEDROCK?: string;

  @IsText(AWS_REGION, 'a region such as us-east-1')
  AWS_REGION?: string;

  @IsText(AWS_REGION, 'a region such as us-east-1')
  AWS_DEFAULT_REGION?: string;

  @IsWholeNumber(100, 3_600_000)
  KEY_FILE_INTERVAL_MS = 5000;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_UPSTREAM_HEADERS')
  @IsHeaders()
  UPSTREAM_HEADERS?: Headers;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_UPSTREAM_HEADERS_FILE')
  UPSTREAM_HEADERS_FILE?: string;

  @IsEngineOf('MODEL_ENGINES')
  FORWARD_AUTHORIZATION_TO?: string;

  @IsBooleanText()
  MODELS_PREFIX = false;

  @IsBooleanText()
  MODELS_PARTIAL = true;

  @IsCommaSeparated()
  PLACEHOLDER_API_KEYS: string[] = ['not-used'];
}

// A vendor's row is all that a vendor takes.
for (const variable of VENDOR_KEY_VARIABLES) IsKey()(ProviderVariables.prototype, variable);

/** Variables that hold a provider's base URL when it is the only one, and those that hold a key. */
export type UrlVariable =
  'MAIN_MODEL_BASE_URL' | 'AZURE_OPENAI_ENDPOINT' | 'COHERE_BASE_URL' | 'DATABRICKS_HOST';
export type KeyVariable =
  | VendorKeyVariable
  | Extract<keyof ProviderVariables, `${string}_API_KEY` | `${string}_TOKEN` | 'AWS_BEARER_TOKEN_BEDROCK'>;

/** Which providers are asked, where, and the credentials the operator lends to callers without any. */
export const providerConfig = registerVariables(
  'provider',
  ProviderVariables,
  (variables) => {
    const isMultiEngine = variables.MODEL_ENGINES.length > 1;
    const named = variables.MODEL_ENGINES.length > 0;
    /** One that is named has its own variables, and those of the only engine too. */
    const variablesOf = (
      names: EngineNames,
      suffix: Suffix,
      declared: readonly string[],
    ): readonly string[] => {
      const own = named ? ownVariables(names, suffix, declared) : [];
      return isMultiEngine ? own : [...new Set([...own, ...declared])];
    };
    const values = Object.entries(variables);
    const staticIds = matching(values, /^(.+_MODELS_STATIC)$/, isTexts);
    const staticFiles = matching(values, /^(.+_MODELS_STATIC)_FILE$/, isText);
    return {
      engines: named ? variables.MODEL_ENGINES : [variables.MAIN_MODEL_ENGINE],
      isMultiEngine,
      /** Of several engines the one that gets the credentials of callers. */
      credentialTarget: variables.FORWARD_AUTHORIZATION_TO,
      prefixIds: variables.MODELS_PREFIX,
      allowPartial: variables.MODELS_PARTIAL,
      placeholderApiKeys: new Set(variables.PLACEHOLDER_API_KEYS),
      keys: matching(values, /^(.+_(?:API_KEY|TOKEN(?:_BEDROCK)?))$/, isText),
      /** The paths of files with keys, each by the variable that would hold the key itself. */
      keyFiles: matching(values, /^(.+_(?:API_KEY|TOKEN(?:_BEDROCK)?))_FILE$/, isText),
      /** What the operator adds to every request to an engine, by its variable: secrets. */
      headers: matching(values, /^(.+_HEADERS)$/, isHeaders),
      /** The paths of files with such headers, each by the variable that would hold the headers themselves. */
      headerFiles: matching(values, /^(.+_HEADERS)_FILE$/, isText),
      /** How often files with secrets are read again. */
      keyFileIntervalMs: variables.KEY_FILE_INTERVAL_MS,
      urls: matching(values, /^(.+_(?:BASE_URL|ENDPOINT|HOST))$/, isText),
      /** @param declared the variables that may hold the base URL of the engine when it is the only one */
      urlVariables: (names: EngineNames, declared: readonly string[]): readonly string[] =>
        variablesOf(names, 'BASE_URL', declared),
      /** @param declared the variables that may hold the key of the engine when it is the only one */
      keyVariables: (names: EngineNames, declared: readonly string[]): readonly string[] =>
        variablesOf(names, 'API_KEY', declared),
      /** The variables that may hold an engine's headers. */
      headerVariables: (names: EngineNames): readonly string[] =>
        variablesOf(names, 'UPSTREAM_HEADERS', ['UPSTREAM_HEADERS']),
      /** What is served instead of asking an engine; undefined where it is asked. */
      staticModels: (names: EngineNames): readonly StaticModel[] | undefined => {
        const variable = (named ? ownVariables(names, 'MODELS_STATIC', []) : []).find(
          (each) => staticIds.has(each) || staticFiles.has(each),
        );
        return variable === undefined
          ? undefined
          : staticModelsOf(variable, staticIds.get(variable), staticFiles.get(variable));
      },
      variables,
    };
  },
  ({ MODEL_ENGINES: engines }) =>
    withVariablesOf(engineNames(engines ?? '').flatMap(namesOf), ProviderVariables),
);
export type ProviderConfig = ConfigType<typeof providerConfig>;

/** The values of the variables that match and are set; the pattern's group is the key of each. */
function matching<T>(
  variables: readonly (readonly [name: string, value: unknown])[],
  pattern: RegExp,
  is: (value: unknown) => value is T,
): ReadonlyMap<string, T> {
  return new Map(
    variables.flatMap(([name, value]) => {
      const key = pattern.exec(name)?.[1];
      return key !== undefined && is(value) ? [[key, value] as const] : [];
    }),
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

function isHeaders(value: unknown): value is Headers {
  return typeof value === 'object';
}
