import { builtInNames } from './engines.js';
import type { EngineNames } from './engines.js';
import { IsHeaders } from './rules/headers.js';
import { IsCertificatesFile, IsClientCertificateFile, IsClientKeyFile } from './rules/pem.js';
import { IsKey } from './rules/secrets.js';
import { IsStaticModels } from './rules/selection.js';
import { IsBaseUrl } from './rules/urls.js';
import { variableNames } from './variables.js';

/** What each of several engines has a variable of its own for, `<ENGINE>_BASE_URL` for instance. */
export type Suffix =
  | 'BASE_URL'
  | 'API_KEY'
  | 'UPSTREAM_HEADERS'
  | 'MODELS_STATIC'
  | 'TLS_CA_FILE'
  | 'TLS_CERT_FILE'
  | 'TLS_KEY_FILE';
const RULES: Readonly<Record<Suffix, () => PropertyDecorator>> = {
  BASE_URL: IsBaseUrl,
  API_KEY: IsKey,
  UPSTREAM_HEADERS: IsHeaders,
  MODELS_STATIC: IsStaticModels,
  TLS_CA_FILE: IsCertificatesFile,
  TLS_CERT_FILE: IsClientCertificateFile,
  TLS_KEY_FILE: IsClientKeyFile,
};
/** Variables of the only engine. */
const SHARED: readonly string[] = [
  'MAIN_MODEL_BASE_URL',
  'MAIN_MODEL_API_KEY',
  'UPSTREAM_HEADERS',
  'UPSTREAM_TLS_CERT_FILE',
  'UPSTREAM_TLS_KEY_FILE',
];

/**
 * A class that declares the variables of these engines as well.
 * @param engines names as `engineName` spells them
 */
export function withVariablesOf<T extends object>(
  engines: readonly string[],
  base: new () => T,
): new () => T {
  if (engines.length === 0) return base;
  const WithVariablesOfEngines = class extends (base as new () => object) {};
  const declared = new Set(variableNames());
  for (const engine of engines) {
    for (const [suffix, rule] of Object.entries(RULES)) {
      const variable = engineVariable(engine, suffix as Suffix);
      if (!declared.has(variable)) rule()(WithVariablesOfEngines.prototype, variable);
    }
  }
  return WithVariablesOfEngines as new () => T;
}

/**
 * The variables that one of several engines does not share with the others.
 * @param declared the variables of the engine when it is the only one
 */
export function ownVariables(names: EngineNames, suffix: Suffix, declared: readonly string[]): string[] {
  // `OPENAI_API_KEY` is the key of compatible engines too, unless `openai` may be beside them.
  const ofOthers = builtInNames()
    .filter((name) => !names.includes(name))
    .map((name) => engineVariable(name, suffix));
  const shared = new Set([...SHARED, ...ofOthers]);
  const own = declared.filter((variable) => !shared.has(variable));
  return [...new Set([...own, ...names.map((name) => engineVariable(name, suffix))])];
}

function engineVariable(engine: string, suffix: Suffix): string {
  return `${engine.toUpperCase()}_${suffix}`;
}
