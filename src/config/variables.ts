import 'reflect-metadata';
import { registerAs } from '@nestjs/config';
import type { ConfigObject } from '@nestjs/config';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { isQuoted } from './rules/mistakes.js';

/** A class whose properties are environment variables, decorated with their rules. */
export type VariablesClass<T extends object> = new () => T;

/** A variable that breaks its rule. It never holds the value: that may be a secret. */
export interface VariableProblem {
  readonly variable: string;
  readonly rule: string;
}

/** The environment is malformed; the message names every bad variable and its rule, never a value. */
export class ConfigurationError extends Error {
  constructor(readonly problems: readonly VariableProblem[]) {
    super(
      [
        'The configuration is not valid:',
        ...problems.map(({ variable, rule }) => `  ${variable} ${rule}`),
      ].join('\n'),
    );
    this.name = 'ConfigurationError';
  }
}

const QUOTES_RULE = 'must not be in quotes: they would be part of the value';

/** A class of variables, and the name that the environment has for each of its properties. */
export interface VariablesForm<T extends object = object> {
  readonly variables: VariablesClass<T>;
  /** By default a variable has the name of its property. */
  readonly nameOf?: (property: string) => string;
}

/** The forms of a class in this environment: the values of some variables declare further ones. */
type FormsOf = () => readonly VariablesForm[];

/** The last environment that was valid, as JSON. */
let validEnvironment: string | undefined;
/** Found before any variable was read. */
const foundProblems: VariableProblem[] = [];
const variablesClasses = new Map<VariablesClass<object>, FormsOf>();

/**
 * A configuration namespace read from environment variables.
 *
 * The first namespace to be read checks the variables of all, so that one message names every mistake.
 * @param token the namespace's name in `ConfigService`
 * @param variables the class that declares and validates the variables
 * @param build converts the validated variables into the configuration
 * @throws ConfigurationError from the factory
 */
export function registerVariables<T extends object, C extends ConfigObject>(
  token: string,
  variables: VariablesClass<T>,
  build: (variables: T) => C,
) {
  registerClass(variables);
  return registerAs(token, () => {
    // All namespaces are read at start, but one check is enough.
    if (JSON.stringify(process.env) !== validEnvironment) checkVariables();
    return build(readVariables(variables));
  });
}

/** Adds a class whose variables are checked with all others. */
export function registerClass<T extends object>(
  variables: VariablesClass<T>,
  formsOf: FormsOf = () => [{ variables }],
): void {
  variablesClasses.set(variables, formsOf);
}

/**
 * Checks the variables of all registered classes.
 * @throws ConfigurationError
 */
export function checkVariables(): void {
  const problems = [...foundProblems, ...forms().flatMap(check)];
  // Two forms may give a variable the same name and the same rules.
  const each = new Map(problems.map((problem) => [`${problem.variable} ${problem.rule}`, problem]));
  if (each.size > 0) throw new ConfigurationError([...each.values()]);
  validEnvironment = JSON.stringify(process.env);
}

/** Makes `checkVariables` fail with this problem, among others. */
export function addProblem(problem: VariableProblem): void {
  foundProblems.push(problem);
}

/**
 * The names of all variables that the registered classes declare.
 * @param rule only those with this rule
 * @param except not those of these classes
 */
export function variableNames(rule?: string, except?: ReadonlySet<VariablesClass<object>>): string[] {
  return [...variablesClasses.keys()]
    .filter((variablesClass) => except?.has(variablesClass) !== true)
    .flatMap((variablesClass) =>
      [...rulesOf(variablesClass)]
        .filter(([, rules]) => rule === undefined || rules.has(rule))
        .map(([name]) => name),
    );
}

/** A variable in the environment. */
export interface DeclaredVariable {
  readonly name: string;
  /** The names of its rules. */
  readonly rules: ReadonlySet<string>;
  /** Undefined when the variable is not set. */
  readonly value: unknown;
}

/** All variables that the registered classes declare for this environment. */
export function declaredVariables(): DeclaredVariable[] {
  return forms().flatMap(({ variables, nameOf = same }) => {
    const read = readVariables(variables, (property) => [nameOf(property)]);
    const values = new Map<string, unknown>(Object.entries(read));
    return [...rulesOf(variables)].map(([property, rules]) => ({
      name: nameOf(property),
      rules,
      value: values.get(property),
    }));
  });
}

/**
 * Reads the variables of a class, not yet checked. An empty variable counts as unset; white space around a value is
 * removed.
 * @param namesOf the names of a property in the environment, the first one that is set wins; by default its own
 */
export function readVariables<T extends object>(
  variables: VariablesClass<T>,
  namesOf: (property: string) => readonly string[] = (property) => [property],
): T {
  const given = propertiesOf(variables).flatMap((property) => {
    const value = namesOf(property)
      .map(givenText)
      .find((text) => text !== undefined);
    return value === undefined ? [] : [[property, value] as const];
  });
  return plainToInstance(variables, Object.fromEntries(given), { exposeDefaultValues: true });
}

/** The text of a variable, without the white space around it; undefined where nothing is left. */
export function givenText(name: string): string | undefined {
  const text = process.env[name]?.trim();
  return text === '' ? undefined : text;
}

/** The properties that a class declares: its variables, by their own names. */
export function propertiesOf(variables: VariablesClass<object>): string[] {
  return [...rulesOf(variables).keys()];
}

function forms(): VariablesForm[] {
  return [...variablesClasses.values()].flatMap((formsOf) => formsOf());
}

function same(property: string): string {
  return property;
}

/** The properties of a class, each with the names of its rules. */
function rulesOf(variables: VariablesClass<object>): ReadonlyMap<string, ReadonlySet<string>> {
  const rules = new Map<string, Set<string>>();
  for (const { propertyName, name = '' } of getMetadataStorage().getTargetValidationMetadatas(
    variables,
    '',
    false,
    false,
  )) {
    rules.set(propertyName, (rules.get(propertyName) ?? new Set()).add(name));
  }
  return rules;
}

function check({ variables, nameOf = same }: VariablesForm): VariableProblem[] {
  const quoted = propertiesOf(variables)
    .map(nameOf)
    .filter((name) => isQuoted(givenText(name) ?? ''));
  const others = validateSync(
    readVariables(variables, (property) => [nameOf(property)]),
    { validationError: { target: false, value: false } },
  )
    .map((error) => problemOf(error, nameOf))
    .filter(({ variable }) => !quoted.includes(variable));
  return [...quoted.map((variable) => ({ variable, rule: QUOTES_RULE })), ...others];
}

function problemOf(
  { property, constraints = {} }: ValidationError,
  nameOf: (property: string) => string,
): VariableProblem {
  return { variable: nameOf(property), rule: Object.values(constraints).join(', ') };
}
