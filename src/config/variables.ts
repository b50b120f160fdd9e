import 'reflect-metadata';
import { registerAs } from '@nestjs/config';
import type { ConfigObject } from '@nestjs/config';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { isQuoted } from './rules/mistakes.js';

/** A class whose properties are environment variables, decorated with their rules. */
type VariablesClass<T extends object> = new () => T;

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

/** Selects the class for an environment: the values of some variables declare further ones. */
type ClassFor<T extends object> = (env: NodeJS.ProcessEnv) => VariablesClass<T>;

/** The last environment that was valid, as JSON. */
let validEnvironment: string | undefined;
/** Found before any variable was read. */
const foundProblems: VariableProblem[] = [];
const variablesClasses = new Map<VariablesClass<object>, ClassFor<object>>();

/**
 * A configuration namespace read from environment variables.
 *
 * The first namespace to be read checks the variables of all, so that one message names every mistake.
 * @param token the namespace's name in `ConfigService`
 * @param variables the class that declares and validates the variables
 * @param build converts the validated variables into the configuration
 * @param classFor selects a class with further variables, where the environment declares some
 * @throws ConfigurationError from the factory
 */
export function registerVariables<T extends object, C extends ConfigObject>(
  token: string,
  variables: VariablesClass<T>,
  build: (variables: T) => C,
  classFor: ClassFor<T> = () => variables,
) {
  registerClass(variables, classFor);
  return registerAs(token, () => {
    // Seven namespaces are read at start, but one check is enough.
    if (JSON.stringify(process.env) !== validEnvironment) checkVariables();
    return build(readVariables(classFor(process.env)));
  });
}

/** Adds a class whose variables are checked with all others. */
export function registerClass<T extends object>(
  variables: VariablesClass<T>,
  classFor: ClassFor<T> = () => variables,
): void {
  variablesClasses.set(variables, classFor);
}

/**
 * Checks the variables of all registered classes.
 * @throws ConfigurationError
 */
export function checkVariables(): void {
  const { env } = process;
  const problems = [
    ...foundProblems,
    ...[...variablesClasses.values()].flatMap((classFor) => check(classFor(env))),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  validEnvironment = JSON.stringify(env);
}

/** Makes `checkVariables` fail with this problem, among others. */
export function addProblem(problem: VariableProblem): void {
  foundProblems.push(problem);
}

/**
 * The names of all variables that the registered classes declare.
 * @param rule only those with this rule
 */
export function variableNames(rule?: string): string[] {
  return [...variablesClasses.keys()].flatMap((variablesClass) =>
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
  return [...variablesClasses.values()].flatMap((classFor) => {
    const variablesClass = classFor(process.env);
    const values = new Map<string, unknown>(Object.entries(readVariables(variablesClass)));
    return [...rulesOf(variablesClass)].map(([name, rules]) => ({ name, rules, value: values.get(name) }));
  });
}

/**
 * Reads the variables of a class, not yet checked. An empty variable counts as unset; white space around a value is
 * removed.
 */
export function readVariables<T extends object>(variables: VariablesClass<T>): T {
  const given = propertiesOf(variables).flatMap((name) => {
    const value = process.env[name]?.trim();
    return value ? [[name, value] as const] : [];
  });
  return plainToInstance(variables, Object.fromEntries(given), { exposeDefaultValues: true });
}

/** The names of the variables that a class declares. */
export function propertiesOf(variables: VariablesClass<object>): string[] {
  return [...rulesOf(variables).keys()];
}

/** The variables that a class declares, each with the names of its rules. */
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

function check(variables: VariablesClass<object>): VariableProblem[] {
  const quoted = propertiesOf(variables).filter((name) => isQuoted(process.env[name]?.trim() ?? ''));
  const others = validateSync(readVariables(variables), {
    validationError: { target: false, value: false },
  }).filter(({ property }) => !quoted.includes(property));
  return [...quoted.map((variable) => ({ variable, rule: QUOTES_RULE })), ...others.map(problemOf)];
}

function problemOf({ property, constraints = {} }: ValidationError): VariableProblem {
  return { variable: property, rule: Object.values(constraints).join(', ') };
}
