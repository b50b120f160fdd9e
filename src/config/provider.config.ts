import type { ConfigType } from '@nestjs/config';
import { namedEngines, variablesOfGateway } from './engine-variables.js';
import type { ConfiguredEngine, Suffix } from './engine-variables.js';
import { declarationOf, engineName } from './engines.js';
import { IsEngineNames, IsEngineOf, IsForOneEngine } from './rules/engines.js';
import { HEADERS_RULE, IsHeaders } from './rules/headers.js';
import type { Headers } from './rules/headers.js';
import { IsCommaSeparated, IsBooleanText, IsText, IsWholeNumber } from './rules/scalars.js';
import { IsCertificatesFile, IsClientCertificateFile, IsClientKeyFile, PEM_FILE_RULE } from './rules/pem.js';
import { IsKey, KEY_RULE } from './rules/secrets.js';
import { BASE_URL_RULE, IsBaseUrl } from './rules/urls.js';
import { isStaticMode, staticSourceOf } from './static-models.js';
import type { StaticSource } from './static-models.js';
import type { FileVariable, TlsFiles } from './tls-files.js';
import { declaredVariables, registerVariables } from './variables.js';
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

class ProviderVariables {
  @IsText(/^[\w.:/ -]{1,100}$/, 'a name of letters, digits and -_.:/, at most 100 characters long')
  MAIN_MODEL_ENGINE = 'openai';

  @IsEngineNames(variablesOfGateway)
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

/** Which providers are asked, where, and the credentials the operator lends to callers without any. */
export const providerConfig = registerVariables('provider', ProviderVariables, (variables) => {
  const isMultiEngine = variables.MODEL_ENGINES.length > 1;
  const named = namedEngines();
  const byName = new Map(named.map((engine) => [engine.name, engine]));
  /** An engine of `MODEL_ENGINES` has variables by its name. A single engine has the declared ones too. */
  const variablesOf = (name: string, suffix: Suffix, declared: readonly string[]): readonly string[] =>
    byName.get(name)?.variables(suffix, declared, !isMultiEngine) ?? declared;
  const all = declaredVariables();
  const values = new Map(all.map(({ name, value }) => [name, value]));
  const pemFiles = valuesWith(PEM_FILE_RULE, all, isText);
  const pemFile = (candidates: readonly string[]): FileVariable => {
    const variable = candidates.find((each) => pemFiles.has(each)) ?? candidates[0] ?? '';
    return { variable, path: pemFiles.get(variable) };
  };
  return {
    engines: named.length > 0 ? named : [onlyEngine(variables.MAIN_MODEL_ENGINE)],
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
    /** How often files with secrets, and those with models, are read again. */
    keyFileIntervalMs: variables.KEY_FILE_INTERVAL_MS,
    urls: valuesWith(BASE_URL_RULE, all, isText),
    /** @param declared the variables that may hold the base URL of the engine when it is the only one */
    urlVariables: (name: string, declared: readonly string[]): readonly string[] =>
      variablesOf(name, 'BASE_URL', declared),
    /** @param declared the variables that may hold the key of the engine when it is the only one */
    keyVariables: (name: string, declared: readonly string[]): readonly string[] =>
      variablesOf(name, 'API_KEY', declared),
    /** The variables that may hold an engine's headers. */
    headerVariables: (name: string): readonly string[] =>
      variablesOf(name, 'UPSTREAM_HEADERS', ['UPSTREAM_HEADERS']),
    /** The variables that may hold one of the settings that an engine's vendor declares; the first one that is set wins. */
    settingVariables: (name: string, declared: string): readonly string[] =>
      byName.get(name)?.settings(declared) ?? [declared],
    /** The files with certificates for the connections to an engine. An authority may be trusted for all engines. */
    tlsFiles: (name: string): TlsFiles => ({
      authorities: pemFile([
        ...(byName.get(name)?.variables('TLS_CA_FILE', [], false) ?? []).filter((each) => pemFiles.has(each)),
        'UPSTREAM_TLS_CA_FILE',
      ]),
      certificate: pemFile(variablesOf(name, 'TLS_CERT_FILE', ['UPSTREAM_TLS_CERT_FILE'])),
      key: pemFile(variablesOf(name, 'TLS_KEY_FILE', ['UPSTREAM_TLS_KEY_FILE'])),
    }),
    /** The list that the operator gives for an engine; undefined where there is none. */
    staticList: (name: string): StaticSource | undefined => {
      const engine = byName.get(name);
      const mode = firstSet(engine?.variables('MODELS_STATIC_MODE', [], false), values);
      return staticSourceOf(
        engine?.variables('MODELS_STATIC', [], false) ?? [],
        values,
        isStaticMode(mode) ? mode : 'replace',
      );
    },
  };
});
export type ProviderConfig = ConfigType<typeof providerConfig>;

/** The engine of `MAIN_MODEL_ENGINE`; one that is not built in keeps the name that the operator wrote. */
function onlyEngine(text: string): ConfiguredEngine {
  const kind = declarationOf(engineName(text))?.engine;
  return { name: kind ?? text, kind };
}

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

function firstSet(names: readonly string[] = [], values: ReadonlyMap<string, unknown>): unknown {
  return names.map((name) => values.get(name)).find((value) => value !== undefined);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isHeaders(value: unknown): value is Headers {
  return typeof value === 'object';
}
