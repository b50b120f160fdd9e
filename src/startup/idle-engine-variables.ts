import type { ConfiguredEngine } from '../config/engine-variables.js';
import { declarationOf, engineVariable } from '../config/engines.js';
import type { ProviderConfig } from '../config/provider.config.js';
import { givenText } from '../config/variables.js';
import type { ModelProvider } from '../providers/model-provider.js';
import { CUSTOM_KEY_VARIABLES } from '../providers/vendors/custom.provider.js';

/** The engines of the environment, and the providers that were made of them. */
export interface EngineSetup {
  readonly provider: Pick<
    ProviderConfig,
    'engines' | 'keyVariables' | 'urlVariables' | 'headerVariables' | 'tlsFiles' | 'staticList'
  >;
  readonly providers: readonly ModelProvider[];
  /** Whether `MODELS_STATIC` replaces the lists of all engines. */
  readonly isStatic: boolean;
}

/** A variable, and why it has no effect, behind "has no effect". */
type Idle = readonly [variable: string, reason: string];

const SHARED_AUTHORITIES = 'UPSTREAM_TLS_CA_FILE';
/** The key and the URL of the only engine have reasons of their own. */
const OF_THE_ONLY_ENGINE = 'MAIN_MODEL_';

/**
 * Variables that are set for engines and that no request uses: keys, URLs, headers and certificates of an engine that is
 * not asked, and certificates where it is asked at an `http://` URL.
 */
export function idleEngineVariables(setup: EngineSetup): Idle[] {
  const { provider, providers } = setup;
  const isAnyAsked = providers.some(({ settings }) => settings !== undefined);
  const used = new Set(providers.flatMap((each) => variablesUsedBy(each, setup)));
  const idle = provider.engines.flatMap((engine): Idle[] => {
    const asked = providers.find(({ identity, settings }) => identity.engine === engine.name && settings);
    const why = isAnyAsked ? `as ${engine.name} is not asked: its list is static` : 'as no provider is asked';
    return asked === undefined
      ? [...variablesOf(engine, setup), ...tlsVariablesOf(engine.name, setup)].map((each) => [each, why])
      : tlsVariablesOf(engine.name, setup).map((each) => [each, `as ${engine.name} is asked by http://`]);
  });
  const names = new Map(
    idle.filter(
      ([variable]) =>
        !used.has(variable) && variable !== SHARED_AUTHORITIES && !variable.startsWith(OF_THE_ONLY_ENGINE),
    ),
  );
  if (!used.has(SHARED_AUTHORITIES)) names.set(SHARED_AUTHORITIES, reasonOfAuthorities(setup));
  return [...names, ...idleStaticLists(setup)].filter(([variable]) => givenText(variable) !== undefined);
}

/** `MODELS_STATIC` replaces the lists of all engines, and a mode is that of a list. */
function idleStaticLists({ provider, isStatic }: EngineSetup): Idle[] {
  return provider.engines.flatMap(({ name }): Idle[] => {
    const list = engineVariable(name, 'MODELS_STATIC');
    const mode = `${list}_MODE`;
    if (isStatic) return [...withFile(list), mode].map((each) => [each, 'beside MODELS_STATIC']);
    return provider.staticList(name) === undefined ? [[mode, `without ${list}`]] : [];
  });
}

function reasonOfAuthorities({ providers }: EngineSetup): string {
  if (providers.every(({ settings }) => settings === undefined)) return 'as no provider is asked';
  return providers.some(trustsAuthorities)
    ? 'as each provider has its own'
    : 'as no provider is asked by https://';
}

function variablesUsedBy(asked: ModelProvider, { provider }: EngineSetup): string[] {
  const { identity, settings } = asked;
  if (settings === undefined) return [];
  const { authorities, certificate, key } = provider.tlsFiles(identity.engine);
  return [
    settings.urlVariable,
    ...[...settings.keyVariables, ...settings.headerVariables].flatMap(withFile),
    ...(trustsAuthorities(asked) ? [authorities.variable] : []),
    ...(usesTls(asked) ? [certificate.variable, key.variable] : []),
  ];
}

/** Whether requests to a provider, or those for what signs them, use TLS. One without a URL may get a URL. */
function usesTls({ settings }: ModelProvider): boolean {
  return settings !== undefined && (settings.url?.protocol !== 'http:' || settings.keySource !== undefined);
}

/** Whether requests need certificates that are trusted: those to a proxy may, too. It gets no client certificate. */
function trustsAuthorities(provider: ModelProvider): boolean {
  return usesTls(provider) || provider.settings?.proxy?.current.protocol === 'https:';
}

/** The variables that hold what requests to an engine would take, certificates aside. */
function variablesOf({ name, kind }: ConfiguredEngine, { provider }: EngineSetup): string[] {
  const { keyVariables = CUSTOM_KEY_VARIABLES, urlVariables = [] } =
    (kind === undefined ? undefined : declarationOf(kind)) ?? {};
  return [
    ...provider.urlVariables(name, urlVariables),
    ...[...provider.keyVariables(name, keyVariables), ...provider.headerVariables(name)].flatMap(withFile),
  ];
}

function tlsVariablesOf(name: string, { provider }: EngineSetup): string[] {
  const { authorities, certificate, key } = provider.tlsFiles(name);
  return [authorities, certificate, key].map(({ variable }) => variable);
}

function withFile(variable: string): string[] {
  return [variable, `${variable}_FILE`];
}
