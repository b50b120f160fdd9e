import type { CacheConfig } from '../config/cache.config.js';
import { engineName, engineVariable } from '../config/engines.js';
import type { ProviderConfig } from '../config/provider.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { unnamedEngines } from '../config/unnamed-engines.js';
import { declaredVariables, givenText } from '../config/variables.js';
import type { ModelProvider } from '../providers/model-provider.js';
import { idleEngineVariables } from './idle-engine-variables.js';
import type { EngineSetup } from './idle-engine-variables.js';

/** What decides whether a variable has an effect. */
export interface Setup extends EngineSetup {
  readonly server: Pick<ServerConfig, 'logsClientAddress' | 'metricsEnabled'>;
  readonly cache: Pick<CacheConfig, 'enabled'>;
  readonly provider: EngineSetup['provider'] & Pick<ProviderConfig, 'isMultiEngine' | 'credentialTarget'>;
  readonly needsGatewayKey: boolean;
  /** The variable that holds the operator's key of a provider. */
  readonly keyVariableOf: (provider: ModelProvider) => string | undefined;
}

/** Variables that have no effect in some configurations. */
interface IdleRule {
  readonly variables: readonly string[];
  /** A value that changes nothing anyway. */
  readonly harmless?: string;
  /** Why they have no effect, behind "has no effect"; undefined where they have one. */
  readonly reason: (setup: Setup) => string | undefined;
}

const RULES: readonly IdleRule[] = [
  { variables: ['MAIN_MODEL_ENGINE'], reason: () => unless(!isSet('MODEL_ENGINES'), 'beside MODEL_ENGINES') },
  {
    variables: ['MAIN_MODEL_BASE_URL'],
    reason: (setup) => withoutUse(setup, ({ settings }) => settings?.urlVariable),
  },
  {
    variables: ['MAIN_MODEL_API_KEY', 'MAIN_MODEL_API_KEY_FILE'],
    reason: (setup) =>
      withoutUse(setup, (each) => setup.keyVariableOf(each) ?? each.settings?.keyVariables[0]),
  },
  {
    variables: ['FORWARD_AUTHORIZATION_TO'],
    reason: ({ needsGatewayKey, provider }) =>
      unless(!needsGatewayKey, 'beside GATEWAY_API_KEYS') ??
      unless(provider.isMultiEngine, 'with one engine'),
  },
  {
    variables: ['MODELS_PARTIAL'],
    harmless: 'true',
    reason: ({ provider }) => unless(provider.isMultiEngine, 'with one engine'),
  },
  {
    variables: ['PLACEHOLDER_API_KEYS'],
    reason: ({ needsGatewayKey, provider: { isMultiEngine, credentialTarget } }) =>
      unless(
        needsGatewayKey || !isMultiEngine || credentialTarget !== undefined,
        'with several engines and no FORWARD_AUTHORIZATION_TO: the key of no caller is used',
      ),
  },
  {
    variables: ['MODELS_STATIC_MODE'],
    harmless: 'replace',
    reason: () => unless(isSet('MODELS_STATIC', 'MODELS_STATIC_FILE'), 'without MODELS_STATIC'),
  },
  {
    variables: ['CACHE_STALE_SECONDS'],
    harmless: '0',
    reason: ({ cache }) => unless(cache.enabled, 'without CACHE_TTL_SECONDS'),
  },
  {
    variables: ['CACHE_MAX_ENTRIES', 'REDIS_URL', 'REDIS_URL_FILE'],
    reason: ({ cache }) => unless(cache.enabled, 'without CACHE_TTL_SECONDS'),
  },
  {
    variables: ['REDIS_TIMEOUT_MS', 'REDIS_TLS_CA_FILE', 'REDIS_TLS_CERT_FILE', 'REDIS_TLS_KEY_FILE'],
    reason: () => unless(isSet('REDIS_URL', 'REDIS_URL_FILE'), 'without REDIS_URL'),
  },
  {
    variables: ['KEY_FILE_INTERVAL_MS'],
    reason: () =>
      unless(
        declaredVariables().some(({ name }) => name.endsWith('_FILE') && isSet(name)),
        'without a file that is read again',
      ),
  },
  {
    variables: ['TRUSTED_PROXIES'],
    reason: ({ server }) => unless(server.logsClientAddress, 'without LOG_CLIENT_ADDRESS=true'),
  },
  {
    variables: ['METRICS_PORT'],
    harmless: '0',
    reason: ({ server }) => unless(server.metricsEnabled, 'with METRICS_ENABLED=false'),
  },
];

/** A sentence for each variable that is set and has no effect with the others. */
export function idleVariables(setup: Setup): string[] {
  return [
    ...variablesByName(setup),
    ...withoutEffect(setup),
    ...idleEngineVariables(setup).map(([variable, reason]) => `${variable} has no effect ${reason}.`),
  ];
}

function withoutEffect(setup: Setup): string[] {
  return RULES.flatMap(({ variables, harmless, reason }) => {
    const set = variables.filter((name) => isSet(name) && givenText(name)?.toLowerCase() !== harmless);
    const why = set.length > 0 ? reason(setup) : undefined;
    return why === undefined ? [] : set.map((name) => `${name} has no effect ${why}.`);
  });
}

/** Sentences about variables that are named after an engine. Only the engines of `MODEL_ENGINES` have such variables. */
function variablesByName({ providers: [only] }: Setup): string[] {
  const declared = new Set(declaredVariables().map(({ name }) => name));
  const isNamed = isSet('MODEL_ENGINES');
  const ofTheOnly = only === undefined || isNamed ? [] : variablesOfTheOnly(only, declared);
  const covered = new Set(ofTheOnly.map(([variable]) => variable));
  return [
    ...ofTheOnly.map(
      ([variable, used]) => `${variable} has no effect without MODEL_ENGINES: ${used} is read.`,
    ),
    ...unnamedEngines(declared).flatMap(({ name, variables }) =>
      variables
        .filter((variable) => !covered.has(variable))
        .map((variable) =>
          isNamed
            ? `${variable} has no effect, as MODEL_ENGINES does not name ${name}.`
            : `${variable} has no effect without MODEL_ENGINES, which would name ${name}.`,
        ),
    ),
  ];
}

/** The variables by the name of the only engine, each with the one that is read. */
function variablesOfTheOnly(
  { identity: { engine, kind = engine } }: ModelProvider,
  declared: ReadonlySet<string>,
): (readonly [variable: string, used: string])[] {
  return [...new Set([engine, kind])].flatMap((name) =>
    [
      ['BASE_URL', 'MAIN_MODEL_BASE_URL'],
      ['ENGINE', 'MAIN_MODEL_ENGINE'],
    ].flatMap(([suffix = '', used = '']) => {
      const variable = engineVariable(engineName(name), suffix);
      return isSet(variable) && !declared.has(variable) ? [[variable, used] as const] : [];
    }),
  );
}

function unless(hasEffect: boolean, reason: string): string | undefined {
  return hasEffect ? undefined : reason;
}

/** Why a variable of the only engine is not used: the engine has another one for the same purpose, or is not asked. */
function withoutUse(
  { providers: [provider] }: Setup,
  variableOf: (provider: ModelProvider) => string | undefined,
): string | undefined {
  if (provider?.settings === undefined) return 'as no provider is asked';
  const used = variableOf(provider) ?? '';
  if (used.startsWith('MAIN_MODEL_')) return undefined;
  const { engine } = provider.identity;
  return used === '' ? `with the engine ${engine}` : `with the engine ${engine}, which has ${used}`;
}

function isSet(...names: readonly string[]): boolean {
  return names.some((name) => givenText(name) !== undefined);
}
