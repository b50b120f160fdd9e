import { IsOptional } from 'class-validator';
import { builtInNames, engineName, engineVariable, givenKind, namesOf } from '../engines.js';
import { combine, defineRule, transformText, words } from './define-rule.js';

const MAX_ENGINES = 20;
const ENGINE_NAME = /^[a-z][a-z\d_]{0,49}$/;

/** The engines that a text names, separated by commas, as `engineName` spells them. */
export function engineNames(text: string): string[] {
  return words(text).map(engineName);
}

/**
 * Names of engines, separated by commas; the value is an array of them as `engineName` spells them.
 * @param variablesOfGateway the variables that no engine may have
 */
export function IsEngineNames(variablesOfGateway: () => readonly string[]): PropertyDecorator {
  const taken = (value: unknown): string | undefined =>
    variablesOfGateway().find((variable) =>
      namesAmong(value).some((name) => variable.startsWith(engineVariable(name, ''))),
    );
  return combine(
    transformText(engineNames),
    defineRule(
      'isEngineNames',
      `must be at most ${String(MAX_ENGINES)} names of letters, digits, - and _, each once, separated by commas`,
      (value) =>
        Array.isArray(value) &&
        value.length <= MAX_ENGINES &&
        new Set(value).size === value.length &&
        value.every((each: string) => ENGINE_NAME.test(each)),
    ),
    defineRule(
      'hasNoNameOfGateway',
      (value) =>
        `must not hold a name with which variables of the gateway itself begin: ${String(taken(value))} is one`,
      (value) => taken(value) === undefined,
    ),
    defineRule(
      'hasNoAliasTwice',
      (value) => {
        const [one = '', other = ''] = sameEngine(value);
        const kind = `${engineVariable(other, 'ENGINE')}=${namesOf(other)[0]}`;
        return `must not name both ${one} and ${other}, which are one engine; ${kind} makes them two accounts`;
      },
      (value) => {
        const same = sameEngine(value);
        return same.length < 2 || same.some((name) => givenKind(name) !== undefined);
      },
    ),
  );
}

/** Names of one built-in engine, if a list has several of them. */
function sameEngine(value: unknown): readonly string[] {
  const names = namesAmong(value);
  return (
    names
      .map((name) => names.filter((each) => namesOf(name).includes(each)))
      .find((same) => new Set(same).size > 1) ?? []
  );
}

function namesAmong(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

/** The kind of an engine: a built-in one, and for the name of a built-in engine no other. */
export function IsKindOf(name: string): PropertyDecorator {
  const kinds = builtInNames().includes(name) ? namesOf(name) : builtInNames();
  return combine(
    IsOptional(),
    transformText(engineName),
    defineRule(
      'isKind',
      `must be one of ${kinds.join(', ')}; without it ${name} is ${kinds.includes(name) ? 'that' : 'an OpenAI-compatible provider'}`,
      (value) => kinds.includes(value as string),
    ),
  );
}

/** The name of an engine that another variable of the same class lists, or another name of that engine. */
export function IsEngineOf(list: string): PropertyDecorator {
  return combine(
    IsOptional(),
    transformText(engineName),
    defineRule('isEngineOf', `must be one of ${list}`, (value, variables) => {
      const names: readonly string[] = namesOf(String(value));
      return (variables[list] as string[]).some((each) => names.includes(each));
    }),
  );
}

/** A variable of the only engine: with several engines it could be meant for any of them. */
export function IsForOneEngine(list: string, instead: string): PropertyDecorator {
  return defineRule(
    'isForOneEngine',
    `must not be set with several ${list}, which have ${instead} each`,
    (value, variables) => value === undefined || (variables[list] as unknown[]).length < 2,
  );
}
