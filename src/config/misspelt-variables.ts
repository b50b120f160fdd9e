import { declarationOf, engineVariable } from './engines.js';
import type { ConfiguredEngine } from './engine-variables.js';
import { variablesOfGateway } from './engine-variables.js';
import { editsBetween } from './spelling.js';
import { declaredVariables, propertiesOf } from './variables.js';

/** A variable that this service does not read, and the one that is probably meant. */
export interface Misspelling {
  readonly variable: string;
  readonly meant: string;
}

/** Variables that other programs set or read, however much they look like ours. */
const NAMES_OF_OTHERS: readonly RegExp[] = [
  // Kubernetes and Docker: the addresses of services, under the names of these services.
  /_SERVICE_|_PORT_|_ENV_/i,
  /^(?:KUBERNETES|OTEL|NODE|NPM|AWS|GITHUB|GH|RUNNER|ACTIONS|CI)_/i,
  // What curl and others read beside HTTP_PROXY.
  /^(?:ALL|FTP|GRPC|RSYNC|SOCKS)_PROXY$/i,
];
/** The address that Kubernetes gives in a variable such as METRIC_PORT, for a service named `metric`. */
const ADDRESS_OF_SERVICE = /^(?:tcp|udp|sctp):\/\//;
const UNIT = /_(?:MS|MILLISECONDS|S|SEC|SECS|SECONDS|MIN|MINUTES|BYTES|KB|MB)$/;
/** A name as short as PORT or HOST is two letters away from PATH and HOME. */
const SHORT_NAME = 4;
/** In a name below this length, another first letter makes another vendor: CF_TOKEN is not HF_TOKEN. */
const LONG_NAME = 12;

/**
 * Variables of the environment that look like misspelt ones of this service or of the engines that it asks. Those of
 * other vendors are none of its business, and neither is a name beside the right one.
 * @param engines those that the environment configures
 */
export function misspeltVariables(
  engines: readonly ConfiguredEngine[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Misspelling[] {
  const declared = declaredVariables().map(({ name }) => name);
  const known = new Set(declared);
  const ours = relevantNames(engines, declared);
  return Object.entries(env).flatMap(([variable, value = '']) => {
    if (value.trim() === '' || known.has(variable) || isOfOthers(variable, value)) return [];
    const meant = meantBy(variable.toUpperCase(), ours);
    return meant === undefined || formsOf(meant).some((name) => env[name]?.trim())
      ? []
      : [{ variable, meant }];
  });
}

/** A variable and its `_FILE` variant. */
function formsOf(variable: string): string[] {
  const name = variable.replace(/_FILE$/, '');
  return [name, `${name}_FILE`];
}

function isOfOthers(variable: string, value: string): boolean {
  return NAMES_OF_OTHERS.some((pattern) => pattern.test(variable)) || ADDRESS_OF_SERVICE.test(value);
}

/** The variables of the service itself, and those of its engines. */
function relevantNames(engines: readonly ConfiguredEngine[], declared: readonly string[]): string[] {
  const names = new Set(variablesOfGateway());
  const prefixes = engines.map(({ name }) => engineVariable(name, ''));
  for (const { kind } of engines) {
    const declaration = kind === undefined ? undefined : declarationOf(kind);
    if (declaration === undefined) continue;
    const { urlVariables = [], keyVariables = [], variables } = declaration;
    for (const name of urlVariables) names.add(name);
    for (const name of keyVariables) names.add(name).add(`${name}_FILE`);
    for (const name of variables === undefined ? [] : propertiesOf(variables)) names.add(name);
  }
  return declared.filter((name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix)));
}

function meantBy(variable: string, names: readonly string[]): string | undefined {
  const [nearest] = names
    .filter(
      ({ length }) => length > SHORT_NAME && Math.abs(length - variable.length) <= MAX_LENGTH_DIFFERENCE,
    )
    .filter((name) => looksLike(variable, name))
    .map((name) => ({ name, edits: editsBetween(variable, name) }))
    .sort((one, other) => one.edits - other.edits);
  return nearest?.name;
}

/** The longest unit, and the underscore before it. */
const MAX_LENGTH_DIFFERENCE = '_MILLISECONDS'.length;

function looksLike(variable: string, name: string): boolean {
  if (variable === name) return true;
  const hasUnit = UNIT.test(name);
  // A unit that is forgotten, or another one, is a single mistake.
  if (hasUnit && variable.replace(UNIT, '') === name.replace(UNIT, '')) return true;
  if (name.length < LONG_NAME && !variable.startsWith(name.charAt(0))) return false;
  return editsBetween(variable, name) <= allowedEdits(name) && hasSimilarWords(variable, name);
}

function allowedEdits({ length }: string): number {
  return length < 8 ? 1 : 2;
}

/** REDIS_SSL is two letters away from REDIS_URL, and something else. */
function hasSimilarWords(variable: string, name: string): boolean {
  const words = name.split('_');
  const others = variable.split('_');
  if (words.length !== others.length) return true;
  return words.every((word, index) => {
    const other = others[index] ?? '';
    const length = Math.max(word.length, other.length);
    return editsBetween(word, other) <= Math.max(1, Math.floor((length - 1) / 2));
  });
}
