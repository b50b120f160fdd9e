import type { ConfigType } from '@nestjs/config';
import { ownVariables, withVariablesOf } from './engine-variables.js';
import type { Suffix } from './engine-variables.js';
import { namesOf, rememberEngines } from './engines.js';
import type { EngineDeclaration, EngineNames } from './engines.js';
import { engineNames, IsEngineNames, IsEngineOf, IsForOneEngine } from './rules/engines.js';
import { HEADERS_RULE, IsHeaders } from './rules/headers.js';
import type { Headers } from './rules/headers.js';
import { IsCommaSeparated, IsBooleanText, IsText, IsWholeNumber } from './rules/scalars.js';
import { IsCertificatesFile, IsClientCertificateFile, IsClientKeyFile, PEM_FILE_RULE } from './rules/pem.js';
import { IsKey, KEY_RULE } from './rules/secrets.js';
import { STATIC_MODELS_RULE } from './rules/selection.js';
import { staticModelsOf } from './static-models.js';
import type { StaticModel } from './static-models.js';
import { BASE_URL_RULE, IsBaseUrl } from './rules/urls.js';
import { declaredVariables, registerClass, registerVariables, variableNames } from './variables.js';
import type { DeclaredVariable } from './variables.js';

/** What clients send when their user leaves the field of the key empty. */
export const PLACEHOLDER_API_KEYS: readonly string[] = [
  'not-used',
  'null',
  'undefined',
  'none',
  'missing key',
  'empty',
  'dummy',
  'noop',
  'not-needed',
  'not-provided',
  'no-key',
  'no-key-required',
  'sk-no-key-required',
  'lm-studio',
  'ollama',
  'placeholder',
];

/** A variable that names a file, and the path in it; undefined when it is not set. */
export interface FileVariable {
  readonly variable: string;
  readonly path: string | undefined;
}

/** The files with certificates for connections. */
export interface TlsFiles {
  /** What is trusted beside the usual authorities. */
  readonly authorities: FileVariable;
  /** The client certificate, and its key. */
  readonly certificate: FileVariable;
  readonly key: FileVariable;
}

class ProviderVariables {
  @IsText(/^[\w.:/ -]{1,100}$/, 'a name of letters, digits and -_.:/, at most 100 characters long')
  MAIN_MODEL_ENGINE = 'openai';

  @IsEngineNames()
  MODEL_ENGINES: string[] = [];

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_BASE_URL')
  @IsBaseUrl()
  MAIN_MODEL_BASE_URL?: string;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_API_KEY')
  @IsKey()
  MAIN_MODEL_API_KEY?: string;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_API_KEY_FILE')
  MAIN_MODEL_API_KEY_FILE?: string;

  @IsWholeNumber(100, 3_600_000)
  KEY_FILE_INTERVAL_MS = 5000;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_UPSTREAM_HEADERS')
  @IsHeaders()
  UPSTREAM_HEADERS?: Headers;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_UPSTREAM_HEADERS_FILE')
  UPSTREAM_HEADERS_FILE?: string;

  @IsCertificatesFile()
  UPSTREAM_TLS_CA_FILE?: string;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_TLS_CERT_FILE')
  @IsClientCertificateFile()
  UPSTREAM_TLS_CERT_FILE?: string;

  @IsForOneEngine('MODEL_ENGINES', '<ENGINE>_TLS_KEY_FILE')
  @IsClientKeyFile()
  UPSTREAM_TLS_KEY_FILE?: string;

  @IsEngineOf('MODEL_ENGINES')
  FORWARD_AUTHORIZATION_TO?: string;

  @IsBooleanText()
  MODELS_PREFIX = false;

  @IsBooleanText()
  MODELS_PARTIAL = true;

  @IsCommaSeparated()
  PLACEHOLDER_API_KEYS: string[] = [...PLACEHOLDER_API_KEYS];
}

/**
 * Makes built-in engines known to the configuration: their names, their key headers and their variables. It has to
 * happen before the environment is checked.
 */
export function declareEngines(engines: readonly EngineDeclaration[]): void {
  rememberEngines(engines);
  for (const { variables } of engines) if (variables !== undefined) registerClass(variables);
  declare(
    engines.flatMap(({ urlVariables = [] }) => urlVariables),
    IsBaseUrl,
  );
  declare(
    engines.flatMap(({ keyVariables = [] }) => keyVariables),
    IsKey,
  );
}

/** A variable that a class declares already keeps its rules. */
function declare(names: readonly string[], rule: () => PropertyDecorator): void {
  const declared = new Set(variableNames());
  for (const name of new Set(names)) {
    if (!declared.has(name)) rule()(ProviderVariables.prototype, name);
  }
}

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
    const all = declaredVariables();
    const staticIds = valuesWith(STATIC_MODELS_RULE, all, isTexts);
    const staticFiles = filesOf(STATIC_MODELS_RULE, all);
    const pemFiles = valuesWith(PEM_FILE_RULE, all, isText);
    const pemFile = (candidates: readonly string[]): FileVariable => {
      const variable = candidates.find((each) => pemFiles.has(each)) ?? candidates[0] ?? '';
      return { variable, path: pemFiles.get(variable) };
    };
    return {
      engines: named ? variables.MODEL_ENGINES : [variables.MAIN_MODEL_ENGINE],
      isMultiEngine,
      /** Of several engines the one that gets the credentials of callers. */
      credentialTarget: variables.FORWARD_AUTHORIZATION_TO,
      prefixIds: variables.MODELS_PREFIX,
      allowPartial: variables.MODELS_PARTIAL,
      placeholderApiKeys: new Set(variables.PLACEHOLDER_API_KEYS.map((key) => key.toLowerCase())),
      keys: valuesWith(KEY_RULE, all, isText),
      /** The paths of files with keys, each by the variable that would hold the key itself. */
      keyFiles: filesOf(KEY_RULE, all),
      /** What the operator adds to every request to an engine, by its variable: secrets. */
      headers: valuesWith(HEADERS_RULE, all, isHeaders),
      /** The paths of files with such headers, each by the variable that would hold the headers themselves. */
      headerFiles: filesOf(HEADERS_RULE, all),
      /** How often files with secrets are read again. */
      keyFileIntervalMs: variables.KEY_FILE_INTERVAL_MS,
      urls: valuesWith(BASE_URL_RULE, all, isText),
      /** @param declared the variables that may hold the base URL of the engine when it is the only one */
      urlVariables: (names: EngineNames, declared: readonly string[]): readonly string[] =>
        variablesOf(names, 'BASE_URL', declared),
      /** @param declared the variables that may hold the key of the engine when it is the only one */
      keyVariables: (names: EngineNames, declared: readonly string[]): readonly string[] =>
        variablesOf(names, 'API_KEY', declared),
      /** The variables that may hold an engine's headers. */
      headerVariables: (names: EngineNames): readonly string[] =>
        variablesOf(names, 'UPSTREAM_HEADERS', ['UPSTREAM_HEADERS']),
      /** The files with certificates for the connections to an engine. An authority may be trusted for all engines. */
      tlsFiles: (names: EngineNames): TlsFiles => ({
        authorities: pemFile([
          ...(named ? ownVariables(names, 'TLS_CA_FILE', []) : []).filter((each) => pemFiles.has(each)),
          'UPSTREAM_TLS_CA_FILE',
        ]),
        certificate: pemFile(variablesOf(names, 'TLS_CERT_FILE', ['UPSTREAM_TLS_CERT_FILE'])),
        key: pemFile(variablesOf(names, 'TLS_KEY_FILE', ['UPSTREAM_TLS_KEY_FILE'])),
      }),
      /** What is served instead of asking an engine; undefined where it is asked. */
      staticModels: (names: EngineNames): readonly StaticModel[] | undefined => {
        const variable = (named ? ownVariables(names, 'MODELS_STATIC', []) : []).find(
          (each) => staticIds.has(each) || staticFiles.has(each),
        );
        return variable === undefined
          ? undefined
          : staticModelsOf(variable, staticIds.get(variable), staticFiles.get(variable));
      },
    };
  },
  ({ MODEL_ENGINES: engines }) =>
    withVariablesOf(engineNames(engines ?? '').flatMap(namesOf), ProviderVariables),
);
export type ProviderConfig = ConfigType<typeof providerConfig>;

/** The values of the variables with a rule, by the names of the variables. */
function valuesWith<T>(
  rule: string,
  variables: readonly DeclaredVariable[],
  is: (value: unknown) => value is T,
): ReadonlyMap<string, T> {
  return new Map(
    variables.flatMap(({ name, rules, value }) => (rules.has(rule) && is(value) ? [[name, value]] : [])),
  );
}

/** The paths in the `_FILE` variants of the variables with a rule, each by the name of the variable itself. */
function filesOf(rule: string, variables: readonly DeclaredVariable[]): ReadonlyMap<string, string> {
  const values = new Map(variables.map(({ name, value }) => [name, value]));
  return new Map(
    variables.flatMap(({ name, rules }) => {
      const path = values.get(`${name}_FILE`);
      return rules.has(rule) && isText(path) ? [[name, path]] : [];
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
