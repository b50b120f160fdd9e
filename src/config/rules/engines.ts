import { IsOptional } from 'class-validator';
import { namesOf } from '../engines.js';
import { combine, defineRule, transformText, words } from './define-rule.js';

/** An engine's name as other variables spell it: lower case, words joined by `_`. */
export function engineName(text: string): string {
  return text.toLowerCase().replaceAll('-', '_');
}

const MAX_ENGINES = 20;
const ENGINE_NAME = /^[a-z][a-z\d_]{0,49}$/;

/** The engines that a text names, separated by commas, as `engineName` spells them. */
export function engineNames(text: string): string[] {
  return words(text).map(engineName);
}

/** Names of engines, separated by commas; the value is an array of them as `engineName` spells them. */
export function IsEngineNames(): PropertyDecorator {
  return combine(
    transformText(engineNames),
    defineRule(
      'isEngineNames',
      `must be at most ${String(MAX_ENGINES)} names of letters, digits, - and _, each once, separated by commas`,
      (value) =>
        Array.isArray(value) &&
        value.length <= MAX_ENGINES &&
        new Set(value.map((name: string) => namesOf(name)[0])).size === value.length &&
        value.every((each: string) => ENGINE_NAME.test(each)),
    ),
  );
}

/** The name of an engine that another variable of the same class lists. */
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
