import { declarationOf, engineVariable } from './engines.js';
import type { ConfiguredEngine } from './engine-variables.js';
import { variablesOfGateway } from './engine-variables.js';
import { GATEWAY_KEYS_RULE } from './rules/gateway-keys.js';
import { REDIS_URL_RULE } from './rules/redis-url.js';
import { KEY_RULE } from './rules/secrets.js';
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
/** One as short as PORT or HOST is a slip away from POST and HOSTS. */
const SHORT_NAME = 4;
const MAX_EDITS = 2;
/** Two edits are a slip in a word, and in a whole name, of this length; one in a shorter one. */
const LONG_WORD = 8;
const LONG_NAME = 16;
/** What several programs on a machine have, under names of their own. */
const SECRET_RULES: readonly string[] = [KEY_RULE, GATEWAY_KEYS_RULE, REDIS_URL_RULE];

/**
 * Variables of the environment that look like misspelt ones of this service or of the engines that it asks. Those of
 * other vendors are none of its business, and neither is a key, or the URL of Redis, beside the right one.
 * @param engines those that the environment configures
 */
export function misspeltVariables(
  engines: readonly ConfiguredEngine[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Misspelling[] {
  const declared = declaredVariables();
  const known = new Set(declared.map(({ name }) => name));
  const secrets = new Set(
    declared.filter(({ rules }) => SECRET_RULES.some((rule) => rules.has(rule))).map(({ name }) => name),
  );
  const ours = relevantNames(engines, [...known]);
  return Object.entries(env).flatMap(([variable, value = '']) => {
    if (value.trim() === '' || known.has(variable) || isOfOthers(variable, value)) return [];
    const meant = meantBy(variable.toUpperCase(), ours);
    if (meant === undefined) return [];
    const [name, file] = formsOf(meant);
    const isOfAnother = secrets.has(name) && [name, file].some((form) => env[form]?.trim());
    return isOfAnother ? [] : [{ variable, meant }];
  });
}

/** A variable and its `_FILE` variant. */
function formsOf(variable: string): readonly [name: string, file: string] {
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
    .filter((name) => name.length > SHORT_NAME && looksLike(variable, name))
    .map((name) => ({ name, edits: editsBetween(variable, name) }))
    .sort((one, other) => one.edits - other.edits);
  return nearest?.name;
}

/** Word by word, as another word makes another variable. */
function looksLike(variable: string, name: string): boolean {
  // A unit that is forgotten, or another one, is a single mistake.
  if (UNIT.test(name) && variable.replace(UNIT, '') === name.replace(UNIT, '')) return true;
  const max = name.length < LONG_NAME ? 1 : MAX_EDITS;
  if (Math.abs(variable.length - name.length) > max) return false;
  const words = name.split('_');
  const others = variable.replace(/_URI(?=$|_FILE$)/, '_URL').split('_');
  if (words.length !== others.length) return words.join('') === others.join('');
  let edits = 0;
  return words.every((word, index) => {
    edits += slipsIn(others[index] ?? '', word);
    return edits <= max;
  });
}

/**
 * How many edits away a word is from another one, if they can be slips of the fingers; else `Infinity`. In a short word a
 * letter that is replaced makes a word of its own (BASH and BASE, HF and CF), and so do two in one of five letters (LABEL
 * and LEVEL).
 */
function slipsIn(word: string, meant: string): number {
  if (word === meant) return 0;
  const length = Math.max(word.length, meant.length);
  // Most words are others, and comparing letters takes long.
  if (Math.abs(word.length - meant.length) > MAX_EDITS) return Infinity;
  const edits = editsBetween(word, meant);
  const max = length < LONG_WORD ? 1 : MAX_EDITS;
  const isReplaced = word.length === meant.length && sorted(word) !== sorted(meant);
  const isOther = length < SHORT_NAME ? sorted(word) !== sorted(meant) : length === SHORT_NAME && isReplaced;
  return edits > max || isOther ? Infinity : edits;
}

function sorted(word: string): string {
  return Array.from(word).sort().join('');
}
