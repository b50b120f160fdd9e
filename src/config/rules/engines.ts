import { IsOptional } from 'class-validator';
import { combine, defineRule, transformText, words } from './define-rule.js';

/** An engine's name as other variables spell it: lower case, words joined by `_`. */
export function engineName(text: string): string {
  return text.toLowerCase().replaceAll('-', '_');
}

/** Engines that have two names: whichever is used, the variables of both are read. */
const SAME_ENGINES: readonly (readonly string[])[] = [['azure', 'azure_openai']];

/** All names of an engine, as `engineName` spells them. */
export function namesOf(engine: string): readonly string[] {
  return SAME_ENGINES.find((names) => names.includes(engine)) ?? [engine];
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
      const names = namesOf(String(value));
      return (variables[list] as string[]).some((each) => names.includes(each));
    }),
  );
}

/** What concerns the one engine that is asked: with several nobody could tell whom it is meant for. */
export function IsForOneEngine(list: string, instead: string): PropertyDecorator {
  return defineRule(
    'isForOneEngine',
    `must not be set with several ${list}, which have ${instead} each`,
    (value, variables) => value === undefined || (variables[list] as unknown[]).length < 2,
  );
}
