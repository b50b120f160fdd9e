import { IsOptional } from 'class-validator';
import {
  builtInNames,
  declarationOf,
  engineVariable,
  givenKind,
  namesIn,
  rememberEngines,
} from './engines.js';
import type { EngineDeclaration } from './engines.js';
import { combine } from './rules/define-rule.js';
import { engineNames, IsKindOf } from './rules/engines.js';
import { IsHeaders } from './rules/headers.js';
import { IsCertificatesFile, IsClientCertificateFile, IsClientKeyFile } from './rules/pem.js';
import { IsOneOf } from './rules/scalars.js';
import { IsKey } from './rules/secrets.js';
import { IsStaticModels } from './rules/selection.js';
import { IsBaseUrl } from './rules/urls.js';
import { STATIC_MODES } from './static-models.js';
import { propertiesOf, registerClass, variableNames } from './variables.js';
import type { VariablesClass, VariablesForm } from './variables.js';

/** What each engine of `MODEL_ENGINES` has a variable of its own for, and the rule of that: `<NAME>_BASE_URL` and so on. */
const RULES = {
  ENGINE: IsKindOf,
  BASE_URL: IsBaseUrl,
  API_KEY: IsKey,
  UPSTREAM_HEADERS: IsHeaders,
  MODELS_STATIC: IsStaticModels,
  MODELS_STATIC_MODE: () => combine(IsOptional(), IsOneOf(...STATIC_MODES)),
  TLS_CA_FILE: IsCertificatesFile,
  TLS_CERT_FILE: IsClientCertificateFile,
  TLS_KEY_FILE: IsClientKeyFile,
} satisfies Readonly<Record<string, (name: string) => PropertyDecorator>>;
export type Suffix = keyof typeof RULES;
/** Variables of the only engine. */
const SHARED: readonly string[] = [
  'MAIN_MODEL_BASE_URL',
  'MAIN_MODEL_API_KEY',
  'UPSTREAM_HEADERS',
  'UPSTREAM_TLS_CERT_FILE',
  'UPSTREAM_TLS_KEY_FILE',
];

/** The keys and base URLs of built-in engines that no class of theirs declares. */
class EngineVariables {
  readonly [variable: string]: unknown;
}
/** Classes whose variables belong to engines. */
const engineClasses = new Set<VariablesClass<object>>([EngineVariables]);

registerClass(EngineVariables, () => [{ variables: withVariablesByName() }]);

/**
 * Makes built-in engines known to the configuration: their names, their key headers and their variables. It has to
 * happen before the environment is checked.
 */
export function declareEngines(engines: readonly EngineDeclaration[]): void {
  rememberEngines(engines);
  for (const { variables } of engines) {
    if (variables === undefined) continue;
    engineClasses.add(variables);
    registerClass(variables, () => [{ variables }, ...formsByName(variables)]);
  }
  const declareAll = (names: readonly string[], rule: () => PropertyDecorator): void => {
    declare(
      EngineVariables,
      names.map((name) => [name, rule]),
    );
  };
  declareAll(
    engines.flatMap(({ urlVariables = [] }) => urlVariables),
    IsBaseUrl,
  );
  declareAll(
    engines.flatMap(({ keyVariables = [] }) => keyVariables),
    IsKey,
  );
}

/** The variables of this service that belong to no engine. */
export function variablesOfGateway(): string[] {
  return variableNames(undefined, engineClasses);
}

/** An engine that the environment configures. */
export interface ConfiguredEngine {
  /** The name in metrics, the log and prefixes. */
  readonly name: string;
  /** The built-in engine that it is; undefined for an OpenAI-compatible provider. */
  readonly kind: string | undefined;
}

/** An engine of `MODEL_ENGINES`, and which variables are its own. */
export class NamedEngine implements ConfiguredEngine {
  private readonly declaration: EngineDeclaration | undefined;
  /** Its name; also its aliases, unless another engine has them. */
  private readonly names: readonly string[];
  /** Whether it has its vendor's own variables: it is named like the vendor, and no engine before it is. */
  private readonly isVendor: boolean;
  /** Variables that another account of the same vendor has. */
  private readonly taken: ReadonlySet<string>;

  /** @param all the names of all engines */
  constructor(
    readonly name: string,
    all: readonly string[],
  ) {
    const declaration = declarationOf(givenKind(name) ?? name);
    const vendorNames: readonly string[] = declaration === undefined ? [] : namesIn(declaration);
    const sameVendor = all.filter((each) => vendorNames.includes(each));
    this.declaration = declaration;
    this.isVendor = sameVendor[0] === name;
    this.names = this.isVendor && sameVendor.length === 1 ? vendorNames : [name];
    this.taken = new Set(
      sameVendor.includes(name) && !this.isVendor && declaration ? variablesOf(declaration) : [],
    );
  }

  get kind(): string | undefined {
    return this.declaration?.engine;
  }

  /**
   * The variables that may hold what a suffix stands for; the first one that is set wins.
   * @param declared those of its vendor, when it is the only engine
   * @param isOnly whether it is the only engine: then it also has the variables that no name belongs to
   */
  variables(suffix: Suffix, declared: readonly string[], isOnly: boolean): readonly string[] {
    const own = this.isVendor ? declared.filter((variable) => this.isOwn(variable, suffix)) : [];
    const byName = [
      ...this.names.map((name) => engineVariable(name, suffix)).filter((each) => !this.taken.has(each)),
      ...(suffix === 'BASE_URL' ? this.byName(declared) : []),
    ];
    const ofAny = this.isVendor || this.declaration === undefined;
    const alone = isOnly ? declared.filter((variable) => ofAny || SHARED.includes(variable)) : [];
    return [...new Set([...own, ...byName, ...alone])];
  }

  /** The variables that may hold one of the vendor's settings; the first one that is set wins. */
  settings(declared: string): readonly string[] {
    return [...new Set([...(this.isVendor ? [declared] : []), ...this.byName([declared])])];
  }

  /** Its variables beside those that its vendor declares, with their rules. */
  get rules(): readonly Declaration[] {
    const { urlVariables = [], variables } = this.declaration ?? {};
    const settings = variables === undefined ? [] : propertiesOf(variables);
    const urls = this.byName(urlVariables.filter((variable) => !settings.includes(variable)));
    return [
      ...this.names.flatMap((name) =>
        Object.entries(RULES).map(([suffix, rule]): Declaration => [
          engineVariable(name, suffix),
          () => rule(name),
        ]),
      ),
      ...urls.map((variable): Declaration => [variable, IsBaseUrl]),
    ];
  }

  /** The names that the environment has for the settings of its vendor's class. */
  get forms(): readonly VariablesForm[] {
    const { declaration } = this;
    if (declaration?.variables === undefined) return [];
    const { variables } = declaration;
    return this.names.map((name) => ({
      variables,
      nameOf: (property) => renamed(property, declaration, name),
    }));
  }

  /** Variables of the vendor under the names of this engine: `<NAME>_API_VERSION` for `AZURE_OPENAI_API_VERSION`. */
  private byName(declared: readonly string[]): string[] {
    const { declaration } = this;
    if (declaration === undefined) return [];
    return this.names
      .flatMap((name) =>
        declared
          .filter((variable) => !SHARED.includes(variable))
          .map((variable) => renamed(variable, declaration, name)),
      )
      .filter((variable) => !this.taken.has(variable));
  }

  /** Whether a variable of its vendor belongs to that alone: `OPENAI_API_KEY` is the key of compatible engines too. */
  private isOwn(variable: string, suffix: Suffix): boolean {
    const vendorNames: readonly string[] = this.declaration === undefined ? [] : namesIn(this.declaration);
    return (
      !SHARED.includes(variable) &&
      !builtInNames().some((name) => !vendorNames.includes(name) && engineVariable(name, suffix) === variable)
    );
  }
}

/** The engines of `MODEL_ENGINES`, in their order. */
export function namedEngines(): readonly NamedEngine[] {
  const names = engineNames(process.env['MODEL_ENGINES'] ?? '');
  return names.map((name) => new NamedEngine(name, names));
}

/** A variable and its rule. */
type Declaration = readonly [variable: string, rule: () => PropertyDecorator];

/** A variable of a vendor with the name of an engine in place of the vendor's, or of its first word. */
function renamed(variable: string, declaration: EngineDeclaration, name: string): string {
  const [prefix = variable.slice(0, variable.indexOf('_') + 1)] = namesIn(declaration)
    .map((each) => engineVariable(each, ''))
    .filter((each) => variable.startsWith(each))
    .sort((one, other) => other.length - one.length);
  return engineVariable(name, variable.slice(prefix.length));
}

/** All variables that a vendor declares. */
function variablesOf({ urlVariables = [], keyVariables = [], variables }: EngineDeclaration): string[] {
  const settings = variables === undefined ? [] : propertiesOf(variables);
  return [...urlVariables, ...keyVariables, ...settings].filter((variable) => !SHARED.includes(variable));
}

/** The settings of a vendor's class under the names of the engines that have them. */
function formsByName(variables: VariablesClass<object>): VariablesForm[] {
  return namedEngines().flatMap(({ forms }) => forms.filter((form) => form.variables === variables));
}

let byName: { readonly key: string; readonly variables: VariablesClass<object> } | undefined;

/** The class of `EngineVariables` with the variables of the named engines; the same one for the same engines. */
function withVariablesByName(): VariablesClass<object> {
  const engines = namedEngines();
  if (engines.length === 0) return EngineVariables;
  const key = engines.map(({ name, kind = '' }) => `${name}=${kind}`).join();
  if (byName?.key !== key) {
    const variables = class extends EngineVariables {};
    declare(
      variables,
      engines.flatMap(({ rules }) => rules),
    );
    byName = { key, variables };
  }
  return byName.variables;
}

/** Adds variables to a class; one that is declared already keeps its rules. */
function declare(variables: VariablesClass<object>, declarations: readonly Declaration[]): void {
  const declared = new Set(variableNames());
  for (const [name, rule] of declarations) {
    if (declared.has(name)) continue;
    declared.add(name);
    rule()(variables.prototype as object, name);
  }
}
